//! What is owed now. Being built.
use crate::{Call, Order, PaymentId, Timestamp};

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

/// What the order owes at `now`. A function of state: no table of pending effects.
pub fn due(order: &Order, now: Timestamp) -> Todo {
    let _ = (order, now);
    Todo::Rest
}
