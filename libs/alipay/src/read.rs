//! From a verified body to what it means. Bytes come in only after their signature was checked.

use crate::verdict::{
    Standing, verdict_of_cancel, verdict_of_inquiry, verdict_of_pay, verdict_of_refund,
};
use crate::wire::{
    self, Amount, CancelResponse, InquiryResponse, PayResponse, RefundResponse,
    Result as WireResult,
};
use payment::{
    AlipayPaymentId, AlipayRefundId, Answer, Approval, Ask, CancelAnswer, InquiryAnswer, Loss,
    PayAnswer, RefundAnswer, ResultCode,
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
    };
    answer.unwrap_or(Answer::Lost(Loss::Malformed))
}

fn pay(body: &[u8], asked: &str) -> Option<PayAnswer> {
    let response: PayResponse = parse(body)?;
    is_about(response.payment_request_id.as_deref(), asked)?;
    let code = code(&response.result);
    Some(match verdict_of_pay(&response.result) {
        Standing::Done => PayAnswer::Approved(approval(
            response.payment_id.as_deref(),
            response.payment_amount.as_ref(),
        )?),
        Standing::Refused => PayAnswer::Refused { code },
        Standing::InDoubt | Standing::NotFound | Standing::WindowOver | Standing::RefusedForNow => {
            PayAnswer::InDoubt { code }
        }
    })
}

fn inquiry(body: &[u8], asked: &str) -> Option<InquiryAnswer> {
    let response: InquiryResponse = parse(body)?;
    is_about(response.payment_request_id.as_deref(), asked)?;
    let code_of_result = code(&response.result);
    match verdict_of_inquiry(&response.result) {
        Standing::Done => status(&response),
        Standing::NotFound => Some(InquiryAnswer::NotFound),
        Standing::RefusedForNow | Standing::Refused | Standing::WindowOver => {
            Some(InquiryAnswer::Refused {
                code: code_of_result,
            })
        }
        Standing::InDoubt => Some(InquiryAnswer::InDoubt {
            code: code_of_result,
        }),
    }
}

/// `paymentStatus` alone decides: real samples carry misleading result codes beside it (3.3).
fn status(response: &InquiryResponse) -> Option<InquiryAnswer> {
    let reason = response.payment_result_code.as_deref().unwrap_or_default();
    match response.payment_status.as_deref()? {
        "SUCCESS" => Some(InquiryAnswer::Paid(approval(
            response.payment_id.as_deref(),
            response.payment_amount.as_ref(),
        )?)),
        "FAIL" => Some(InquiryAnswer::Failed {
            code: ResultCode::new(reason),
        }),
        "PROCESSING" | "PENDING" => Some(InquiryAnswer::Processing),
        "CANCELLED" => Some(InquiryAnswer::Cancelled),
        other => Some(InquiryAnswer::InDoubt {
            code: ResultCode::new(other),
        }),
    }
}

fn cancel(body: &[u8], asked: &str) -> Option<CancelAnswer> {
    let response: CancelResponse = parse(body)?;
    is_about(response.payment_request_id.as_deref(), asked)?;
    let code = code(&response.result);
    Some(match verdict_of_cancel(&response.result) {
        Standing::Done => CancelAnswer::Cancelled,
        Standing::WindowOver => CancelAnswer::WindowOver,
        Standing::NotFound => CancelAnswer::NotFound,
        Standing::RefusedForNow | Standing::Refused => CancelAnswer::Refused { code },
        Standing::InDoubt => CancelAnswer::InDoubt { code },
    })
}

fn refund(body: &[u8], asked: &str) -> Option<RefundAnswer> {
    let response: RefundResponse = parse(body)?;
    is_about(response.refund_request_id.as_deref(), asked)?;
    let code = code(&response.result);
    Some(match verdict_of_refund(&response.result) {
        Standing::Done => RefundAnswer::Refunded {
            refund_id: AlipayRefundId::parse(response.refund_id.as_deref()?).ok()?,
            amount: response.refund_amount.as_ref()?.money()?,
        },
        Standing::Refused | Standing::NotFound | Standing::WindowOver | Standing::RefusedForNow => {
            RefundAnswer::Refused { code }
        }
        Standing::InDoubt => RefundAnswer::InDoubt { code },
    })
}

/// A charge is only believed with all that a later reversal needs: id and amount.
pub(crate) fn approval(payment_id: Option<&str>, amount: Option<&Amount>) -> Option<Approval> {
    Some(Approval {
        alipay_payment_id: AlipayPaymentId::parse(payment_id?).ok()?,
        amount: amount?.money()?,
    })
}

pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    wire::parse(body)
        .inspect_err(|error| tracing::warn!(fault = fault(error), "a signed answer can't be read"))
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
    echoed.is_none_or(|echoed| echoed == asked).then_some(())
}
