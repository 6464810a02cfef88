//! `tidegate init`: what a fleet needs for a trial, in one directory: keys, a demo merchant's token
//! and a configuration that every room reads. An operator's own deployment begins from
//! deploy/tidegate.example.toml instead.

use crate::cli::{Engines, Places};
use crate::standalone::{Made, keep, make_dir};
use anyhow::Context;
use chassis::clock::System;
use chassis::config::Faults;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// Writes everything that is not there yet, and says what to do with it.
///
/// # Errors
/// What can't be written, and where.
pub(crate) fn write(places: &Places, engines: &Engines) -> anyhow::Result<ExitCode> {
    let given = &places.data_dir;
    make_dir(given)?;
    let dir = std::path::absolute(given)
        .with_context(|| format!("{} has no absolute path", given.display()))?;
    let made = Made::in_directory(&dir, &System)?;
    let path = dir.join("tidegate.toml");
    let text = configuration(&dir, &made, places, engines)?;
    let is_new = !path.exists();
    if is_new {
        keep(&path, text.as_bytes())?;
    } else {
        kept(&path, &text, &engines.given)?;
    }
    let mut out = anstream::stdout().lock();
    let said = if is_new { "written" } else { "kept as it was" };
    let path = path.display();
    writeln!(out, "{path} {said}; the demo merchant's token is fresh")?;
    writeln!(out, "Next, each in a terminal of its own:")?;
    for command in [
        "migrate",
        "topics apply",
        "alipay-simulator",
        "gateway",
        "orchestrator",
        "projector",
    ] {
        writeln!(out, "  tidegate {command} --config {path}")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A configuration that is there already is kept, so options that say otherwise are refused.
fn kept(path: &Path, wanted: &str, given: &[String]) -> anyhow::Result<()> {
    let there = std::fs::read_to_string(path)
        .with_context(|| format!("{} can't be read", path.display()))?;
    let mut faults = Faults::default();
    if there != wanted {
        for option in given {
            let problem = format!(
                "would have no effect: {} is there already and is kept. Change it there, or remove \
                 the file first",
                path.display()
            );
            faults.add(option.clone(), problem);
        }
    }
    Ok(faults.or(())?)
}

fn configuration(
    dir: &Path,
    made: &Made,
    places: &Places,
    engines: &Engines,
) -> anyhow::Result<String> {
    let (port, simulator_port) = (places.port, places.simulator_port);
    let brokers: anyhow::Result<Vec<String>> =
        engines.kafka.iter().map(|broker| quoted(broker)).collect();
    let replication = engines.kafka_replication.max(1);
    // As Kafka's own advice: one broker may be away without a write being lost or refused.
    let in_sync = replication.saturating_sub(1).max(1);
    let file = |path: &Path| quoted(&path.display().to_string());
    Ok(format!(
        r#"# Written by `tidegate init`. Every room of a fleet reads this file; any setting
# may come from the environment instead: TIDEGATE__GATEWAY__LISTEN=127.0.0.1:8180

[gateway]
listen = "127.0.0.1:{port}"

[gateway.tokens]
issuer = {issuer}
audience = {audience}
jwks_file = {jwks}

[alipay]
client_id = {client_id}
private_key_file = {acquirer_private}
alipay_public_key_file = {alipay_public}
base_url = "http://127.0.0.1:{simulator_port}"
notify_url = "http://127.0.0.1:{port}/alipay/v1/notifications/payments"
settlement_currency = "CNY"

[alipay_simulator]
listen = "127.0.0.1:{simulator_port}"
client_id = {client_id}
private_key_file = {alipay_private}
merchant_public_key_file = {acquirer_public}
ledger_file = {ledger}

[store.postgres]
url = {postgres}

[bus]
sealing_key_file = {sealing}

[bus.kafka]
bootstrap_servers = [{brokers}]
replication = {replication}
min_insync_replicas = {in_sync}

[fleet.redis]
url = {redis}

[operations]
listen = "127.0.0.1:0"

[[merchants]]
id = {merchant}
currencies = ["CNY", "EUR", "JPY"]

[merchants.shop]
merchant_name = "Harbor Noodles"
merchant_mcc = "5812"
store_id = "counter-1"
store_name = "Harbor Noodles, the counter"
store_mcc = "5812"
"#,
        issuer = quoted(Made::ISSUER)?,
        audience = quoted(Made::AUDIENCE)?,
        jwks = file(&made.jwks)?,
        client_id = quoted(Made::CLIENT_ID)?,
        acquirer_private = file(&made.acquirer.private)?,
        acquirer_public = file(&made.acquirer.public)?,
        alipay_private = file(&made.alipay.private)?,
        alipay_public = file(&made.alipay.public)?,
        ledger = file(&dir.join("alipay-ledger.jsonl"))?,
        postgres = quoted(&engines.postgres_url)?,
        sealing = file(&made.sealing)?,
        brokers = brokers?.join(", "),
        redis = quoted(&engines.redis_url)?,
        merchant = quoted(Made::MERCHANT)?,
    ))
}

/// A TOML string; JSON's are a part of them.
fn quoted(text: &str) -> anyhow::Result<String> {
    Ok(serde_json::to_string(text)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use crate::config::{Config, Part};
    use clap::Parser;

    #[test]
    fn what_it_writes_is_right_for_every_room_and_is_never_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let data_dir = dir.path().join("a \"fleet\"");
        let cli = Cli::try_parse_from([
            "tidegate",
            "init",
            "--data-dir",
            data_dir.to_str().unwrap(),
            "--kafka",
            "127.0.0.1:1,127.0.0.1:2",
        ])
        .unwrap();
        let Some(crate::cli::Command::Init(engines)) = &cli.command else {
            panic!("{cli:?}");
        };
        write(&cli.places, engines).unwrap();
        let path = data_dir.join("tidegate.toml");
        for part in [
            Part::Gateway,
            Part::Orchestrator,
            Part::Projector,
            Part::Simulator,
            Part::Schema,
            Part::Topics,
            Part::Rebuild,
            Part::Standalone,
        ] {
            let check = |config: &Config, faults: &mut Faults| config.check_for(part, faults);
            let config = chassis::config::load_checked(Some(&path), check).unwrap();
            assert_eq!(config.bus.kafka.unwrap().bootstrap_servers.len(), 2);
        }
        std::fs::write(&path, "# mine").unwrap();
        write(&cli.places, engines).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "# mine");
    }

    #[test]
    fn options_that_a_kept_configuration_contradicts_are_refused_and_the_same_ones_are_not() {
        let dir = tempfile::tempdir().unwrap();
        let init = |more: &[&str]| {
            let data_dir = dir.path().to_str().unwrap();
            let line = ["tidegate", "init", "--data-dir", data_dir];
            let cli = crate::heeded::parse(line.iter().chain(more)).unwrap();
            let Some(crate::cli::Command::Init(engines)) = &cli.command else {
                panic!("{cli:?}");
            };
            write(&cli.places, engines).map_err(|error| format!("{error:#}"))
        };
        init(&["--port", "9000"]).unwrap();
        init(&["--port", "9000"]).unwrap();
        init(&[]).unwrap();
        let told = init(&["--port", "9001", "--redis-url", "redis://other"]).unwrap_err();
        for option in ["--port", "--redis-url"] {
            assert!(
                told.contains(&format!("{option}: would have no effect")),
                "{told}"
            );
        }
    }
}
