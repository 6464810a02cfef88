//! From a verified body to what it means. Bytes come in only after their signature was checked.

use crate::verdict::{
    Standing, verdict_of_cancel, verdict_of_inquiry, verdict_of_pay, verdict_of_refund,
    verdict_of_refund_inquiry,
};
use crate::wire::{
    self, Amount, ChargeTold, InquiryRefundResponse, PaymentTold, RefundTold, RepaymentTold,
    Result as WireResult, StatusTold,
};
use payment::{
    AlipayPaymentId, AlipayRefundId, Answer, Approval, Ask, CancelAnswer, InquiryAnswer, Loss,
    Money, PayAnswer, RefundAnswer, RefundInquiryAnswer, ResultCode,
};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

/// What the verified answer to this question says. Signed, yet not readable or about another
/// payment: [`Loss::Malformed`], which proves nothing either way.
pub(crate) fn read(ask: &Ask, body: &[u8]) -> Answer {
    let answer = match ask {
        Ask::Pay { terms, .. } => pay(body, terms.payment_request_id.as_str()).map(Answer::Pay),
        Ask::Inquire { payment_request_id } => {
            inquiry(body, payment_request_id.as_str()).map(Answer::Inquiry)
        }
        Ask::Cancel { payment_request_id } => {
            cancel(body, payment_request_id.as_str()).map(Answer::Cancel)
        }
        Ask::Refund {
            refund_request_id, ..
        } => refund(body, refund_request_id.as_str()).map(Answer::Refund),
        Ask::InquireRefund { refund_request_id } => {
            refund_inquiry(body, refund_request_id.as_str()).map(Answer::RefundInquiry)
        }
    };
    answer.unwrap_or(Answer::Lost(Loss::Malformed))
}

fn pay(body: &[u8], asked: &str) -> Option<PayAnswer> {
    let told = told(body, asked)?;
    let code = code(&told.result);
    Some(match verdict_of_pay(&told.result) {
        Standing::Done => PayAnswer::Approved(approval(body)?),
        Standing::Refused => PayAnswer::Refused { code },
        Standing::InDoubt | Standing::NotFound | Standing::WindowOver | Standing::RefusedForNow => {
            PayAnswer::InDoubt { code }
        }
    })
}

fn inquiry(body: &[u8], asked: &str) -> Option<InquiryAnswer> {
    let told = told(body, asked)?;
    let code = code(&told.result);
    match verdict_of_inquiry(&told.result) {
        Standing::Done => status(body),
        Standing::NotFound => Some(InquiryAnswer::NotFound),
        Standing::RefusedForNow | Standing::Refused | Standing::WindowOver => {
            Some(InquiryAnswer::Refused { code })
        }
        Standing::InDoubt => Some(InquiryAnswer::InDoubt { code }),
    }
}

/// `paymentStatus` alone decides: real samples carry misleading result codes beside it (3.3), and
/// one of Alipay's own writes it `Success` (4.6).
fn status(body: &[u8]) -> Option<InquiryAnswer> {
    let told: StatusTold = parse(body)?;
    let Some(status) = told.payment_status else {
        dropped("an inquiry was answered without a paymentStatus");
        return None;
    };
    match status.to_ascii_uppercase().as_str() {
        "SUCCESS" => Some(InquiryAnswer::Paid(approval(body)?)),
        "FAIL" => Some(InquiryAnswer::Failed {
            code: ResultCode::new(told.payment_result_code.as_deref().unwrap_or_default()),
        }),
        "PROCESSING" | "PENDING" => Some(InquiryAnswer::Processing),
        "CANCELLED" => Some(InquiryAnswer::Cancelled),
        _ => {
            let code = ResultCode::new(&status);
            tracing::warn!(
                payment.status = code.as_str(),
                "no table lists this paymentStatus"
            );
            Some(InquiryAnswer::InDoubt { code })
        }
    }
}

fn cancel(body: &[u8], asked: &str) -> Option<CancelAnswer> {
    let told = told(body, asked)?;
    let code = code(&told.result);
    Some(match verdict_of_cancel(&told.result) {
        Standing::Done => CancelAnswer::Cancelled,
        Standing::WindowOver => CancelAnswer::WindowOver,
        Standing::NotFound => CancelAnswer::NotFound,
        Standing::RefusedForNow | Standing::Refused => CancelAnswer::Refused { code },
        Standing::InDoubt => CancelAnswer::InDoubt { code },
    })
}

fn refund(body: &[u8], asked: &str) -> Option<RefundAnswer> {
    let told: RefundTold = parse(body)?;
    is_about(told.refund_request_id.as_deref(), asked)?;
    let code = code(&told.result);
    Some(match verdict_of_refund(&told.result) {
        Standing::Done => {
            let (refund_id, amount) = repayment(body)?;
            RefundAnswer::Refunded { refund_id, amount }
        }
        Standing::Refused => RefundAnswer::NoEffect { code },
        Standing::NotFound | Standing::WindowOver | Standing::RefusedForNow => {
            RefundAnswer::Refused { code }
        }
        Standing::InDoubt => RefundAnswer::InDoubt { code },
    })
}

