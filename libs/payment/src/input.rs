//! Everything that can be asked of an order.

use crate::{Answer, Call, Notice, PaymentId, Resolution, Terms};

/// One input to `decide`. All concern one payment of the order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input {
    /// The merchant's command to pay.
    Pay(Box<Terms>),
    /// The request was taken, but no command followed: end it, unsent (X16).
    Abandon(Box<Terms>),
    /// A worker wants to begin the call that `due` asks for.
    Begin {
        /// The payment.
        payment: PaymentId,
        /// The call it was told to make.
        call: Call,
    },
    /// What a call brought.
    Answer {
        /// The payment.
        payment: PaymentId,
        /// The number of the `Begun` it belongs to.
        begun: u32,
        /// What Alipay said.
        answer: Answer,
        /// The measured distance to Alipay's clock, widening the margins (decision 16).
        clock_skew_ms: i64,
    },
    /// A verified notification (decision 15).
    Notice {
        /// The payment.
        payment: PaymentId,
        /// What it says.
        notice: Notice,
    },
    /// The merchant cancels (K5).
    Cancel {
        /// The payment.
        payment: PaymentId,
    },
    /// A door is about to say `paid`: it releases the approval (decision 8), or joins in on a release
    /// that another door appended (decision 44).
    Release {
        /// The payment.
        payment: PaymentId,
    },
    /// A door is about to say `not_paid` only because the last release has passed.
    Lapse {
        /// The payment.
        payment: PaymentId,
    },
    /// The door that appended `Released` learned so too late to say `paid`, and takes it back
    /// (decision 44). Only that door may ask, and only if it told nobody.
    Withdraw {
        /// The payment.
        payment: PaymentId,
    },
    /// An operator has looked at a payment that needs attention: nothing more is called for it (A15).
    Resolve {
        /// The payment.
        payment: PaymentId,
        /// Who, and why.
        resolution: Resolution,
    },
    /// The merchant confirms that it has the answer.
    Acknowledge {
        /// The payment.
        payment: PaymentId,
    },
}
