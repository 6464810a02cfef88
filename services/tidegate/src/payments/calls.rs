//! The calls that were made to Alipay for a payment, each with what came back: for the story, and for
//! Alipay's support.

use payment::{
    Answer, Call, CancelAnswer, Event, Fact, InquiryAnswer, Loss, NoticeResult, PayAnswer,
    RefundAnswer, RefundInquiryAnswer, Timestamp,
};
use serde::Serialize;
use store::Entry;

/// One call.
#[derive(Serialize, Debug)]
pub(super) struct Asked {
    /// Its name at Alipay.
    api: &'static str,
    /// When it was begun.
    asked_at: String,
    /// When its answer, or that there was none, was recorded.
    answered_at: Option<String>,
    /// `resultStatus` and what belongs to it, or why there is none.
    result: Option<String>,
    /// A refund's own key.
    refund_request_id: Option<String>,
}

/// All calls, in the order in which they were begun.
pub(super) fn calls(entries: &[Entry]) -> Vec<Asked> {
    let events = entries.iter().filter_map(|entry| entry.event.as_ref().ok());
    let begun = events.filter_map(|event| match &event.fact {
        Fact::Begun { number, call } => Some((event.at, *number, *call)),
        Fact::Accepted(_)
        | Fact::CancelKept
        | Fact::Answered { .. }
        | Fact::Noticed(_)
        | Fact::Approved(_)
        | Fact::Released
        | Fact::Retold
        | Fact::Acknowledged
        | Fact::CancelRequested
        | Fact::CloseBegun(_)
        | Fact::Ended(_)
        | Fact::AttentionRaised
        | Fact::Resolved(_)
        | Fact::Alarmed(_) => None,
    });
    let asked = begun.map(|(at, number, call)| {
        let answered = answer_of(entries, number);
        Asked {
            api: api_name(call),
            asked_at: at.rfc3339(),
            answered_at: answered.map(|(at, _)| at.rfc3339()),
            result: answered.map(|(_, answer)| result(answer)),
            refund_request_id: refund_key(call),
        }
    });
    asked.collect()
}

impl Asked {
    /// As a line.
    pub(super) fn line(&self) -> String {
        let key = self.refund_request_id.as_ref();
        let key = key.map_or(String::new(), |key| format!(" (refundRequestId {key})"));
        let answered = match (&self.answered_at, &self.result) {
            (Some(at), Some(result)) => format!("{result}, at {at}"),
            (_, _) => "no answer is recorded".to_owned(),
        };
        format!("{} at {}{key}: {answered}", self.api, self.asked_at)
    }
}

/// One notification that was taken in.
#[derive(Serialize, Debug)]
pub(super) struct Notified {
    /// When it was recorded.
    at: String,
    /// The result that it told.
    result: String,
    /// Alipay's id, where it told one.
    payment_id: Option<String>,
}

/// All notifications that were recorded, oldest first.
pub(super) fn notified(entries: &[Entry]) -> Vec<Notified> {
    let events = entries.iter().filter_map(|entry| entry.event.as_ref().ok());
    let notified = events.filter_map(|event| {
        let Fact::Noticed(notice) = &event.fact else {
            return None;
        };
        let (result, payment_id) = match &notice.result {
            NoticeResult::Paid(approval) => {
                let id = approval.alipay_payment_id.to_string();
                (format!("SUCCESS, {}", approval.amount), Some(id))
            }
            NoticeResult::NotPaid { code } => (format!("not paid: {}", code.as_str()), None),
        };
        Some(Notified {
            at: event.at.rfc3339(),
            result,
            payment_id,
        })
    });
    notified.collect()
}

impl Notified {
    /// As a line.
    pub(super) fn line(&self) -> String {
        let id = self.payment_id.as_ref();
        let id = id.map_or(String::new(), |id| format!(" (paymentId {id})"));
        format!("notifyPayment at {}{id}: {}", self.at, self.result)
    }
}

