//! What happened to a payment, in sentences: one for each event, and one for a call with its answer.

use super::calls::{answer_of, refund_key};
use super::words::{day, time, why};
use crate::page::seconds;
use payment::{
    Alarm, Answer, Approval, Call, CancelAnswer, Event, Fact, InquiryAnswer, Loss, NeverSent,
    NoticeResult, PayAnswer, Proof, RefundAnswer, RefundInquiryAnswer, Terms, Timestamp,
};
use std::time::Duration;
use store::Entry;

/// The story's sentences, oldest first. A new day stands on a line of its own.
pub(super) fn sentences(entries: &[Entry], terms: Option<&Terms>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut today = String::new();
    let mut tell = |at: Timestamp, what: &str| {
        if day(at) != today {
            today = day(at);
            lines.push(format!("On {today}, by UTC:"));
        }
        lines.push(format!("At {} {what}.", time(at)));
    };
    if let Some(terms) = terms {
        tell(terms.accepted_at, "the gateway took the request");
    }
    for entry in entries {
        match &entry.event {
            Ok(event) => {
                if let Some(what) = sentence(event, entries) {
                    tell(entry.at, &what);
                }
            }
            Err(why) => {
                let what = format!(
                    "something happened that this release can't read, a newer one may ({why})"
                );
                tell(entry.at, &what);
            }
        }
    }
    lines
}

/// `None` for an answer whose call's sentence tells it.
fn sentence(event: &Event, entries: &[Entry]) -> Option<String> {
    let fixed = match &event.fact {
        Fact::Begun { number, call } => {
            let asked = asked(*call, entries);
            let answer = answer_of(entries, *number);
            let answer = answer.map_or("no answer is recorded yet".to_owned(), |(at, answer)| {
                answered(answer, Some(at.ms_since(event.at)))
            });
            return Some(format!("{asked}; {answer}"));
        }
        Fact::Answered { number, answer } => return unasked(*number, answer, entries),
        Fact::Noticed(notice) => return Some(notified(&notice.result)),
        Fact::CloseBegun(reason) => {
            let why = why(*reason);
            return Some(format!(
                "the close-out began because {why}; from here on the merchant is told not paid"
            ));
        }
        Fact::Ended(proof) => {
            return Some(format!(
                "the payment ended unpaid, proven: {}",
                proven(proof)
            ));
        }
        Fact::Accepted(_) => "a worker took the payment on",
        Fact::CancelKept => "a cancel came before its payment; nothing will be sent",
        Fact::Approved(_) => "the approval was recorded",
        Fact::Released => "the merchant was told paid",
        Fact::Retold => "another door told the merchant paid",
        Fact::Acknowledged => "the merchant confirmed that it has the answer",
        Fact::CancelRequested => "the merchant asked to cancel",
        Fact::AttentionRaised => "a person was asked to look; the queue goes on trying",
        Fact::Resolved(resolution) => {
            let (operator, reason) = (resolution.operator(), resolution.reason());
            return Some(format!(
                "{operator} resolved it, so nothing more is called: {reason}"
            ));
        }
        Fact::Alarmed(Alarm::AmountMismatch) => {
            "an alarm was raised: Alipay named another amount or currency than was asked for"
        }
        Fact::Alarmed(Alarm::SuccessAfterEnd) => {
            "an alarm was raised: Alipay reported a charge after the payment had ended unpaid"
        }
    };
    Some(fixed.to_owned())
}

fn asked(call: Call, entries: &[Entry]) -> String {
    let amount = entries.iter().find_map(|entry| match &entry.event {
        Ok(Event {
            fact: Fact::Accepted(terms),
            ..
        }) => Some(terms.amount.to_string()),
        Ok(_) | Err(_) => None,
    });
    let amount = amount.unwrap_or_else(|| "the amount".to_owned());
    match call {
        Call::Pay => format!("a worker asked Alipay to pay {amount}"),
        Call::Inquire => "a worker asked Alipay how the payment stands".to_owned(),
        Call::Cancel => "a worker asked Alipay to cancel the payment".to_owned(),
        Call::Refund { .. } => {
            let key = refund_key(call).unwrap_or_default();
            format!("a worker asked Alipay to refund {amount} (refundRequestId {key})")
        }
        Call::InquireRefund { .. } => {
            let key = refund_key(call).unwrap_or_default();
            format!("a worker asked Alipay how the refund stands (refundRequestId {key})")
        }
    }
}

/// An answer whose call is not among the events that can be read.
fn unasked(number: u32, answer: &Answer, entries: &[Entry]) -> Option<String> {
    let is_asked = entries.iter().any(|entry| {
        matches!(&entry.event, Ok(Event { fact: Fact::Begun { number: begun, .. }, .. })
            if *begun == number)
    });
    (!is_asked).then(|| format!("call {number} was answered: {}", answered(answer, None)))
}

