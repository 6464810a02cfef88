//! What happened to an order, in the words of the domain. How it is stored is `libs/store`'s.

use crate::{Answer, Approval, Call, Notice, PaymentId, Proof, Resolution, Terms, Timestamp};

/// One thing that happened to one payment of an order.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Event {
    /// The payment it is about.
    pub payment: PaymentId,
    /// When it was decided.
    pub at: Timestamp,
    /// What happened.
    pub fact: Fact,
}

/// The kinds of things that happen.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Fact {
    /// The attempt exists, on these terms.
    Accepted(Box<Terms>),
    /// A cancel came before its payment; when the payment comes, nothing is sent (B2).
    CancelKept,
    /// The intention to call Alipay, written before the wire is touched (decision 1).
    Begun {
        /// Counts the attempt's calls from 1; its answer carries it.
        number: u32,
        /// Which call.
        call: Call,
    },
    /// What came back for the `Begun` of this number.
    Answered {
        /// The call's number.
        number: u32,
        /// What Alipay said.
        answer: Answer,
    },
    /// A verified notification, kept for its facts.
    Noticed(Notice),
    /// The customer was charged, in time and in the right amount.
    Approved(Approval),
    /// The merchant is told `paid` (decision 8).
    Released,
    /// A door tells `paid` of a release that another door appended: it can't be withdrawn any more
    /// (decision 44).
    Retold,
    /// The merchant confirmed that it has the answer.
    Acknowledged,
    /// The merchant asked to cancel (K5).
    CancelRequested,
    /// The close-out or reversal began; from here the merchant is told `not_paid`.
    CloseBegun(CloseReason),
    /// It ended unpaid, proven.
    Ended(Proof),
    /// A person should look (A15); the queue keeps trying.
    AttentionRaised,
    /// A person has looked: nothing more is called. Where it stands, and what the merchant is told,
    /// stay as they are.
    Resolved(Resolution),
    /// Something that should never happen did; counted and shown to the operator.
    Alarmed(Alarm),
}

/// Why a payment is closed out or reversed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CloseReason {
    /// The close instant passed, or the inquiries were used up, without an approval (A10, K6a).
    NoResult,
    /// An approval that could not be handed to the merchant in time (K6b). After a release: the
    /// door that released it was too late, told nobody, and withdrew it (decision 44).
    Undelivered,
    /// The merchant did not confirm a handed-over approval in time (delivery `acknowledged`).
    Unacknowledged,
    /// The merchant cancelled (K5).
    MerchantCancelled,
    /// An approval that came after the close instant, or after the payment had ended (X4, X5).
    LateApproval,
    /// Alipay names another amount or currency than was asked for (H1, X29).
    AmountMismatch,
}

/// What an alarm is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Alarm {
    /// Amount or currency differ from the request (H1).
    AmountMismatch,
    /// A success for a payment that had been proven unpaid (A17).
    SuccessAfterEnd,
}
