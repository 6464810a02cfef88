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

#[test]
fn a_fault_of_a_policy_names_its_setting_and_both_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let text = format!(
        "{}\n[merchants.policy]\ninquiry_every_ms = 50\npay_timeout_ms = 30_000",
        settings(&dir)
    );
    let told = faults(&text);
    assert!(
        told.contains("merchants[1].policy.inquiry_every_ms: inquiry_every_ms is 50"),
        "{told}"
    );
    assert!(told.contains("must be 3000"), "{told}");
    assert!(
        told.contains("merchants[1].policy.pay_timeout_ms"),
        "{told}"
    );
    assert!(told.contains("is 30000; it must be 3000 to 5000"), "{told}");
}

#[test]
fn a_trials_policy_is_taken_only_under_its_name_and_is_remarked_upon() {
    let dir = tempfile::tempdir().unwrap();
    let text = format!(
        "{}\n[merchants.policy]\ncancel_every_ms = 100",
        settings(&dir)
    );
    assert!(faults(&text).contains("policy.cancel_every_ms"));
    let trial: Config = from_text(&format!("policy_profile = \"trial\"\n{text}")).unwrap();
    let remarks = trial.remarks();
    assert_eq!(remarks.0.len(), 1, "{remarks}");
    assert_eq!(remarks.0[0].setting, "policy_profile");
    let guide: Config = from_text(&settings(&dir)).unwrap();
    assert_eq!(guide.remarks(), chassis::config::Faults::default());
}

#[test]
fn a_close_that_cuts_inquiries_short_is_remarked_upon_with_both_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let text = format!("{}\n[merchants.policy]\nclose_ms = 20_000", settings(&dir));
    let config: Config = from_text(&text).unwrap();
    let told = config.remarks().to_string();
    for part in [
        "merchants[1].policy.close_ms",
        "is 20000",
        "to 5 of",
        "which is 20",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn a_door_that_turns_away_only_what_is_never_sent_is_refused_with_both_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let text = settings(&dir).replace("[limits]", "[limits]\nbegin_lag_ms_max = 5_000");
    let told = faults(&text);
    assert!(told.contains("limits.begin_lag_ms_max: is 5000"), "{told}");
    assert!(told.contains("last_begin_ms, which is 5000"), "{told}");
}

#[test]
fn a_public_path_that_is_none_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    for wrong in [
        "",
        "alipay",
        "https://a.example/b",
        "/a?b=c",
        "/a b",
        "/a#b",
    ] {
        let told = faults(&format!(
            "notify_path_public = \"{wrong}\"\n{}",
            settings(&dir)
        ));
        assert!(
            told.contains("notify_path_public: must be a path"),
            "{wrong}: {told}"
        );
    }
}
