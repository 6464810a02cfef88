//! What an operator does wrong, and is told.

use crate::process::{Standalone, tidegate};
use chassis::metrics::counters_lacking;
use std::path::Path;

pub(crate) async fn told(args: &[&str], config: &str) -> (Option<i32>, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tidegate.toml");
    std::fs::write(&path, config).unwrap();
    let output = tidegate()
        .arg("--config")
        .arg(&path)
        .args(args)
        .output()
        .await
        .unwrap();
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_configuration_is_refused_with_every_fault_named_at_once() {
    let example = include_str!("../../deploy/tidegate.example.toml");
    let broken = example
        .replace("leeway_s = 30", "leway_s = 30")
        .replace("drain_s = 10", "drain_s = \"ten\"");
    assert_ne!(example, broken);
    let (code, text) = told(&["--check-config"], &broken).await;
    assert_eq!(code, Some(64), "{text}");
    for setting in ["gateway.tokens.leway_s", "gateway.limits.drain_s"] {
        assert_eq!(text.matches(setting).count(), 1, "{setting}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_k4_a_gateway_timeout_that_is_not_shorter_than_the_merchants_is_refused() {
    let example = include_str!("../../deploy/tidegate.example.toml");
    let broken = example.replace("merchant_timeout_ms = 50000", "merchant_timeout_ms = 30000");
    assert_ne!(example, broken);
    let (code, text) = told(&["--check-config"], &broken).await;
    assert_eq!(code, Some(64), "{text}");
    assert!(text.contains("merchant"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_toml_is_refused_with_its_line() {
    let (code, text) = told(&[], "gateway = = 1").await;
    assert_eq!(code, Some(64), "{text}");
    assert!(text.contains("not valid TOML"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_configuration_file_and_an_unknown_option_are_usage_errors() {
    let missing = tidegate()
        .args(["--config", "no-such.toml"])
        .output()
        .await
        .unwrap();
    assert_eq!(missing.status.code(), Some(64));
    let unknown = tidegate().arg("--prot").output().await.unwrap();
    assert_eq!(unknown.status.code(), Some(64));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_and_a_directory_in_use_say_so_and_exit_69() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let first = Standalone::start(&data).await;
    let port = first.gateway.rsplit(':').next().unwrap().to_owned();
    let start = |data: &Path, port: &str| {
        let mut command = tidegate();
        command.args(["--port", port, "--data-dir"]).arg(data);
        command
    };
    let other = dir.path().join("other");
    let mut command = start(&other, &port);
    let same_port = command
        .args(["--simulator-port", "0"])
        .output()
        .await
        .unwrap();
    let text = String::from_utf8_lossy(&same_port.stderr).into_owned();
    assert_eq!(same_port.status.code(), Some(69), "{text}");
    assert!(
        text.contains(&port) && text.contains("another process"),
        "{text}"
    );
    assert!(text.contains("another port with --port"), "{text}");
    let taken = first.simulator.rsplit(':').next().unwrap();
    let mut command = start(&other, "0");
    command.args(["--simulator-port", taken]);
    let same_port = command.output().await.unwrap();
    let text = String::from_utf8_lossy(&same_port.stderr).into_owned();
    assert_eq!(same_port.status.code(), Some(69), "{text}");
    assert!(text.contains("with --simulator-port"), "{text}");
    let mut command = start(&data, "0");
    let same_directory = command
        .args(["--simulator-port", "0"])
        .output()
        .await
        .unwrap();
    let text = String::from_utf8_lossy(&same_directory.stderr).into_owned();
    assert_eq!(same_directory.status.code(), Some(69), "{text}");
    assert!(text.contains("in use by another tidegate"), "{text}");
    assert_eq!(first.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn help_shows_examples_and_exit_codes() {
    let help = tidegate().arg("--help").output().await.unwrap();
    let text = String::from_utf8_lossy(&help.stdout).into_owned();
    assert_eq!(help.status.code(), Some(0));
    assert!(
        text.contains("tidegate demo") && text.contains("64"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_agrees_with_what_the_projector_made() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let standalone = Standalone::start(&data).await;
    for place in 0..5 {
        let paid = standalone
            .merchant
            .sell(&format!("r-{place}"), "280000000000000001")
            .await;
        assert_eq!(paid["outcome"], "paid");
    }
    // The projector looks every quarter of a second.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert_eq!(standalone.stop().await, Some(0));
    let rebuilt = tidegate()
        .args(["rebuild", "--data-dir"])
        .arg(&data)
        .output()
        .await
        .unwrap();
    let text = String::from_utf8_lossy(&rebuilt.stdout).into_owned();
    assert_eq!(rebuilt.status.code(), Some(0), "{text}");
    assert!(text.contains("agreed"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_the_simulator_loses_on_purpose_is_no_error_in_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let standalone = Standalone::start(&data).await;
    // Charged, then the connection ends before the answer; the first inquiry finds it.
    let paid = standalone.merchant.sell("lost", "280401000000000001").await;
    assert_eq!(paid["outcome"], "paid");
    assert_eq!(standalone.stop().await, Some(0));
    let log = std::fs::read_to_string(data.with_extension("log")).unwrap();
    assert!(log.contains("\"closed\""), "{log}");
    assert!(!log.contains("ERROR"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_counter_that_the_page_names_is_there_at_0_from_the_start_and_described() {
    let dir = tempfile::tempdir().unwrap();
    let standalone = Standalone::start(&dir.path().join("data")).await;
    let metrics = reqwest::get(&standalone.metrics).await.unwrap();
    let told = metrics.text().await.unwrap();
    let page = include_str!("../../docs/operations.md");
    assert!(page.matches("_total").count() > 30, "the page names many");
    // Of every room and library, each of which begins its names so.
    let lacking = counters_lacking(&told, page, "");
    assert_eq!(lacking, [""; 0], "{told}");
    for path in ["/livez", "/readyz", "/metrics"] {
        let public = standalone.merchant.anonymous("GET", path).send().await;
        assert_eq!(public.unwrap().status().as_u16(), 404, "{path}");
    }
    assert_eq!(standalone.stop().await, Some(0));
}
