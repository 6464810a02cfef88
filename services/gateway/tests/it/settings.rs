//! What an operator gets wrong: everything at once, each with what to do.

use crate::house::settings;
use chassis::config::from_text;
use gateway::Config;

fn faults(text: &str) -> String {
    from_text::<Config>(text).unwrap_err().to_string()
}

#[test]
fn a_good_file_is_read_with_the_rulebooks_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let config: Config = from_text(&settings(&dir)).unwrap();
    let numbers = config.merchants[0].policy.numbers();
    assert_eq!(numbers, payment::PolicyNumbers::standard());
    assert_eq!(config.limits.body_bytes_max, 65_536);
}

#[test]
fn rule_k4_a_gateway_more_patient_than_its_merchant_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let text = format!(
        "{}\n[merchants.policy]\nmerchant_timeout_ms = 45_000",
        settings(&dir)
    );
    let faults = faults(&text);
    assert!(faults.contains("merchants[1].policy"), "{faults}");
    assert!(faults.contains("K4"), "{faults}");
}

#[test]
fn every_wrong_value_is_reported_at_once() {
    let faults = faults(
        r#"
        [tokens]
        issuer = ""
        audience = "tidegate"
        jwks_file = "jwks.json"
        leeway_s = 3600
        [limits]
        body_bytes_max = 1
        wait_s_max = 0
        takings_max = 0
        taking_wait_ms = 1
        begin_lag_ms_max = -1
        [payment_codes]
        prefixes = ["2x"]
        digits_min = 40
        [[merchants]]
        id = "m 1"
        currencies = ["RMB"]
        [merchants.policy]
        acknowledge_within_ms = 5_000
        [[merchants]]
        id = "m 1"
        currencies = []
        "#,
    );
    for place in [
        "tokens.issuer",
        "tokens.leeway_s",
        "limits.body_bytes_max",
        "limits.wait_s_max",
        "limits.takings_max",
        "limits.taking_wait_ms",
        "limits.begin_lag_ms_max",
        "payment_codes.prefixes",
        "payment_codes.digits_min",
        "merchants[0].id",
        "merchants[0].currencies",
        "merchants[0].policy.acknowledge_within_ms",
        "merchants[1].currencies",
        "stands twice",
    ] {
        assert!(faults.contains(place), "{place}:\n{faults}");
    }
}

#[test]
fn a_misspelt_setting_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let faults = faults(&settings(&dir).replace("drain_s", "drain_z"));
    assert!(faults.contains("limits.drain_z"), "{faults}");
}