/// The answer to the call of this number, if one was recorded.
pub(super) fn answer_of(entries: &[Entry], number: u32) -> Option<(Timestamp, &Answer)> {
    entries.iter().find_map(|entry| match &entry.event {
        Ok(Event {
            fact:
                Fact::Answered {
                    number: answered,
                    answer,
                },
            at,
            ..
        }) if *answered == number => Some((*at, answer)),
        Ok(_) | Err(_) => None,
    })
}

/// The key of a refund.
pub(super) fn refund_key(call: Call) -> Option<String> {
    match call {
        Call::Refund { id, .. } | Call::InquireRefund { id, .. } => Some(id.to_string()),
        Call::Pay | Call::Inquire | Call::Cancel => None,
    }
}

fn api_name(call: Call) -> &'static str {
    match call {
        Call::Pay => "pay",
        Call::Inquire => "inquiryPayment",
        Call::Cancel => "cancel",
        Call::Refund { .. } => "refund",
        Call::InquireRefund { .. } => "inquiryRefund",
    }
}

/// What came back, in Alipay's own words.
fn result(answer: &Answer) -> String {
    match answer {
        Answer::Pay(answer) => match answer {
            PayAnswer::Approved(_) => "S SUCCESS".to_owned(),
            PayAnswer::Refused { code } => format!("F {}", code.as_str()),
            PayAnswer::InDoubt { code } => format!("U or unlisted F: {}", code.as_str()),
        },
        Answer::Inquiry(answer) => match answer {
            InquiryAnswer::Paid(_) => "S, paymentStatus SUCCESS".to_owned(),
            InquiryAnswer::Failed { code } => format!("S, paymentStatus FAIL: {}", code.as_str()),
            InquiryAnswer::Processing => "S, paymentStatus PROCESSING".to_owned(),
            InquiryAnswer::Cancelled => "S, paymentStatus CANCELLED".to_owned(),
            InquiryAnswer::NotFound => "F ORDER_NOT_EXIST".to_owned(),
            InquiryAnswer::Refused { code } => format!("F {}", code.as_str()),
            InquiryAnswer::InDoubt { code } => format!("U {}", code.as_str()),
        },
        Answer::Cancel(answer) => match answer {
            CancelAnswer::Cancelled => "S SUCCESS".to_owned(),
            CancelAnswer::WindowOver => "F CANCEL_WINDOW_EXCEED".to_owned(),
            CancelAnswer::NotFound => "F ORDER_NOT_EXIST".to_owned(),
            CancelAnswer::Refused { code } => format!("F {}", code.as_str()),
            CancelAnswer::InDoubt { code } => format!("U {}", code.as_str()),
        },
        Answer::Refund(answer) => match answer {
            RefundAnswer::Refunded { refund_id, .. } => format!("S SUCCESS, refundId {refund_id}"),
            RefundAnswer::NoEffect { code } | RefundAnswer::Refused { code } => {
                format!("F {}", code.as_str())
            }
            RefundAnswer::InDoubt { code } => format!("U {}", code.as_str()),
        },
        Answer::RefundInquiry(answer) => match answer {
            RefundInquiryAnswer::Refunded { refund_id, .. } => {
                format!("S, refundStatus SUCCESS, refundId {refund_id}")
            }
            RefundInquiryAnswer::Failed => "S, refundStatus FAIL".to_owned(),
            RefundInquiryAnswer::Processing => "S, refundStatus PROCESSING".to_owned(),
            RefundInquiryAnswer::NotFound => "no such refund".to_owned(),
            RefundInquiryAnswer::Refused { code } => format!("F {}", code.as_str()),
            RefundInquiryAnswer::InDoubt { code } => format!("U {}", code.as_str()),
        },
        Answer::Lost(loss) => lost(*loss),
    }
}

fn lost(loss: Loss) -> String {
    match loss {
        Loss::NotSent => "nothing was sent".to_owned(),
        Loss::TimedOut => "no answer in time".to_owned(),
        Loss::BadSignature => "an answer whose signature does not fit".to_owned(),
        Loss::HttpStatus(status) => format!("HTTP status {status}"),
        Loss::Closed => "the connection ended before the answer".to_owned(),
        Loss::Malformed => "an answer that can't be read".to_owned(),
    }
}
