//! What Alipay said, as an answer to a call or as a notification, and what that leads to.

use super::success::{reopened, success};
use crate::order::{Attempt, Begun};
use crate::{
    Alarm, Answer, Approval, Call, CancelAnswer, Fact, InquiryAnswer, Loss, NeverSent, Notice,
    NoticeResult, Order, PayAnswer, PaymentId, Proof, RefundAnswer, RefundInquiryAnswer, Refusal,
    Stage, Timestamp, pace,
};

/// An answer as the driver hands it in.
pub(super) struct Received {
    pub(super) begun: u32,
    pub(super) answer: Answer,
    pub(super) clock_skew_ms: i64,
}

/// Takes in the answer to the `Begun` of this number. One that was answered before, or was given
/// up for lost, changes nothing — unless it is a success, which is heeded as a notification is.
pub(super) fn answer(
    order: &Order,
    payment: PaymentId,
    received: Received,
    now: Timestamp,
) -> Result<Vec<Fact>, Refusal> {
    let attempt = order.attempt(payment).ok_or(Refusal::UnknownPayment)?;
    let Received {
        begun,
        answer,
        clock_skew_ms,
    } = received;
    let approval = approval_of(&answer).cloned();
    let Some(begun) = attempt
        .in_flight
        .filter(|in_flight| in_flight.number == begun)
    else {
        return Ok(approval.map_or_else(Vec::new, |approval| heeded(attempt, approval, now)));
    };
    let mut facts = match &approval {
        _ if attempt.rechecks.is_some() => rechecked(attempt, &answer),
        Some(approval) => success(attempt, approval, now),
        None => settled(attempt, begun, &answer, clock_skew_ms).map_or_else(
            || unsettled(attempt, &answer, now),
            |proof| vec![Fact::Ended(proof)],
        ),
    };
    facts.insert(
        0,
        Fact::Answered {
            number: begun.number,
            answer,
        },
    );
    Ok(facts)
}

/// Takes in a verified notification (decision 15). One that agrees changes nothing (A17).
pub(super) fn notice(
    order: &Order,
    payment: PaymentId,
    notice: Notice,
    now: Timestamp,
) -> Result<Vec<Fact>, Refusal> {
    let attempt = order.attempt(payment).ok_or(Refusal::UnknownPayment)?;
    match notice.result {
        NoticeResult::Paid(approval) => Ok(heeded(attempt, approval, now)),
        NoticeResult::NotPaid { .. } if attempt.stage == Stage::Undecided => {
            Ok(vec![Fact::Noticed(notice)])
        }
        NoticeResult::NotPaid { .. } => Ok(Vec::new()),
    }
}

fn heeded(attempt: &Attempt, approval: Approval, now: Timestamp) -> Vec<Fact> {
    let news = attempt.is_news(&approval);
    let mut facts = success(attempt, &approval, now);
    // A payment that Alipay had closed: an inquiry asks how it stands now.
    if !facts.is_empty() || news {
        facts.insert(
            0,
            Fact::Noticed(Notice {
                result: NoticeResult::Paid(approval),
            }),
        );
    }
    facts
}

/// After so many inquiries without an answer that settles it, a closed payment whose success was
/// heard is reversed like one that Alipay says is charged.
const RECHECKS_MAX: u32 = 20;

/// What an inquiry about a payment that had ended leads to. CANCELLED and FAIL settle it.
fn rechecked(attempt: &Attempt, answer: &Answer) -> Vec<Fact> {
    let tired = attempt.rechecks.unwrap_or(0) >= RECHECKS_MAX;
    match answer {
        Answer::Inquiry(InquiryAnswer::Paid(_)) => reopened(),
        Answer::Inquiry(InquiryAnswer::Cancelled | InquiryAnswer::Failed { .. }) => Vec::new(),
        Answer::Inquiry(_)
        | Answer::Pay(_)
        | Answer::Cancel(_)
        | Answer::Refund(_)
        | Answer::RefundInquiry(_)
        | Answer::Lost(_)
            if tired =>
        {
            reopened()
        }
        Answer::Inquiry(_)
        | Answer::Pay(_)
        | Answer::Cancel(_)
        | Answer::Refund(_)
        | Answer::RefundInquiry(_)
        | Answer::Lost(_) => Vec::new(),
    }
}

