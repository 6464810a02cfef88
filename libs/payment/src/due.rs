//! What is owed now: a function of state. There is no table of pending effects and no recovery
//! code; after a crash someone asks again.

use crate::order::{Attempt, Closing, Stage, Wants};
use crate::{Call, CloseReason, Delivery, Order, PaymentId, RefundRequestId, Timestamp, pace};

/// What an order owes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Todo {
    /// Make this call now.
    Call {
        /// The payment.
        payment: PaymentId,
        /// The call.
        call: Call,
    },
    /// Nothing before this instant.
    WakeAt(Timestamp),
    /// Nothing, unless something comes in.
    Rest,
}

/// What one attempt owes.
pub(crate) enum Owed {
    /// This call, now; and if it opens the close-out, why.
    Call(Call, Option<CloseReason>),
    /// Nothing before this instant.
    At(Timestamp),
    /// Nothing.
    Nothing,
}

/// What the order owes at `now`: the oldest attempt's call first, else the nearest instant. An
/// inquiry may have to wait for budget, and lets every other call go before it (decision 17).
pub fn due(order: &Order, now: Timestamp) -> Todo {
    let mut nearest: Option<Timestamp> = None;
    let mut inquiry: Option<Todo> = None;
    for attempt in &order.attempts {
        match owed(attempt, now) {
            Owed::Call(call, _) => {
                let owed = Todo::Call {
                    payment: attempt.terms.payment(),
                    call,
                };
                match call {
                    Call::Pay | Call::Cancel | Call::Refund { .. } | Call::InquireRefund { .. } => {
                        return owed;
                    }
                    Call::Inquire => inquiry = inquiry.or(Some(owed)),
                }
            }
            Owed::At(at) => nearest = Some(nearest.map_or(at, |other| other.min(at))),
            Owed::Nothing => {}
        }
    }
    inquiry.unwrap_or_else(|| nearest.map_or(Todo::Rest, Todo::WakeAt))
}

/// What this attempt owes at `now`. At most one call is in flight: while another's answer may
/// still come, nothing is called (X13).
pub(crate) fn owed(attempt: &Attempt, now: Timestamp) -> Owed {
    let owed = match &attempt.stage {
        Stage::Ended(_) => owed_recheck(attempt, now),
        Stage::Undecided => owed_undecided(attempt, now),
        Stage::Approved => reversal_after(
            attempt,
            attempt.terms.last_release_at(),
            now,
            CloseReason::Undelivered,
        ),
        Stage::Paid { acknowledged, .. } => owed_paid(attempt, *acknowledged, now),
        Stage::Closing(closing) if closing.resolved => Owed::Nothing,
        Stage::Closing(closing) if now >= attempt.next_call_at => {
            Owed::Call(closing_call(attempt, closing, now), None)
        }
        Stage::Closing(_) => Owed::At(attempt.next_call_at),
    };
    let Some(begun) = attempt.in_flight else {
        return owed;
    };
    let lost_at = pace::lost_at(&attempt.terms.policy, begun);
    match owed {
        Owed::Call(..) if now < lost_at => Owed::At(lost_at),
        Owed::At(at) => Owed::At(at.max(lost_at)),
        Owed::Call(..) | Owed::Nothing => owed,
    }
}

/// It had ended, and then a success was heard: Alipay is asked how it stands.
fn owed_recheck(attempt: &Attempt, now: Timestamp) -> Owed {
    match attempt.rechecks {
        None => Owed::Nothing,
        Some(_) if now >= attempt.next_call_at => Owed::Call(Call::Inquire, None),
        Some(_) => Owed::At(attempt.next_call_at),
    }
}

fn owed_undecided(attempt: &Attempt, now: Timestamp) -> Owed {
    let close_at = attempt.terms.close_at();
    let used_up = attempt.inquiries >= attempt.terms.policy.inquiries_max();
    if now >= close_at || (used_up && now >= attempt.next_call_at) {
        return Owed::Call(
            first_closing_call(attempt, now),
            Some(CloseReason::NoResult),
        );
    }
    if now >= attempt.next_call_at {
        return Owed::Call(Call::Inquire, None);
    }
    Owed::At(attempt.next_call_at.min(close_at))
}

fn owed_paid(attempt: &Attempt, acknowledged: bool, now: Timestamp) -> Owed {
    match (attempt.terms.policy.delivery(), attempt.released_at) {
        (Delivery::Acknowledged { within_ms }, Some(released_at)) if !acknowledged => {
            let patience_at = released_at.plus_ms(within_ms);
            reversal_after(attempt, patience_at, now, CloseReason::Unacknowledged)
        }
        (Delivery::Acknowledged { .. } | Delivery::HandedOver | Delivery::Off, _) => Owed::Nothing,
    }
}

fn reversal_after(attempt: &Attempt, last: Timestamp, now: Timestamp, reason: CloseReason) -> Owed {
    if now <= last {
        return Owed::At(last.plus_ms(1));
    }
    Owed::Call(first_closing_call(attempt, now), Some(reason))
}

/// The call that opens a close-out: a cancel, or an inquiry where no cancel is possible any more
/// (A11; before changing from cancel to refund, inquire: decision 6).
fn first_closing_call(attempt: &Attempt, now: Timestamp) -> Call {
    if now >= attempt.terms.cancel_window_ends_at() {
        Call::Inquire
    } else {
        Call::Cancel
    }
}

fn closing_call(attempt: &Attempt, closing: &Closing, now: Timestamp) -> Call {
    match closing.wants {
        Wants::Inquire => Call::Inquire,
        // Once a refund began there is no cancel (decision 6).
        Wants::Cancel if !closing.refunds.is_empty() || closing.window_over => Call::Inquire,
        Wants::Cancel => first_closing_call(attempt, now),
        // Only an inquiry that names the charge, and so Alipay's paymentId, leads to it (AMS 3.5).
        Wants::Refund { number } => {
            let id = closing.refund(number).map_or_else(
                || RefundRequestId::minted(attempt.terms.payment(), number),
                |refund| refund.id,
            );
            Call::Refund { number, id }
        }
        Wants::InquireRefund { number } => closing.refund(number).map_or(Call::Inquire, |refund| {
            let (number, id) = (refund.number, refund.id);
            Call::InquireRefund { number, id }
        }),
    }
}
