//! What the process exits with, after sysexits.h, so that a supervisor can tell a mistake from an
//! outage.

use chassis::config::Faults;
use std::path::PathBuf;
use std::process::ExitCode;

/// The demo found a disagreement.
pub(crate) const DISAGREE: u8 = 1;
/// EX_USAGE: the command line or the configuration is wrong; starting again won't help.
pub(crate) const USAGE: u8 = 64;
/// EX_UNAVAILABLE: a port, a file, the database or Kafka; starting again may help.
pub(crate) const UNAVAILABLE: u8 = 69;
/// EX_SOFTWARE: a fault of our own.
pub(crate) const SOFTWARE: u8 = 70;

/// Something that this machine does not give us now. Says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unavailable(pub(crate) String);

/// A configuration that can't be used. Says every fault once, each on a line of its own, which is
/// easier to work off than a chain of colons; so the faults are no source that would be said again.
#[derive(Debug, thiserror::Error)]
#[error("the configuration {} is wrong:\n{faults}", .path.display())]
pub(crate) struct Misconfigured {
    /// Which file.
    pub(crate) path: PathBuf,
    /// What is wrong with it.
    pub(crate) faults: Faults,
}

/// The exit code that fits an error.
pub(crate) fn code(error: &anyhow::Error) -> ExitCode {
    let cause_is = |is: fn(&(dyn std::error::Error + 'static)) -> bool| error.chain().any(is);
    if cause_is(|cause| cause.is::<Faults>() || cause.is::<Misconfigured>()) {
        return ExitCode::from(USAGE);
    }
    let unavailable = cause_is(|cause| {
        cause.is::<Unavailable>()
            || cause.is::<std::io::Error>()
            || cause.is::<store::Error>()
            || matches!(cause.downcast_ref(), Some(bus::Error::Unavailable(_)))
    });
    ExitCode::from(if unavailable { UNAVAILABLE } else { SOFTWARE })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kafka_that_is_away_is_an_outage_and_not_our_fault() {
        let error = |cause: bus::Error| anyhow::Error::new(cause).context("the topics");
        let away = error(bus::Error::Unavailable(bus::LogError("gone".to_owned())));
        let wrong = error(bus::Error::Misconfigured("no".to_owned()));
        let told = |error| format!("{:?}", code(&error));
        assert_eq!(told(away), format!("{:?}", ExitCode::from(UNAVAILABLE)));
        assert_eq!(told(wrong), format!("{:?}", ExitCode::from(SOFTWARE)));
    }

    #[test]
    fn every_fault_of_a_configuration_is_told_once() {
        let mut faults = Faults::default();
        faults.add("gateway.limits.workers", "is 0; it must be 1 to 256");
        let path = PathBuf::from("tidegate.toml");
        let error = anyhow::Error::new(Misconfigured { path, faults });
        let told = format!("{error:#}");
        assert_eq!(told.matches("gateway.limits.workers").count(), 1, "{told}");
        assert_eq!(told.matches("tidegate.toml").count(), 1, "{told}");
        assert_eq!(
            format!("{:?}", code(&error)),
            format!("{:?}", ExitCode::from(USAGE))
        );
    }
}
