//! What proves that a payment ended unpaid. A final state can't be built without one (promise 2).

use crate::{AlipayRefundId, ResultCode};

/// The fact that proves an end.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Proof {
    /// pay was answered with a signed F whose code is listed as final (A4).
    PayRefused {
        /// Alipay's code.
        code: ResultCode,
    },
    /// An inquiry said FAIL (A7).
    InquiryFailed {
        /// Alipay's code.
        code: ResultCode,
    },
    /// An inquiry said CANCELLED (A7).
    InquiryCancelled,
    /// cancel was answered S (A12).
    CancelSucceeded,
    /// The full amount was refunded (A11).
    RefundSucceeded {
        /// What Alipay calls the refund.
        refund_id: AlipayRefundId,
    },
    /// Nothing ever left for Alipay.
    NeverSent(NeverSent),
    /// Alipay did not know the payment when it could no longer arrive (expiry plus margin).
    NeverArrived,
}

/// Why nothing was sent.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum NeverSent {
    /// The command was older than the last-begin instant (X14).
    TooLate,
    /// The merchant's cancel came first (B2).
    CancelledFirst,
    /// No connection to Alipay could be made.
    NoConnection,
    /// The request was taken, but no command followed (X16).
    Abandoned,
}

/// How a payment ended, unpaid.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum End {
    /// Never charged, by Alipay's word or because nothing was sent.
    Failed,
    /// Closed before it was known to be charged.
    Cancelled,
    /// Charged, and given back in full.
    Reversed,
}

impl Proof {
    /// The end this proves. `charged`: an approval of this payment was seen before.
    pub fn end(&self, charged: Charged) -> End {
        match self {
            Self::PayRefused { .. }
            | Self::InquiryFailed { .. }
            | Self::NeverArrived
            | Self::NeverSent(
                NeverSent::TooLate | NeverSent::NoConnection | NeverSent::Abandoned,
            ) => End::Failed,
            Self::NeverSent(NeverSent::CancelledFirst) => End::Cancelled,
            Self::InquiryCancelled | Self::CancelSucceeded => match charged {
                Charged::Seen => End::Reversed,
                Charged::NotSeen => End::Cancelled,
            },
            Self::RefundSucceeded { .. } => End::Reversed,
        }
    }

    /// Whether Alipay said that it closed the payment. A success heard afterwards is asked about.
    pub(crate) fn is_closed_at_alipay(&self) -> bool {
        match self {
            Self::InquiryCancelled | Self::CancelSucceeded => true,
            Self::PayRefused { .. }
            | Self::InquiryFailed { .. }
            | Self::RefundSucceeded { .. }
            | Self::NeverSent(_)
            | Self::NeverArrived => false,
        }
    }

    /// Whether a success heard afterwards is already answered for: the money went back, or the
    /// payment was closed at Alipay. A success after any other proof starts a reversal (A17).
    pub fn proves_reversal(&self) -> bool {
        match self {
            Self::InquiryCancelled | Self::CancelSucceeded | Self::RefundSucceeded { .. } => true,
            Self::PayRefused { .. }
            | Self::InquiryFailed { .. }
            | Self::NeverSent(_)
            | Self::NeverArrived => false,
        }
    }
}

/// Whether any approval of a payment was seen.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Charged {
    /// Alipay said so at least once.
    Seen,
    /// Not as far as we know.
    NotSeen,
}
