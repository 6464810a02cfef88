//! What is asked of the orchestrator. How it is written into the log is `schema`'s.

use payment::{Notice, OrderId, PaymentCode, PaymentId, Terms, Timestamp};
use uuid::Uuid;

/// One thing to be done for one payment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Command {
    /// Names this command; the answer to it is kept under it (decision 12).
    pub id: Uuid,
    /// The order whose stream it belongs to: the key of its partition.
    pub order: OrderId,
    /// The payment it is about.
    pub payment: PaymentId,
    /// When the door produced it.
    pub produced_at: Timestamp,
    /// The W3C trace context it came in, so that one payment is one trace (promise 6).
    pub traceparent: Option<String>,
    /// What is to be done.
    pub body: CommandBody,
}

/// What a command asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CommandBody {
    /// Pay, with the scanned code. The only place where a code waits, and it waits sealed
    /// (decision 2).
    Pay {
        /// What it was accepted on.
        terms: Box<Terms>,
        /// The scanned code.
        code: PaymentCode,
    },
    /// The merchant cancels (K5).
    Cancel,
    /// A verified notification (decision 15).
    Notice(Notice),
}

impl CommandBody {
    /// What it asks for, in one word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Pay { .. } => "pay",
            Self::Cancel => "cancel",
            Self::Notice(_) => "notice",
        }
    }
}
