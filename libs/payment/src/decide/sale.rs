//! What the merchant's side does to a sale: cancel, release, lapse, acknowledge.

use crate::told::{RETELL_MS, WITHDRAWAL_MS, within};
use crate::{Attempt, CloseReason, Fact, Order, PaymentId, Refusal, Resolution, Stage, Timestamp};

/// The merchant cancels (K5, H2). What is final stays; what is unknown is kept until its payment
/// arrives (B2).
pub(super) fn cancel(order: &Order, payment: PaymentId) -> Vec<Fact> {
    let Some(attempt) = order.attempt(payment) else {
        // What a full order never takes need not be kept from being sent.
        return if order.keeps_cancel_of(payment) || order.is_full() {
            Vec::new()
        } else {
            vec![Fact::CancelKept]
        };
    };
    match &attempt.stage {
        Stage::Undecided | Stage::Approved | Stage::Paid { .. } => {
            vec![
                Fact::CancelRequested,
                Fact::CloseBegun(CloseReason::MerchantCancelled),
            ]
        }
        Stage::Closing(_) if !attempt.cancel_requested => vec![Fact::CancelRequested],
        Stage::Closing(_) | Stage::Ended(_) => Vec::new(),
    }
}

/// A door is about to say `paid` (decision 8). The undelivered approval's reversal needs the same
/// version, so one of the two wins (X24).
///
/// Where another door has released it a moment ago, this one writes down that it tells `paid` too,
/// so that the other can't withdraw its release any more (decision 44).
pub(super) fn release(
    order: &Order,
    payment: PaymentId,
    now: Timestamp,
) -> Result<Vec<Fact>, Refusal> {
    let attempt = order.attempt(payment).ok_or(Refusal::UnknownPayment)?;
    match &attempt.stage {
        Stage::Paid { .. } if may_be_withdrawn(attempt, RETELL_MS, now) => Ok(vec![Fact::Retold]),
        Stage::Paid { .. } => Ok(Vec::new()),
        Stage::Approved if now <= attempt.terms.last_release_at() => Ok(vec![Fact::Released]),
        Stage::Approved | Stage::Undecided | Stage::Closing(_) | Stage::Ended(_) => {
            Err(Refusal::NotReleasable)
        }
    }
}

/// The door that released it learned so too late to say `paid`. Nobody was told, so the charge is
/// given back (K6b), unless another door or the merchant was first (decision 44).
pub(super) fn withdraw(
    order: &Order,
    payment: PaymentId,
    now: Timestamp,
) -> Result<Vec<Fact>, Refusal> {
    let attempt = order.attempt(payment).ok_or(Refusal::UnknownPayment)?;
    if may_be_withdrawn(attempt, WITHDRAWAL_MS, now) {
        return Ok(vec![Fact::CloseBegun(CloseReason::Undelivered)]);
    }
    Err(Refusal::NotWithdrawable)
}

fn may_be_withdrawn(attempt: &Attempt, window_ms: i64, now: Timestamp) -> bool {
    match (&attempt.stage, attempt.released_at) {
        (
            Stage::Paid {
                acknowledged: false,
                retold: false,
            },
            Some(released_at),
        ) => within(&attempt.terms.policy, released_at, window_ms, now),
        (
            Stage::Paid { .. }
            | Stage::Undecided
            | Stage::Approved
            | Stage::Closing(_)
            | Stage::Ended(_),
            _,
        ) => false,
    }
}

/// A door is about to say `not_paid` because time ran out (X25). It writes that down first, so that
/// a release or an approval that was decided in time and is appended late, by a process that was
/// stopped in between, loses by its version. What one door said holds at every other.
pub(super) fn lapse(
    order: &Order,
    payment: PaymentId,
    now: Timestamp,
) -> Result<Vec<Fact>, Refusal> {
    let attempt = order.attempt(payment).ok_or(Refusal::UnknownPayment)?;
    if now <= attempt.terms.last_release_at() {
        return Err(Refusal::NotLapsed);
    }
    match &attempt.stage {
        Stage::Undecided => Ok(vec![Fact::CloseBegun(CloseReason::NoResult)]),
        Stage::Approved => Ok(vec![Fact::CloseBegun(CloseReason::Undelivered)]),
        // Another door's release came first, and this one is about to tell `paid` after all.
        Stage::Paid { .. } if may_be_withdrawn(attempt, RETELL_MS, now) => Ok(vec![Fact::Retold]),
        Stage::Paid { .. } | Stage::Closing(_) | Stage::Ended(_) => Ok(Vec::new()),
    }
}

/// The merchant confirms that it has the answer. What was appended first holds: this, however late,
/// or the reversal of an answer that nobody confirmed.
pub(super) fn acknowledge(order: &Order, payment: PaymentId) -> Result<Vec<Fact>, Refusal> {
    let attempt = order.attempt(payment).ok_or(Refusal::UnknownPayment)?;
    match &attempt.stage {
        Stage::Paid {
            acknowledged: true, ..
        } => Ok(Vec::new()),
        Stage::Paid {
            acknowledged: false,
            ..
        } => Ok(vec![Fact::Acknowledged]),
        Stage::Undecided | Stage::Approved | Stage::Closing(_) | Stage::Ended(_) => {
            Err(Refusal::NotAcknowledgeable)
        }
    }
}

/// An operator has looked at it. Nothing more is called; what comes in is still heeded.
pub(super) fn resolve(
    order: &Order,
    payment: PaymentId,
    resolution: Resolution,
) -> Result<Vec<Fact>, Refusal> {
    let attempt = order.attempt(payment).ok_or(Refusal::UnknownPayment)?;
    match &attempt.stage {
        Stage::Closing(closing) if closing.resolved => Ok(Vec::new()),
        Stage::Closing(closing) if closing.attention => Ok(vec![Fact::Resolved(resolution)]),
        Stage::Closing(_)
        | Stage::Undecided
        | Stage::Approved
        | Stage::Paid { .. }
        | Stage::Ended(_) => Err(Refusal::NotResolvable),
    }
}
