//! `tidegate alipay-simulator`: a product of its own. It reads its own section of the file and what
//! is said of logs; the other parts' sections may stand beside it, right or wrong.

use anyhow::Context;
use chassis::clock::System;
use chassis::config::{Check as _, Faults};
use chassis::logging;
use chassis::shutdown::Shutdown;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// The file as the simulator reads it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the other parts' sections are known and not read")]
struct File {
    alipay_simulator: alipay_simulator::Config,
    #[serde(default)]
    logging: logging::Config,
    #[serde(default)]
    gateway: IgnoredAny,
    #[serde(default)]
    alipay: IgnoredAny,
    #[serde(default)]
    bus: IgnoredAny,
    #[serde(default)]
    store: IgnoredAny,
    #[serde(default)]
    fleet: IgnoredAny,
    #[serde(default)]
    operations: IgnoredAny,
    #[serde(default)]
    orchestrator: IgnoredAny,
    #[serde(default)]
    projector: IgnoredAny,
    #[serde(default)]
    merchants: IgnoredAny,
}

impl File {
    fn read(path: &Path) -> Result<Self, Faults> {
        chassis::config::load_checked(Some(path), |file: &Self, faults| file.logging.check(faults))
    }
}

/// Runs the simulated Alipay that this file describes, or only checks the file.
///
/// # Errors
/// What is wrong with the file, or what it can't be started with.
pub(crate) fn run(path: &Path, check_only: bool) -> anyhow::Result<ExitCode> {
    let wrong = |faults| {
        let told = format!("the configuration {} is wrong:\n{faults}", path.display());
        anyhow::Error::new(faults).context(told)
    };
    let file = File::read(path).map_err(wrong)?;
    if check_only {
        writeln!(
            anstream::stdout().lock(),
            "right for `tidegate alipay-simulator`"
        )?;
        return Ok(ExitCode::SUCCESS);
    }
    logging::start(&file.logging)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime can't be started")?;
    runtime.block_on(serve(&file.alipay_simulator))
}

async fn serve(settings: &alipay_simulator::Config) -> anyhow::Result<ExitCode> {
    let shutdown = Shutdown::new();
    shutdown
        .on_signals()
        .context("signals can't be listened to")?;
    let app = alipay_simulator::App::build(settings, Arc::new(System))?;
    crate::processes::ready(crate::config::Part::Simulator, app.addr())?;
    app.run(shutdown.requested()).await?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = r#"
        [alipay_simulator]
        client_id = "SANDBOX_1"
        private_key_file = "alipay.pem"
        merchant_public_key_file = "ours.public.pem"
    "#;

    fn read(text: &str) -> Result<File, Faults> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tidegate.toml");
        std::fs::write(&path, text).unwrap();
        File::read(&path)
    }

    #[test]
    fn its_own_section_is_enough_and_the_others_may_stand_beside_it_unfinished() {
        assert_eq!(read(OWN).unwrap().alipay_simulator.client_id, "SANDBOX_1");
        let beside = format!("merchants = 7\n{OWN}\n[gateway]\n[alipay]\nbase_url = 1\n[logging]");
        assert_eq!(
            read(&beside).unwrap().alipay_simulator.client_id,
            "SANDBOX_1"
        );
    }

    #[test]
    fn a_section_that_is_missing_or_that_nobody_knows_is_named() {
        for (text, name) in [
            ("[logging]".to_owned(), "alipay_simulator"),
            (format!("{OWN}\n[alipay_simulater]"), "alipay_simulater"),
            (
                OWN.replace("SANDBOX_1\"", "SANDBOX_1\"\nlisten = 80"),
                "listen",
            ),
        ] {
            let faults = read(&text).err().unwrap().to_string();
            assert!(faults.contains(name), "{name}: {faults}");
        }
    }
}
