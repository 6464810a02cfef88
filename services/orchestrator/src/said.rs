//! An answer of Alipay as a log line's fields: a word, and Alipay's own code. Amounts and Alipay's
//! ids stay in the history.

use payment::{
    Answer, CancelAnswer, InquiryAnswer, Loss, PayAnswer, RefundAnswer, RefundInquiryAnswer,
    ResultCode,
};

/// What was said, in one word, and the code where there was one.
pub(crate) fn said(answer: &Answer) -> (&'static str, Option<&str>) {
    let (word, code) = match answer {
        Answer::Pay(answer) => pay(answer),
        Answer::Inquiry(answer) => inquiry(answer),
        Answer::Cancel(answer) => cancel(answer),
        Answer::Refund(answer) => refund(answer),
        Answer::RefundInquiry(answer) => refund_inquiry(answer),
        Answer::Lost(loss) => (lost(*loss), None),
    };
    (word, code.map(ResultCode::as_str))
}

type Said<'a> = (&'static str, Option<&'a ResultCode>);

fn pay(answer: &PayAnswer) -> Said<'_> {
    match answer {
        PayAnswer::Approved(_) => ("charged", None),
        PayAnswer::Refused { code } => ("refused", Some(code)),
        PayAnswer::InDoubt { code } => ("in_doubt", Some(code)),
    }
}

fn inquiry(answer: &InquiryAnswer) -> Said<'_> {
    match answer {
        InquiryAnswer::Paid(_) => ("charged", None),
        InquiryAnswer::Failed { code } => ("failed", Some(code)),
        InquiryAnswer::Processing => ("processing", None),
        InquiryAnswer::Cancelled => ("cancelled", None),
        InquiryAnswer::NotFound => ("not_found", None),
        InquiryAnswer::Refused { code } => ("refused", Some(code)),
        InquiryAnswer::InDoubt { code } => ("in_doubt", Some(code)),
    }
}

fn cancel(answer: &CancelAnswer) -> Said<'_> {
    match answer {
        CancelAnswer::Cancelled => ("cancelled", None),
        CancelAnswer::WindowOver => ("window_over", None),
        CancelAnswer::NotFound => ("not_found", None),
        CancelAnswer::Refused { code } => ("refused", Some(code)),
        CancelAnswer::InDoubt { code } => ("in_doubt", Some(code)),
    }
}

fn refund(answer: &RefundAnswer) -> Said<'_> {
    match answer {
        RefundAnswer::Refunded { .. } => ("refunded", None),
        RefundAnswer::NoEffect { code } => ("no_effect", Some(code)),
        RefundAnswer::Refused { code } => ("refused", Some(code)),
        RefundAnswer::InDoubt { code } => ("in_doubt", Some(code)),
    }
}

fn refund_inquiry(answer: &RefundInquiryAnswer) -> Said<'_> {
    match answer {
        RefundInquiryAnswer::Refunded { .. } => ("refunded", None),
        RefundInquiryAnswer::Failed => ("failed", None),
        RefundInquiryAnswer::Processing => ("processing", None),
        RefundInquiryAnswer::NotFound => ("not_found", None),
        RefundInquiryAnswer::Refused { code } => ("refused", Some(code)),
        RefundInquiryAnswer::InDoubt { code } => ("in_doubt", Some(code)),
    }
}

fn lost(loss: Loss) -> &'static str {
    match loss {
        Loss::NotSent => "not_sent",
        Loss::TimedOut => "timed_out",
        Loss::BadSignature => "bad_signature",
        Loss::HttpStatus(_) => "http_status",
        Loss::Closed => "closed",
        Loss::Malformed => "malformed",
    }
}
