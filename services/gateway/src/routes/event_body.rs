//! One event of a payment as its merchant sees it.

use crate::payment_body::{PaymentBody, ProofBody};
use crate::words::{CallWord, EventType};
use payment::{
    Alarm, Answer, Call, CancelAnswer, Fact, InquiryAnswer, Loss, NoticeResult, PayAnswer,
    RefundAnswer, RefundInquiryAnswer, close_reason_code,
};
use serde::Serialize;
use store::Recorded;
use utoipa::ToSchema;

/// One thing that happened.
#[derive(Serialize, ToSchema, Debug)]
pub(crate) struct EventBody {
    /// The same at every door; grows.
    id: i64,
    /// Its place in its order, from 1.
    sequence: u64,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// What.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Which call it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<&'static str>,
    /// What was said, or why.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'static str>,
    /// What proves the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<ProofBody>,
}

/// A payment and all that happened to it.
#[derive(Serialize, ToSchema, Debug)]
pub(crate) struct HistoryBody {
    /// As it stands now.
    pub(super) payment: PaymentBody,
    /// Oldest first.
    pub(super) events: Vec<EventBody>,
}

impl EventBody {
    pub(super) fn of(recorded: &Recorded) -> Self {
        let fact = &recorded.event.fact;
        let (kind, call, detail) = words(fact);
        let proof = match fact {
            Fact::Ended(proof) => Some(ProofBody::of(proof)),
            Fact::Accepted(_)
            | Fact::CancelKept
            | Fact::Begun { .. }
            | Fact::Answered { .. }
            | Fact::Noticed(_)
            | Fact::Approved(_)
            | Fact::Released
            | Fact::Retold
            | Fact::Acknowledged
            | Fact::CancelRequested
            | Fact::CloseBegun(_)
            | Fact::AttentionRaised
            | Fact::Resolved(_)
            | Fact::Alarmed(_) => None,
        };
        Self {
            id: recorded.position,
            sequence: recorded.version,
            at: recorded.event.at.rfc3339(),
            kind: kind.code(),
            call: call.map(CallWord::code),
            detail,
            proof,
        }
    }
}

type Words = (EventType, Option<CallWord>, Option<&'static str>);

fn words(fact: &Fact) -> Words {
    match fact {
        Fact::Accepted(_) => (EventType::Accepted, None, None),
        Fact::CancelKept => (EventType::CancelKept, None, None),
        Fact::Begun { call, .. } => (EventType::Asked, Some(call_word(*call)), None),
        Fact::Answered { answer, .. } => {
            let (call, detail) = answer_words(answer);
            (EventType::Answered, call, Some(detail))
        }
        Fact::Noticed(notice) => (EventType::Notified, None, Some(notice_word(&notice.result))),
        Fact::Approved(_) => (EventType::Approved, None, None),
        Fact::Released => (EventType::Paid, None, None),
        Fact::Retold => (EventType::Retold, None, None),
        Fact::Acknowledged => (EventType::Acknowledged, None, None),
        Fact::CancelRequested => (EventType::CancelRequested, None, None),
        Fact::CloseBegun(reason) => (EventType::Closing, None, Some(close_reason_code(*reason))),
        Fact::Ended(_) => (EventType::Ended, None, None),
        Fact::AttentionRaised => (EventType::NeedsAttention, None, None),
        Fact::Resolved(_) => (EventType::Resolved, None, None),
        Fact::Alarmed(alarm) => (EventType::Alarm, None, Some(alarm_word(*alarm))),
    }
}

fn call_word(call: Call) -> CallWord {
    match call {
        Call::Pay => CallWord::Pay,
        Call::Inquire => CallWord::Inquire,
        Call::Cancel => CallWord::Cancel,
        Call::Refund { .. } => CallWord::Refund,
        Call::InquireRefund { .. } => CallWord::InquireRefund,
    }
}

fn notice_word(result: &NoticeResult) -> &'static str {
    match result {
        NoticeResult::Paid(_) => "charged",
        NoticeResult::NotPaid { .. } => "not_charged",
    }
}

fn alarm_word(alarm: Alarm) -> &'static str {
    match alarm {
        Alarm::AmountMismatch => "amount_mismatch",
        Alarm::SuccessAfterEnd => "success_after_end",
    }
}

fn answer_words(answer: &Answer) -> (Option<CallWord>, &'static str) {
    match answer {
        Answer::Pay(answer) => (
            Some(CallWord::Pay),
            match answer {
                PayAnswer::Approved(_) => "charged",
                PayAnswer::Refused { .. } => "refused",
                PayAnswer::InDoubt { .. } => "in_doubt",
            },
        ),
        Answer::Inquiry(answer) => (
            Some(CallWord::Inquire),
            match answer {
                InquiryAnswer::Paid(_) => "charged",
                InquiryAnswer::Failed { .. } => "failed",
                InquiryAnswer::Processing => "processing",
                InquiryAnswer::Cancelled => "cancelled",
                InquiryAnswer::NotFound => "not_found",
                InquiryAnswer::Refused { .. } => "refused",
                InquiryAnswer::InDoubt { .. } => "in_doubt",
            },
        ),
        Answer::Cancel(answer) => (
            Some(CallWord::Cancel),
            match answer {
                CancelAnswer::Cancelled => "cancelled",
                CancelAnswer::WindowOver => "window_over",
                CancelAnswer::NotFound => "not_found",
                CancelAnswer::Refused { .. } => "refused",
                CancelAnswer::InDoubt { .. } => "in_doubt",
            },
        ),
        Answer::Refund(answer) => (
            Some(CallWord::Refund),
            match answer {
                RefundAnswer::Refunded { .. } => "refunded",
                RefundAnswer::NoEffect { .. } => "no_effect",
                RefundAnswer::Refused { .. } => "refused",
                RefundAnswer::InDoubt { .. } => "in_doubt",
            },
        ),
        Answer::RefundInquiry(answer) => (
            Some(CallWord::InquireRefund),
            match answer {
                RefundInquiryAnswer::Refunded { .. } => "refunded",
                RefundInquiryAnswer::Failed => "failed",
                RefundInquiryAnswer::Processing => "processing",
                RefundInquiryAnswer::NotFound => "not_found",
                RefundInquiryAnswer::Refused { .. } => "refused",
                RefundInquiryAnswer::InDoubt { .. } => "in_doubt",
            },
        ),
        Answer::Lost(loss) => (None, loss_word(*loss)),
    }
}

fn loss_word(loss: Loss) -> &'static str {
    match loss {
        Loss::NotSent => "not_sent",
        Loss::TimedOut => "timed_out",
        Loss::BadSignature => "bad_signature",
        Loss::HttpStatus(_) => "http_status",
        Loss::Closed => "closed",
        Loss::Malformed => "malformed",
    }
}
