//! The intention to call, granted only if `due` asks for that very call (decision 1).

use crate::due::{Owed, owed};
use crate::{Call, Fact, Order, PaymentId, Refusal, Timestamp};

/// Writes down the call that is owed; opens the close-out where that is what is owed.
pub(super) fn begin(
    order: &Order,
    payment: PaymentId,
    call: Call,
    now: Timestamp,
) -> Result<Vec<Fact>, Refusal> {
    let attempt = order.attempt(payment).ok_or(Refusal::UnknownPayment)?;
    let Owed::Call(owed_call, close) = owed(attempt, now) else {
        return Err(Refusal::NotDue);
    };
    if owed_call != call {
        return Err(Refusal::NotDue);
    }
    let number = attempt.calls_begun.saturating_add(1);
    let close = close.map(Fact::CloseBegun);
    Ok(close
        .into_iter()
        .chain([Fact::Begun { number, call }])
        .collect())
}