fn approval_of(answer: &Answer) -> Option<&Approval> {
    match answer {
        Answer::Pay(PayAnswer::Approved(approval))
        | Answer::Inquiry(InquiryAnswer::Paid(approval)) => Some(approval),
        Answer::Pay(_)
        | Answer::Inquiry(_)
        | Answer::Cancel(_)
        | Answer::Refund(_)
        | Answer::RefundInquiry(_)
        | Answer::Lost(_) => None,
    }
}

/// The proof in this answer that the payment ended unpaid, if it is one (decision 4).
fn settled(attempt: &Attempt, begun: Begun, answer: &Answer, clock_skew_ms: i64) -> Option<Proof> {
    match attempt.stage {
        Stage::Undecided | Stage::Closing(_) => {}
        Stage::Approved | Stage::Paid { .. } | Stage::Ended(_) => return None,
    }
    let never_charged = attempt.charge.is_none();
    match answer {
        Answer::Pay(PayAnswer::Refused { code }) if never_charged => {
            Some(Proof::PayRefused { code: code.clone() })
        }
        Answer::Lost(Loss::NotSent) if begun.call == Call::Pay && never_charged => {
            Some(Proof::NeverSent(NeverSent::NoConnection))
        }
        // A charge that was heard of while this inquiry was under way is the newer word (X5).
        Answer::Inquiry(InquiryAnswer::Failed { code })
            if never_charged || begun.number > attempt.charge_said_at_call =>
        {
            Some(Proof::InquiryFailed { code: code.clone() })
        }
        Answer::Inquiry(InquiryAnswer::Cancelled) => Some(Proof::InquiryCancelled),
        Answer::Cancel(CancelAnswer::Cancelled) => Some(Proof::CancelSucceeded),
        Answer::Inquiry(InquiryAnswer::NotFound) | Answer::Cancel(CancelAnswer::NotFound)
            if never_charged =>
        {
            // Asked when the pay could no longer land: the question's instant counts, not the
            // answer's.
            let provable_at = attempt.terms.provable_absence_at(clock_skew_ms);
            (begun.at >= provable_at).then_some(Proof::NeverArrived)
        }
        Answer::Refund(RefundAnswer::Refunded { refund_id, amount })
        | Answer::RefundInquiry(RefundInquiryAnswer::Refunded { refund_id, amount }) => {
            let whole = attempt
                .charge
                .as_ref()
                .is_some_and(|charge| charge.amount == *amount);
            whole.then(|| Proof::RefundSucceeded {
                refund_id: refund_id.clone(),
            })
        }
        Answer::Pay(_)
        | Answer::Inquiry(_)
        | Answer::Cancel(_)
        | Answer::Refund(_)
        | Answer::RefundInquiry(_)
        | Answer::Lost(_) => None,
    }
}

/// What an answer without an end may still call for: an alarm, or a person (A15).
fn unsettled(attempt: &Attempt, answer: &Answer, now: Timestamp) -> Vec<Fact> {
    let Stage::Closing(closing) = &attempt.stage else {
        return Vec::new();
    };
    let other_amount = matches!(
        answer,
        Answer::Refund(RefundAnswer::Refunded { .. })
            | Answer::RefundInquiry(RefundInquiryAnswer::Refunded { .. })
    );
    let waits_for_absence = matches!(
        answer,
        Answer::Cancel(CancelAnswer::NotFound) | Answer::Inquiry(InquiryAnswer::NotFound)
    );
    let patience_over = pace::patience_over(&attempt.terms.policy, closing, now);
    if closing.attention {
        return Vec::new();
    }
    if other_amount {
        return vec![Fact::Alarmed(Alarm::AmountMismatch), Fact::AttentionRaised];
    }
    if patience_over && !waits_for_absence {
        return vec![Fact::AttentionRaised];
    }
    Vec::new()
}
