//! What Alipay said, already understood. How its words are read is `libs/alipay`'s business.

use crate::{AlipayPaymentId, AlipayRefundId, Money};
use std::fmt;

/// A result code as Alipay wrote it, kept for people and for the reason shown to the merchant.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ResultCode(String);

impl ResultCode {
    /// Takes the code as it came, cut to the 64 characters the protocol allows.
    pub fn new(text: &str) -> Self {
        Self(
            text.chars()
                .filter(|c| c.is_ascii_graphic())
                .take(64)
                .collect(),
        )
    }

    /// The code as text; empty where Alipay gave none.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The code, if Alipay gave one.
    pub fn told(&self) -> Option<&str> {
        Some(self.as_str()).filter(|code| !code.is_empty())
    }
}

impl fmt::Debug for ResultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Alipay's signed word that the customer was charged.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Approval {
    /// What Alipay calls the payment.
    pub alipay_payment_id: AlipayPaymentId,
    /// What it says was charged; compared with the request in `decide` (H1, X29).
    pub amount: Money,
}

/// What came back for one call. Anything that broke is [`Answer::Lost`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Answer {
    /// To pay.
    Pay(PayAnswer),
    /// To inquiryPayment.
    Inquiry(InquiryAnswer),
    /// To cancel.
    Cancel(CancelAnswer),
    /// To refund.
    Refund(RefundAnswer),
    /// To inquiryRefund.
    RefundInquiry(RefundInquiryAnswer),
    /// No answer that can be believed (A6, A9, A14).
    Lost(Loss),
}

/// What pay was answered.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum PayAnswer {
    /// S (A3).
    Approved(Approval),
    /// F with a code that is listed as final (A4).
    Refused {
        /// Why.
        code: ResultCode,
    },
    /// U, or an F that proves nothing: inquire (A5).
    InDoubt {
        /// What it said.
        code: ResultCode,
    },
}

/// What inquiryPayment was answered.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum InquiryAnswer {
    /// S, `paymentStatus` SUCCESS.
    Paid(Approval),
    /// S, `paymentStatus` FAIL: final.
    Failed {
        /// `paymentResultCode`, for people.
        code: ResultCode,
    },
    /// S, `paymentStatus` PROCESSING.
    Processing,
    /// S, `paymentStatus` CANCELLED: final.
    Cancelled,
    /// F, ORDER_NOT_EXIST: proves nothing while the pay may still arrive.
    NotFound,
    /// Any other F (A8).
    Refused {
        /// Why.
        code: ResultCode,
    },
    /// U (A9).
    InDoubt {
        /// What it said.
        code: ResultCode,
    },
}

/// What cancel was answered.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum CancelAnswer {
    /// S (A12).
    Cancelled,
    /// F, CANCEL_WINDOW_EXCEED (A11).
    WindowOver,
    /// F, ORDER_NOT_EXIST: proves nothing while the pay may still arrive.
    NotFound,
    /// Any other F (A13).
    Refused {
        /// Why.
        code: ResultCode,
    },
    /// U (A14).
    InDoubt {
        /// What it said.
        code: ResultCode,
    },
}

/// What refund was answered.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum RefundAnswer {
    /// S.
    Refunded {
        /// What Alipay calls the refund.
        refund_id: AlipayRefundId,
        /// What was given back.
        amount: Money,
    },
    /// F with a code that is listed as final: this refund took no effect and never will.
    NoEffect {
        /// Why.
        code: ResultCode,
    },
    /// Any other F. It proves nothing: the refund may have taken effect, or an earlier one.
    Refused {
        /// Why.
        code: ResultCode,
    },
    /// U: the same parameters again.
    InDoubt {
        /// What it said.
        code: ResultCode,
    },
}

/// What inquiryRefund was answered.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum RefundInquiryAnswer {
    /// S, `refundStatus` SUCCESS.
    Refunded {
        /// What Alipay calls the refund.
        refund_id: AlipayRefundId,
        /// What was given back.
        amount: Money,
    },
    /// S, `refundStatus` FAIL: this refund took no effect and never will.
    Failed,
    /// S, `refundStatus` PROCESSING.
    Processing,
    /// Alipay has no such refund: a request for it may still be on its way.
    NotFound,
    /// Any other F.
    Refused {
        /// Why.
        code: ResultCode,
    },
    /// U.
    InDoubt {
        /// What it said.
        code: ResultCode,
    },
}

/// Why there is no answer to believe.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Loss {
    /// Not one byte of it was written, and none will be: there was no connection, it was closed
    /// before, or the worker found itself stalled (decision 37). The only loss that proves
    /// something: a pay that was not sent can't be charged.
    NotSent,
    /// No answer in the call's time.
    TimedOut,
    /// Unsigned, signed by another key, or changed on the way (X30).
    BadSignature,
    /// Not HTTP 200.
    HttpStatus(u16),
    /// The connection ended after a byte was written and before the answer was whole.
    Closed,
    /// Signed, yet not readable, or about another payment.
    Malformed,
}

/// A notification whose signature was verified (H1).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Notice {
    /// What it says.
    pub result: NoticeResult,
}

/// What a notification says.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum NoticeResult {
    /// The customer was charged.
    Paid(Approval),
    /// Not paid, says Alipay; only a hint to inquire, since AMS promises no such notification.
    NotPaid {
        /// Why.
        code: ResultCode,
    },
}
