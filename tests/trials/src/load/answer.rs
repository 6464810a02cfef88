//! What a gateway's answer says, as any client of the merchants' API reads it.

use super::Said;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde::Deserialize;
use std::time::Duration;

#[derive(Deserialize)]
struct Payment {
    id: String,
    status: String,
    outcome: String,
}

#[derive(Deserialize)]
struct Problem {
    code: String,
    retryable: bool,
}

/// What it says, and the payment's id where it tells of one.
pub(crate) fn understood(status: StatusCode, body: &[u8]) -> (Said, Option<String>) {
    if status.is_success() {
        return match serde_json::from_slice::<Payment>(body) {
            Ok(payment) => {
                let Payment {
                    id,
                    status,
                    outcome,
                } = payment;
                (Said::Payment { status, outcome }, Some(id))
            }
            Err(error) => (Said::Broken(error.to_string()), None),
        };
    }
    let said = match serde_json::from_slice::<Problem>(body) {
        Ok(problem) if problem.retryable => Said::AskAgain(problem.code),
        Ok(problem) => Said::Refused(problem.code),
        Err(_) => Said::Broken(format!("{status} without a problem")),
    };
    (said, None)
}

/// How long the gateway wants to be left alone, where it says so in seconds.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}
