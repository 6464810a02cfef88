//! Alipay's answers and notifications as stored.

use super::Fault;
use super::terms::StoredMoney;
use payment::{
    AlipayPaymentId, AlipayRefundId, Answer, Approval, CancelAnswer, InquiryAnswer, Loss, Notice,
    NoticeResult, PayAnswer, RefundAnswer, RefundInquiryAnswer, ResultCode,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub(crate) struct StoredApproval {
    alipay_payment_id: String,
    amount: StoredMoney,
}

/// One flat list: what was asked and what came back are one word in history.
#[derive(Serialize, Deserialize)]
#[serde(tag = "said", rename_all = "snake_case")]
pub(crate) enum StoredAnswer {
    PayApproved {
        approval: StoredApproval,
    },
    PayRefused {
        code: String,
    },
    PayInDoubt {
        code: String,
    },
    InquiryPaid {
        approval: StoredApproval,
    },
    InquiryFailed {
        code: String,
    },
    InquiryProcessing,
    InquiryCancelled,
    InquiryNotFound,
    InquiryRefused {
        code: String,
    },
    InquiryInDoubt {
        code: String,
    },
    CancelSucceeded,
    CancelWindowOver,
    CancelNotFound,
    CancelRefused {
        code: String,
    },
    CancelInDoubt {
        code: String,
    },
    RefundSucceeded {
        refund_id: String,
        amount: StoredMoney,
    },
    RefundNoEffect {
        code: String,
    },
    RefundRefused {
        code: String,
    },
    RefundInDoubt {
        code: String,
    },
    RefundInquirySucceeded {
        refund_id: String,
        amount: StoredMoney,
    },
    RefundInquiryFailed,
    RefundInquiryProcessing,
    RefundInquiryNotFound,
    RefundInquiryRefused {
        code: String,
    },
    RefundInquiryInDoubt {
        code: String,
    },
    LostNotSent,
    LostTimedOut,
    LostBadSignature,
    LostHttpStatus {
        http_status: u16,
    },
    LostClosed,
    LostMalformed,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "said", rename_all = "snake_case")]
pub(crate) enum StoredNotice {
    Paid { approval: StoredApproval },
    NotPaid { code: String },
}

impl From<&Approval> for StoredApproval {
    fn from(approval: &Approval) -> Self {
        Self {
            alipay_payment_id: approval.alipay_payment_id.as_str().to_owned(),
            amount: approval.amount.into(),
        }
    }
}

impl TryFrom<StoredApproval> for Approval {
    type Error = Fault;

    fn try_from(stored: StoredApproval) -> Result<Self, Fault> {
        Ok(Self {
            alipay_payment_id: AlipayPaymentId::stored(stored.alipay_payment_id),
            amount: stored.amount.try_into()?,
        })
    }
}

fn text(code: &ResultCode) -> String {
    code.as_str().to_owned()
}

/// A code as one was written: none that had to be cut to be one.
pub(super) fn code(text: &str) -> Result<ResultCode, Fault> {
    let code = ResultCode::new(text);
    let same = code.as_str() == text;
    same.then_some(code)
        .ok_or_else(|| Fault::new("a result code is none"))
}

impl From<&Answer> for StoredAnswer {
    fn from(answer: &Answer) -> Self {
        match answer {
            Answer::Pay(answer) => stored_pay(answer),
            Answer::Inquiry(answer) => stored_inquiry(answer),
            Answer::Cancel(answer) => stored_cancel(answer),
            Answer::Refund(answer) => stored_refund(answer),
            Answer::RefundInquiry(answer) => stored_refund_inquiry(answer),
            Answer::Lost(loss) => stored_loss(*loss),
        }
    }
}

fn stored_pay(answer: &PayAnswer) -> StoredAnswer {
    match answer {
        PayAnswer::Approved(approval) => StoredAnswer::PayApproved {
            approval: approval.into(),
        },
        PayAnswer::Refused { code } => StoredAnswer::PayRefused { code: text(code) },
        PayAnswer::InDoubt { code } => StoredAnswer::PayInDoubt { code: text(code) },
    }
}

