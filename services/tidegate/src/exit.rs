//! What the process exits with, after sysexits.h, so that a supervisor can tell a mistake from an
//! outage.

use chassis::config::Faults;
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

/// The exit code that fits an error.
pub(crate) fn code(error: &anyhow::Error) -> ExitCode {
    let cause_is = |is: fn(&(dyn std::error::Error + 'static)) -> bool| error.chain().any(is);
    if cause_is(|cause| cause.is::<Faults>()) {
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
}
