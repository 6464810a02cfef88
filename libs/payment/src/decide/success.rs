//! Alipay says the customer was charged. Success is always heeded (decision 5), whatever brings
//! the word: pay's answer, an inquiry's or a notification.

use crate::order::Attempt;
use crate::{Alarm, Approval, CloseReason, Delivery, Fact, Stage, Timestamp};

/// What an approval leads to, beyond being recorded.
pub(super) fn success(attempt: &Attempt, approval: &Approval, now: Timestamp) -> Vec<Fact> {
    let differs = approval.amount != attempt.terms.amount;
    let news = attempt.is_news(approval);
    match &attempt.stage {
        Stage::Undecided if differs => mismatch(),
        // X4: appended at or after the close instant, it is reversed.
        Stage::Undecided if now >= attempt.terms.close_at() => {
            vec![Fact::CloseBegun(CloseReason::LateApproval)]
        }
        Stage::Undecided => approved(attempt, approval),
        Stage::Approved if differs => mismatch(),
        Stage::Paid { .. } | Stage::Closing(_) if differs && news => {
            vec![Fact::Alarmed(Alarm::AmountMismatch)]
        }
        // A17, A18: it agrees, or the cancel's own result decides.
        Stage::Approved | Stage::Paid { .. } | Stage::Closing(_) => Vec::new(),
        Stage::Ended(proof) if proof.proves_reversal() => Vec::new(),
        Stage::Ended(_) => reopened(),
    }
}

/// Alipay says that it charged what it had said it closed: that is reversed, by refund.
pub(super) fn reopened() -> Vec<Fact> {
    vec![
        Fact::Alarmed(Alarm::SuccessAfterEnd),
        Fact::CloseBegun(CloseReason::LateApproval),
    ]
}

fn approved(attempt: &Attempt, approval: &Approval) -> Vec<Fact> {
    let approved = Fact::Approved(approval.clone());
    match attempt.terms.policy.delivery() {
        Delivery::Off => vec![approved, Fact::Released],
        Delivery::HandedOver | Delivery::Acknowledged { .. } => vec![approved],
    }
}

fn mismatch() -> Vec<Fact> {
    vec![
        Fact::Alarmed(Alarm::AmountMismatch),
        Fact::CloseBegun(CloseReason::AmountMismatch),
    ]
}