fn stored_inquiry(answer: &InquiryAnswer) -> StoredAnswer {
    match answer {
        InquiryAnswer::Paid(approval) => StoredAnswer::InquiryPaid {
            approval: approval.into(),
        },
        InquiryAnswer::Failed { code } => StoredAnswer::InquiryFailed { code: text(code) },
        InquiryAnswer::Processing => StoredAnswer::InquiryProcessing,
        InquiryAnswer::Cancelled => StoredAnswer::InquiryCancelled,
        InquiryAnswer::NotFound => StoredAnswer::InquiryNotFound,
        InquiryAnswer::Refused { code } => StoredAnswer::InquiryRefused { code: text(code) },
        InquiryAnswer::InDoubt { code } => StoredAnswer::InquiryInDoubt { code: text(code) },
    }
}

fn stored_cancel(answer: &CancelAnswer) -> StoredAnswer {
    match answer {
        CancelAnswer::Cancelled => StoredAnswer::CancelSucceeded,
        CancelAnswer::WindowOver => StoredAnswer::CancelWindowOver,
        CancelAnswer::NotFound => StoredAnswer::CancelNotFound,
        CancelAnswer::Refused { code } => StoredAnswer::CancelRefused { code: text(code) },
        CancelAnswer::InDoubt { code } => StoredAnswer::CancelInDoubt { code: text(code) },
    }
}

fn stored_refund(answer: &RefundAnswer) -> StoredAnswer {
    match answer {
        RefundAnswer::Refunded { refund_id, amount } => StoredAnswer::RefundSucceeded {
            refund_id: refund_id.as_str().to_owned(),
            amount: (*amount).into(),
        },
        RefundAnswer::NoEffect { code } => StoredAnswer::RefundNoEffect { code: text(code) },
        RefundAnswer::Refused { code } => StoredAnswer::RefundRefused { code: text(code) },
        RefundAnswer::InDoubt { code } => StoredAnswer::RefundInDoubt { code: text(code) },
    }
}

fn stored_refund_inquiry(answer: &RefundInquiryAnswer) -> StoredAnswer {
    use RefundInquiryAnswer as A;
    match answer {
        A::Refunded { refund_id, amount } => StoredAnswer::RefundInquirySucceeded {
            refund_id: refund_id.as_str().to_owned(),
            amount: (*amount).into(),
        },
        A::Failed => StoredAnswer::RefundInquiryFailed,
        A::Processing => StoredAnswer::RefundInquiryProcessing,
        A::NotFound => StoredAnswer::RefundInquiryNotFound,
        A::Refused { code } => StoredAnswer::RefundInquiryRefused { code: text(code) },
        A::InDoubt { code } => StoredAnswer::RefundInquiryInDoubt { code: text(code) },
    }
}

fn stored_loss(loss: Loss) -> StoredAnswer {
    match loss {
        Loss::NotSent => StoredAnswer::LostNotSent,
        Loss::TimedOut => StoredAnswer::LostTimedOut,
        Loss::BadSignature => StoredAnswer::LostBadSignature,
        Loss::HttpStatus(http_status) => StoredAnswer::LostHttpStatus { http_status },
        Loss::Closed => StoredAnswer::LostClosed,
        Loss::Malformed => StoredAnswer::LostMalformed,
    }
}

impl TryFrom<StoredAnswer> for Answer {
    type Error = Fault;

