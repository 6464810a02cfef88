//! What may be asked of Alipay. [`Call`] is what is owed; [`Ask`] is the same with what the wire
//! needs. No HTTP here.

use crate::{AlipayPaymentId, Money, PaymentCode, PaymentRequestId, RefundRequestId, Terms};

/// A call that is owed to Alipay, as history keeps it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Call {
    /// pay: at most once per attempt.
    Pay,
    /// inquiryPayment.
    Inquire,
    /// cancel: always the full amount.
    Cancel,
    /// refund, as the reversal when no cancel is possible (A11).
    Refund {
        /// Counts the attempt's refunds from 1. A new one only after it is proven that those before
        /// took no effect (A16, decision 45).
        number: u32,
        /// Its key at Alipay.
        id: RefundRequestId,
    },
    /// inquiryRefund, where a refund's fate is not known (A1, A16).
    InquireRefund {
        /// Which of the attempt's refunds.
        number: u32,
        /// Its key at Alipay.
        id: RefundRequestId,
    },
}

/// One question to Alipay, with everything the wire needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ask {
    /// pay with the scanned code.
    Pay {
        /// The attempt.
        terms: Box<Terms>,
        /// The scanned code.
        code: PaymentCode,
    },
    /// inquiryPayment by our own key.
    Inquire {
        /// The attempt's key.
        payment_request_id: PaymentRequestId,
    },
    /// cancel by our own key.
    Cancel {
        /// The attempt's key.
        payment_request_id: PaymentRequestId,
    },
    /// refund of the whole charge.
    Refund {
        /// The refund's own key.
        refund_request_id: RefundRequestId,
        /// What Alipay calls the payment.
        alipay_payment_id: AlipayPaymentId,
        /// What was charged.
        amount: Money,
    },
    /// inquiryRefund by our own key.
    InquireRefund {
        /// The refund's own key.
        refund_request_id: RefundRequestId,
    },
}

impl Ask {
    /// Which call this is asking for, by its name on Alipay's wire.
    pub fn api_name(&self) -> &'static str {
        match self {
            Self::Pay { .. } => "pay",
            Self::Inquire { .. } => "inquiryPayment",
            Self::Cancel { .. } => "cancel",
            Self::Refund { .. } => "refund",
            Self::InquireRefund { .. } => "inquiryRefund",
        }
    }
}