/// What came back; how long after the call began, where that is known.
fn answered(answer: &Answer, after_ms: Option<i64>) -> String {
    let after = after_ms.and_then(|ms| u64::try_from(ms).ok());
    let after = after.map(|ms| seconds(Duration::from_millis(ms)));
    let said = |what: String| format!("{}Alipay said {what}", later(after.as_deref()));
    match answer {
        Answer::Pay(answer) => said(match answer {
            PayAnswer::Approved(approval) => charged(approval),
            PayAnswer::Refused { code } => format!("no: {}", code.as_str()),
            PayAnswer::InDoubt { code } => doubt(code.as_str()),
        }),
        Answer::Inquiry(answer) => said(match answer {
            InquiryAnswer::Paid(approval) => charged(approval),
            InquiryAnswer::Failed { code } => format!("that it failed: {}", code.as_str()),
            InquiryAnswer::Processing => "that it is being processed".to_owned(),
            InquiryAnswer::Cancelled => "that it is cancelled".to_owned(),
            InquiryAnswer::NotFound => "that it knows no such payment".to_owned(),
            InquiryAnswer::Refused { code } => format!("no: {}", code.as_str()),
            InquiryAnswer::InDoubt { code } => doubt(code.as_str()),
        }),
        Answer::Cancel(answer) => said(match answer {
            CancelAnswer::Cancelled => "that it is cancelled".to_owned(),
            CancelAnswer::WindowOver => "that the time to cancel is over".to_owned(),
            CancelAnswer::NotFound => "that it knows no such payment".to_owned(),
            CancelAnswer::Refused { code } => format!("no: {}", code.as_str()),
            CancelAnswer::InDoubt { code } => doubt(code.as_str()),
        }),
        Answer::Refund(answer) => said(match answer {
            RefundAnswer::Refunded { refund_id, amount } => {
                format!("that it gave back {amount} (refundId {refund_id})")
            }
            RefundAnswer::NoEffect { code } => format!("no, for good: {}", code.as_str()),
            RefundAnswer::Refused { code } => {
                format!("no: {}, which proves nothing", code.as_str())
            }
            RefundAnswer::InDoubt { code } => doubt(code.as_str()),
        }),
        Answer::RefundInquiry(answer) => said(match answer {
            RefundInquiryAnswer::Refunded { refund_id, amount } => {
                format!("that it gave back {amount} (refundId {refund_id})")
            }
            RefundInquiryAnswer::Failed => "that the refund failed".to_owned(),
            RefundInquiryAnswer::Processing => "that the refund is being processed".to_owned(),
            RefundInquiryAnswer::NotFound => "that it knows no such refund".to_owned(),
            RefundInquiryAnswer::Refused { code } => format!("no: {}", code.as_str()),
            RefundInquiryAnswer::InDoubt { code } => doubt(code.as_str()),
        }),
        Answer::Lost(loss) => lost(*loss, after.as_deref()),
    }
}

fn charged(approval: &Approval) -> String {
    let Approval {
        alipay_payment_id,
        amount,
    } = approval;
    format!("that the customer was charged {amount} (paymentId {alipay_payment_id})")
}

fn doubt(code: &str) -> String {
    format!("that it does not know: {code}")
}

fn lost(loss: Loss, after: Option<&str>) -> String {
    let later = later(after);
    match (loss, after) {
        (Loss::NotSent, _) => "nothing could be sent".to_owned(),
        (Loss::TimedOut, Some(after)) => format!("no answer came for {after}"),
        (Loss::TimedOut, None) => "no answer came in time".to_owned(),
        (Loss::BadSignature, _) => {
            format!("{later}an answer came whose signature does not fit, so it was not believed")
        }
        (Loss::HttpStatus(status), _) => format!("{later}HTTP status {status} came"),
        (Loss::Closed, _) => format!("{later}the connection ended without an answer"),
        (Loss::Malformed, _) => format!("{later}an answer came that can't be read"),
    }
}

fn later(after: Option<&str>) -> String {
    after.map_or_else(String::new, |after| format!("after {after} "))
}

fn notified(result: &NoticeResult) -> String {
    match result {
        NoticeResult::Paid(approval) => format!("Alipay notified {}", charged(approval)),
        NoticeResult::NotPaid { code } => format!(
            "Alipay notified that it was not paid ({}), which proves nothing",
            code.as_str()
        ),
    }
}

fn proven(proof: &Proof) -> String {
    match proof {
        Proof::PayRefused { code } => format!("Alipay refused the pay for good, {}", code.as_str()),
        Proof::InquiryFailed { code } => {
            format!("an inquiry was told that it failed, {}", code.as_str())
        }
        Proof::InquiryCancelled => "an inquiry was told that it is cancelled".to_owned(),
        Proof::CancelSucceeded => "Alipay cancelled it".to_owned(),
        Proof::RefundSucceeded { refund_id } => {
            format!("Alipay gave all of it back, refundId {refund_id}")
        }
        Proof::NeverSent(NeverSent::TooLate) => {
            "nothing was sent, because it was too late to begin".to_owned()
        }
        Proof::NeverSent(NeverSent::CancelledFirst) => {
            "nothing was sent, because the merchant's cancel came first".to_owned()
        }
        Proof::NeverSent(NeverSent::NoConnection) => {
            "nothing was sent, because there was no connection to Alipay".to_owned()
        }
        Proof::NeverSent(NeverSent::Abandoned) => {
            "nothing was sent, because no command followed the request".to_owned()
        }
        Proof::NeverArrived => "Alipay did not know it when it could no longer arrive".to_owned(),
    }
}

#[cfg(test)]
mod tests;
