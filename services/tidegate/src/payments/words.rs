//! Instants and the gateway's words, as an operator reads them.

use payment::{CloseReason, Outcome, Timestamp, Told};

/// The day of an instant, UTC.
pub(super) fn day(at: Timestamp) -> String {
    at.rfc3339().chars().take(10).collect()
}

/// Its time of day, UTC, to the millisecond.
pub(super) fn time(at: Timestamp) -> String {
    at.rfc3339().chars().skip(11).take(12).collect()
}

/// Why a close-out began.
pub(super) fn why(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::NoResult => "Alipay had given no result in time",
        CloseReason::Undelivered => "the approval could not be handed to the merchant in time",
        CloseReason::Unacknowledged => "the merchant did not confirm the approval in time",
        CloseReason::MerchantCancelled => "the merchant cancelled",
        CloseReason::LateApproval => "the approval came too late",
        CloseReason::AmountMismatch => "Alipay named another amount or currency than was asked for",
    }
}

/// What the merchant is told now.
pub(super) fn told(told: &Told) -> String {
    let outcome = match told.outcome {
        Outcome::Pending => "to wait",
        Outcome::Paid => "that it is paid",
        Outcome::NotPaid => "that it is not paid",
    };
    format!(
        "status {}; the merchant is told {outcome}",
        told.status.code()
    )
}