    fn try_from(stored: StoredAnswer) -> Result<Self, Fault> {
        use RefundInquiryAnswer as R;
        use StoredAnswer as S;
        Ok(match stored {
            S::PayApproved { approval } => Self::Pay(PayAnswer::Approved(approval.try_into()?)),
            S::PayRefused { code: c } => Self::Pay(PayAnswer::Refused { code: code(&c)? }),
            S::PayInDoubt { code: c } => Self::Pay(PayAnswer::InDoubt { code: code(&c)? }),
            S::InquiryPaid { approval } => Self::Inquiry(InquiryAnswer::Paid(approval.try_into()?)),
            S::InquiryFailed { code: c } => {
                Self::Inquiry(InquiryAnswer::Failed { code: code(&c)? })
            }
            S::InquiryProcessing => Self::Inquiry(InquiryAnswer::Processing),
            S::InquiryCancelled => Self::Inquiry(InquiryAnswer::Cancelled),
            S::InquiryNotFound => Self::Inquiry(InquiryAnswer::NotFound),
            S::InquiryRefused { code: c } => {
                Self::Inquiry(InquiryAnswer::Refused { code: code(&c)? })
            }
            S::InquiryInDoubt { code: c } => {
                Self::Inquiry(InquiryAnswer::InDoubt { code: code(&c)? })
            }
            S::CancelSucceeded => Self::Cancel(CancelAnswer::Cancelled),
            S::CancelWindowOver => Self::Cancel(CancelAnswer::WindowOver),
            S::CancelNotFound => Self::Cancel(CancelAnswer::NotFound),
            S::CancelRefused { code: c } => Self::Cancel(CancelAnswer::Refused { code: code(&c)? }),
            S::CancelInDoubt { code: c } => Self::Cancel(CancelAnswer::InDoubt { code: code(&c)? }),
            S::RefundSucceeded { refund_id, amount } => Self::Refund(RefundAnswer::Refunded {
                refund_id: AlipayRefundId::stored(refund_id),
                amount: amount.try_into()?,
            }),
            S::RefundNoEffect { code: c } => {
                Self::Refund(RefundAnswer::NoEffect { code: code(&c)? })
            }
            S::RefundRefused { code: c } => Self::Refund(RefundAnswer::Refused { code: code(&c)? }),
            S::RefundInDoubt { code: c } => Self::Refund(RefundAnswer::InDoubt { code: code(&c)? }),
            S::RefundInquirySucceeded { refund_id, amount } => Self::RefundInquiry(R::Refunded {
                refund_id: AlipayRefundId::parse(&refund_id).map_err(Fault::new)?,
                amount: amount.try_into()?,
            }),
            S::RefundInquiryFailed => Self::RefundInquiry(R::Failed),
            S::RefundInquiryProcessing => Self::RefundInquiry(R::Processing),
            S::RefundInquiryNotFound => Self::RefundInquiry(R::NotFound),
            S::RefundInquiryRefused { code: c } => {
                Self::RefundInquiry(R::Refused { code: code(&c)? })
            }
            S::RefundInquiryInDoubt { code: c } => {
                Self::RefundInquiry(R::InDoubt { code: code(&c)? })
            }
            S::LostNotSent => Self::Lost(Loss::NotSent),
            S::LostTimedOut => Self::Lost(Loss::TimedOut),
            S::LostBadSignature => Self::Lost(Loss::BadSignature),
            S::LostHttpStatus { http_status } => Self::Lost(Loss::HttpStatus(http_status)),
            S::LostClosed => Self::Lost(Loss::Closed),
            S::LostMalformed => Self::Lost(Loss::Malformed),
        })
    }
}

impl From<&Notice> for StoredNotice {
    fn from(notice: &Notice) -> Self {
        match &notice.result {
            NoticeResult::Paid(approval) => Self::Paid {
                approval: approval.into(),
            },
            NoticeResult::NotPaid { code } => Self::NotPaid { code: text(code) },
        }
    }
}

impl TryFrom<StoredNotice> for Notice {
    type Error = Fault;

    fn try_from(stored: StoredNotice) -> Result<Self, Fault> {
        let result = match stored {
            StoredNotice::Paid { approval } => NoticeResult::Paid(approval.try_into()?),
            StoredNotice::NotPaid { code: c } => NoticeResult::NotPaid { code: code(&c)? },
        };
        Ok(Self { result })
    }
}
