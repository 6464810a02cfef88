//! Who does something by hand, and why: kept beside what was done, for an audit.

use crate::cli::Audit;
use chassis::config::Faults;
use payment::{Resolution, Timestamp};
use serde::Serialize;

/// Something that an operator did.
#[derive(Serialize)]
pub(crate) struct Deed {
    /// When.
    pub(crate) at: String,
    /// Who.
    pub(crate) operator: String,
    /// Why.
    pub(crate) reason: String,
}

impl Deed {
    pub(crate) fn of(at: Timestamp, operator: &str, reason: &str) -> Self {
        Self {
            at: at.rfc3339(),
            operator: operator.to_owned(),
            reason: reason.to_owned(),
        }
    }
}

impl Audit {
    /// The two, fit to be kept for ever: no payment code among them.
    ///
    /// # Errors
    /// What is wrong with either.
    pub(crate) fn checked(&self) -> Result<Resolution, Faults> {
        /// Stands in for the other of the two, so that each is judged for itself.
        const FINE: &str = "-";
        let mut faults = Faults::default();
        for (option, operator, reason) in [
            ("--operator", self.operator.as_str(), FINE),
            ("--reason", FINE, self.reason.as_str()),
        ] {
            if let Err(fault) = Resolution::new(operator, reason) {
                faults.add(option, fault);
            }
        }
        faults.or(())?;
        Resolution::new(&self.operator, &self.reason).map_err(|fault| {
            let mut faults = Faults::default();
            faults.add("--reason", fault);
            faults
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Audit;

    fn told(operator: &str, reason: &str) -> Vec<String> {
        let audit = Audit {
            operator: operator.to_owned(),
            reason: reason.to_owned(),
        };
        let faults = audit.checked().err().unwrap_or_default();
        faults.0.into_iter().map(|fault| fault.setting).collect()
    }

    #[test]
    fn who_and_why_are_both_wanted_and_both_faults_are_told_at_once() {
        assert_eq!(told("ops-1", "case 4711"), [""; 0]);
        assert_eq!(told("", " "), ["--operator", "--reason"]);
        assert_eq!(told("ops\n1", "case 4711"), ["--operator"]);
        assert_eq!(told("ops-1", &"x".repeat(501)), ["--reason"]);
    }

    #[test]
    fn rule_e1_a_payment_code_is_kept_in_neither() {
        assert_eq!(told("ops-1", "2810 0602 0000 0000"), ["--reason"]);
        assert_eq!(told("281006020000000000125733", "seen"), ["--operator"]);
    }
}