/// The part of an answer about a payment that is read first. Only what that leads to is read of
/// the rest.
fn told(body: &[u8], asked: &str) -> Option<PaymentTold> {
    let told: PaymentTold = parse(body)?;
    is_about(told.payment_request_id.as_deref(), asked)?;
    Some(told)
}

fn refund_inquiry(body: &[u8], asked: &str) -> Option<RefundInquiryAnswer> {
    let response: InquiryRefundResponse = parse(body)?;
    is_about(response.refund_request_id.as_deref(), asked)?;
    let code = code(&response.result);
    match verdict_of_refund_inquiry(&response.result) {
        Standing::Done => refund_status(&response),
        Standing::NotFound => Some(RefundInquiryAnswer::NotFound),
        Standing::RefusedForNow | Standing::Refused | Standing::WindowOver => {
            Some(RefundInquiryAnswer::Refused { code })
        }
        Standing::InDoubt => Some(RefundInquiryAnswer::InDoubt { code }),
    }
}

/// `refundStatus` alone decides. Where the record is not found, it is null (3.6).
fn refund_status(response: &InquiryRefundResponse) -> Option<RefundInquiryAnswer> {
    let Some(status) = response.refund_status.as_deref() else {
        return Some(RefundInquiryAnswer::NotFound);
    };
    Some(match status.to_ascii_uppercase().as_str() {
        "SUCCESS" => RefundInquiryAnswer::Refunded {
            refund_id: AlipayRefundId::parse(response.refund_id.as_deref()?).ok()?,
            amount: response.refund_amount.as_ref()?.money()?,
        },
        "FAIL" => RefundInquiryAnswer::Failed,
        "PROCESSING" => RefundInquiryAnswer::Processing,
        _ => RefundInquiryAnswer::InDoubt {
            code: ResultCode::new(status),
        },
    })
}

/// A charge is only believed with all that a later reversal needs: id and amount.
pub(crate) fn approval(body: &[u8]) -> Option<Approval> {
    let told: ChargeTold = parse(body)?;
    let id = told.payment_id.as_deref();
    let alipay_payment_id = id.and_then(|id| AlipayPaymentId::parse(id).ok());
    let amount = told.payment_amount.as_ref().and_then(Amount::money);
    let (Some(alipay_payment_id), Some(amount)) = (alipay_payment_id, amount) else {
        dropped("a success has no usable paymentId or paymentAmount");
        return None;
    };
    Some(Approval {
        alipay_payment_id,
        amount,
    })
}

/// A refund is only believed with its id and amount.
pub(crate) fn repayment(body: &[u8]) -> Option<(AlipayRefundId, Money)> {
    let told: RepaymentTold = parse(body)?;
    let id = told.refund_id.as_deref();
    let refund_id = id.and_then(|id| AlipayRefundId::parse(id).ok());
    let amount = told.refund_amount.as_ref().and_then(Amount::money);
    let (Some(refund_id), Some(amount)) = (refund_id, amount) else {
        dropped("a refund has no usable refundId or refundAmount");
        return None;
    };
    Some((refund_id, amount))
}

/// Why a signed answer proves nothing.
fn dropped(why: &'static str) {
    tracing::warn!(why, "a signed answer is dropped");
}

pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    wire::parse(body)
        .inspect_err(|error| tracing::warn!(why = fault(error), "a signed answer is dropped"))
        .ok()
}

/// What is wrong with a message, and where. Serde's own text would quote it.
pub(crate) fn fault(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        Category::Io => "it can't be read",
        Category::Syntax => "it is not JSON",
        Category::Data => "a field is missing, there twice or of the wrong kind",
        Category::Eof => "it is cut off",
    };
    let (line, column) = (error.line(), error.column());
    format!("{what} (at line {line}, byte {column})")
}

pub(crate) fn code(result: &WireResult) -> ResultCode {
    ResultCode::new(&result.result_code)
}

/// An answer may leave our key out; it may not name another.
pub(crate) fn is_about(echoed: Option<&str>, asked: &str) -> Option<()> {
    let ours = echoed.is_none_or(|echoed| echoed == asked);
    if !ours {
        dropped("it is about another request than was asked");
    }
    ours.then_some(())
}

/// The result code in bytes that are not believed, for people: such as `INVALID_SIGNATURE`, which
/// Alipay does not sign. Nothing but a code is shown.
pub(crate) fn unbelieved_code(body: &[u8]) -> String {
    let told = wire::parse::<PaymentTold>(body).ok();
    let code = told.map(|told| told.result.result_code);
    let shown = |code: &String| {
        let like_a_code = |byte: u8| byte.is_ascii_uppercase() || b"_0123456789".contains(&byte);
        code.starts_with(|first: char| first.is_ascii_uppercase())
            && code.len() <= 64
            && code.bytes().all(like_a_code)
    };
    code.filter(shown).unwrap_or_else(|| "none".to_owned())
}
