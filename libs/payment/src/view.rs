//! One payment's own read model: what a GET needs, in one row, never behind (decision 10).

use crate::{
    AlipayPaymentId, CloseReason, DeclineReason, Order, PaymentId, Proof, ResultCode, Stage, Terms,
    Timestamp, decline_reason, proof::Charged,
};

/// Where a payment stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Accepted; Alipay's word is awaited.
    Processing,
    /// Charged, not yet released to the merchant.
    Approved,
    /// Released: the merchant was told `paid`.
    Paid {
        /// Whether the merchant confirmed it.
        acknowledged: bool,
        /// Whether another door than the one that released it tells `paid` too.
        retold: bool,
    },
    /// Being closed out or reversed.
    Closing(CloseReason),
    /// As closing, and a person should look (A15).
    NeedsAttention(CloseReason),
    /// Ended unpaid.
    Ended(Proof),
}

/// A payment as it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct View {
    /// What it was accepted on.
    pub terms: Terms,
    /// Where it stands.
    pub standing: Standing,
    /// Whether Alipay ever said that the customer was charged.
    pub charged: Charged,
    /// What Alipay calls it, once known.
    pub alipay_payment_id: Option<AlipayPaymentId>,
    /// When the merchant was first told `paid`.
    pub released_at: Option<Timestamp>,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// The order's version after that change: the ETag, and the sequence of all doors.
    pub version: u64,
}

impl View {
    /// Why it was declined, where Alipay said so.
    pub fn decline(&self) -> Option<(DeclineReason, &ResultCode)> {
        match &self.standing {
            Standing::Ended(Proof::PayRefused { code } | Proof::InquiryFailed { code }) => {
                Some((decline_reason(code), code))
            }
            Standing::Ended(_)
            | Standing::Processing
            | Standing::Approved
            | Standing::Paid { .. }
            | Standing::Closing(_)
            | Standing::NeedsAttention(_) => None,
        }
    }
}

/// What an order can say of one payment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Seen {
    /// The payment exists.
    Payment(Box<View>),
    /// The order has never heard of it.
    Unknown,
}

/// The payment as it stands in this order.
pub fn view(order: &Order, payment: PaymentId) -> Seen {
    let Some(attempt) = order.attempt(payment) else {
        return Seen::Unknown;
    };
    let standing = match &attempt.stage {
        Stage::Undecided => Standing::Processing,
        Stage::Approved => Standing::Approved,
        Stage::Paid {
            acknowledged,
            retold,
        } => Standing::Paid {
            acknowledged: *acknowledged,
            retold: *retold,
        },
        Stage::Closing(closing) if closing.attention => Standing::NeedsAttention(closing.reason),
        Stage::Closing(closing) => Standing::Closing(closing.reason),
        Stage::Ended(proof) => Standing::Ended(proof.clone()),
    };
    Seen::Payment(Box::new(View {
        terms: attempt.terms.clone(),
        standing,
        charged: attempt.charged(),
        alipay_payment_id: attempt
            .charge
            .as_ref()
            .map(|charge| charge.alipay_payment_id.clone()),
        released_at: attempt.released_at,
        changed_at: attempt.changed_at,
        version: order.version,
    }))
}
