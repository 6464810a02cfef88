//! The fold: one more event onto an order. Total: history is never refused, so an event that fits
//! nothing changes nothing but the version.

use crate::order::{Attempt, Begun, Closing, Refund, RefundFate, Stage, Wants};
use crate::{
    Answer, Approval, Call, CancelAnswer, CloseReason, Event, Fact, InquiryAnswer, NoticeResult,
    Order, PayAnswer, RefundAnswer, RefundInquiryAnswer, Terms, Timestamp, pace,
};

/// After this many refused cancels an inquiry's SUCCESS leads to a refund (X10: no endless loop).
const CANCEL_REFUSALS_MAX: u32 = 2;

/// The order after one more event.
pub fn evolve(mut order: Order, event: &Event) -> Order {
    order.version = order.version.saturating_add(1);
    match &event.fact {
        Fact::Accepted(terms) => order.attempts.push(accepted(terms, event.at)),
        Fact::CancelKept => order.cancels_kept.push(event.payment),
        Fact::Begun { .. }
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
        | Fact::Alarmed(_) => {
            if let Some(attempt) = order.attempt_mut(event.payment) {
                apply(attempt, &event.fact, event.at);
            }
        }
    }
    order
}

fn accepted(terms: &Terms, at: Timestamp) -> Attempt {
    Attempt {
        terms: terms.clone(),
        stage: Stage::Undecided,
        in_flight: None,
        calls_begun: 0,
        inquiries: 0,
        next_call_at: at,
        charge: None,
        charge_said_at_call: 0,
        heard: Vec::new(),
        rechecks: None,
        released_at: None,
        cancel_requested: false,
        changed_at: at,
    }
}

fn apply(attempt: &mut Attempt, fact: &Fact, at: Timestamp) {
    attempt.changed_at = at;
    match fact {
        Fact::Begun { number, call } => begun(
            attempt,
            Begun {
                number: *number,
                call: *call,
                at,
            },
        ),
        Fact::Answered { number, answer } => answered(attempt, *number, answer, at),
        Fact::Noticed(notice) => match &notice.result {
            // It never unsays what was heard before: a refund that was begun asks for the same
            // amount again until its own answer (A16). Only an inquiry's answer may correct it.
            NoticeResult::Paid(approval) => noticed_paid(attempt, approval, at),
            // Only a hint: ask now instead of later (A8 forbids to believe it).
            NoticeResult::NotPaid { .. } => {
                if attempt.stage == Stage::Undecided {
                    attempt.next_call_at = attempt.next_call_at.min(at);
                }
            }
        },
        Fact::Approved(approval) => {
            attempt.charge = Some(approval.clone());
            heard(attempt, approval);
            attempt.stage = Stage::Approved;
        }
        Fact::Released => {
            attempt.released_at = Some(at);
            attempt.stage = Stage::Paid {
                acknowledged: false,
                retold: false,
            };
        }
        Fact::Retold => {
            if let Stage::Paid { retold, .. } = &mut attempt.stage {
                *retold = true;
            }
        }
        Fact::Acknowledged => {
            attempt.stage = Stage::Paid {
                acknowledged: true,
                retold: false,
            };
        }
        Fact::CancelRequested => attempt.cancel_requested = true,
        Fact::CloseBegun(reason) => close_begun(attempt, *reason, at),
        Fact::Ended(proof) => {
            attempt.stage = Stage::Ended(proof.clone());
            attempt.in_flight = None;
            attempt.rechecks = None;
        }
        Fact::AttentionRaised => {
            if let Stage::Closing(closing) = &mut attempt.stage {
                closing.attention = true;
            }
        }
        Fact::Resolved(_) => {
            if let Stage::Closing(closing) = &mut attempt.stage {
                closing.resolved = true;
            }
        }
        Fact::Alarmed(_) | Fact::Accepted(_) | Fact::CancelKept => {}
    }
}

fn noticed_paid(attempt: &mut Attempt, approval: &Approval, at: Timestamp) {
    attempt.charge.get_or_insert_with(|| approval.clone());
    attempt.charge_said_at_call = attempt.calls_begun;
    heard(attempt, approval);
    let ended = matches!(&attempt.stage, Stage::Ended(proof) if proof.is_closed_at_alipay());
    if ended {
        attempt.rechecks.get_or_insert(0);
        attempt.next_call_at = at;
    }
}

fn close_begun(attempt: &mut Attempt, reason: CloseReason, at: Timestamp) {
    // A release that was withdrawn was told to nobody: the order is not spent by it.
    if reason == CloseReason::Undelivered {
        attempt.released_at = None;
    }
    // Alipay said that it closed the payment, and that it was charged: only an inquiry and a refund
    // can settle it. A cancel would be answered as it was before.
    let closed = matches!(&attempt.stage, Stage::Ended(proof) if proof.is_closed_at_alipay());
    attempt.rechecks = None;
    attempt.next_call_at = at;
    attempt.stage = Stage::Closing(Closing {
        reason,
        began_at: at,
        wants: if closed {
            Wants::Inquire
        } else {
            Wants::Cancel
        },
        cancel_refusals: 0,
        window_over: closed,
        refunds: Vec::new(),
        queue_tries: 0,
        attention: false,
        resolved: false,
    });
}

/// Keeps a success that was not heard before.
fn heard(attempt: &mut Attempt, approval: &Approval) {
    if attempt.is_news(approval) {
        attempt.heard.push(approval.clone());
    }
}

fn begun(attempt: &mut Attempt, begun: Begun) {
    attempt.in_flight = Some(begun);
    attempt.calls_begun = begun.number;
    let window_over = begun.at >= attempt.terms.cancel_window_ends_at();
    let policy = &attempt.terms.policy;
    if let Stage::Closing(closing) = &mut attempt.stage {
        attempt.next_call_at = pace::after_closing_begin(policy, closing, begun.at);
        if pace::patience_over(policy, closing, begun.at) {
            closing.queue_tries = closing.queue_tries.saturating_add(1);
        }
        closing.window_over |= window_over;
        if let Call::Refund { number, id } = begun.call
            && closing.refund(number).is_none()
        {
            closing.refunds.push(Refund {
                number,
                id,
                fate: RefundFate::Unknown,
            });
        }
        return;
    }
    if let Some(rechecks) = &mut attempt.rechecks {
        attempt.next_call_at = pace::after_recheck(policy, *rechecks, begun.at);
        *rechecks = rechecks.saturating_add(1);
        return;
    }
    attempt.next_call_at = pace::after_begin(attempt, begun.call, begun.at);
    if begun.call == Call::Inquire {
        attempt.inquiries = attempt.inquiries.saturating_add(1);
    }
}

fn answered(attempt: &mut Attempt, number: u32, answer: &Answer, at: Timestamp) {
    let Some(begun) = attempt.in_flight.filter(|begun| begun.number == number) else {
        return;
    };
    attempt.in_flight = None;
    match answer {
        Answer::Pay(PayAnswer::Approved(approval))
        | Answer::Inquiry(InquiryAnswer::Paid(approval)) => {
            attempt.charge = Some(approval.clone());
            heard(attempt, approval);
        }
        Answer::Pay(_)
        | Answer::Inquiry(_)
        | Answer::Cancel(_)
        | Answer::Refund(_)
        | Answer::RefundInquiry(_)
        | Answer::Lost(_) => {}
    }
    match attempt.stage {
        Stage::Undecided => answered_undecided(attempt, begun, answer, at),
        Stage::Closing(_) => answered_closing(attempt, begun, answer, at),
        Stage::Ended(_) => answered_ended(attempt, answer),
        Stage::Approved | Stage::Paid { .. } => {}
    }
}

/// Alipay says that it did not charge after all: the end holds.
fn answered_ended(attempt: &mut Attempt, answer: &Answer) {
    if let Answer::Inquiry(InquiryAnswer::Cancelled | InquiryAnswer::Failed { .. }) = answer {
        attempt.rechecks = None;
    }
}

/// A5, A6: the first inquiry comes three seconds after a U, and no later than five seconds after
/// pay was sent when its answer is lost. All later ones keep the pace set when they began.
fn answered_undecided(attempt: &mut Attempt, begun: Begun, answer: &Answer, at: Timestamp) {
    let soon = at.plus_ms(attempt.terms.policy.inquiry_every_ms());
    match (begun.call, answer) {
        (Call::Pay, Answer::Lost(_)) => {
            attempt.next_call_at = attempt.next_call_at.min(soon);
        }
        (Call::Pay, _) => attempt.next_call_at = soon,
        (Call::Inquire | Call::Cancel | Call::Refund { .. } | Call::InquireRefund { .. }, _) => {}
    }
}

fn answered_closing(attempt: &mut Attempt, begun: Begun, answer: &Answer, at: Timestamp) {
    let may_still_arrive = begun.at < attempt.terms.provable_absence_at(0);
    let cancel_again_at = begun.at.plus_ms(attempt.terms.policy.cancel_every_ms());
    if let Call::Refund { number, .. } | Call::InquireRefund { number, .. } = begun.call {
        return answered_refund(attempt, (begun, number), answer, at);
    }
    let Stage::Closing(closing) = &mut attempt.stage else {
        return;
    };
    match answer {
        Answer::Inquiry(InquiryAnswer::Paid(_)) => {
            let refund_only = closing.window_over || !closing.refunds.is_empty();
            if refund_only || closing.cancel_refusals >= CANCEL_REFUSALS_MAX {
                // Only the first goes out at once; what was asked before keeps the pace.
                if closing.refunds.is_empty() {
                    attempt.next_call_at = at;
                }
                let number = closing.next_refund();
                closing.wants = Wants::Refund { number };
            } else {
                closing.wants = Wants::Cancel;
            }
        }
        // `due` turns this into an inquiry where no cancel is possible any more.
        Answer::Inquiry(_) => closing.wants = Wants::Cancel,
        Answer::Cancel(CancelAnswer::WindowOver) => {
            closing.window_over = true;
            closing.wants = Wants::Inquire;
            attempt.next_call_at = at;
        }
        Answer::Cancel(CancelAnswer::Refused { .. }) => {
            closing.cancel_refusals = closing.cancel_refusals.saturating_add(1);
            closing.wants = Wants::Inquire;
            attempt.next_call_at = at;
        }
        // A13: ask again until the pay can no longer land. Alipay answers, so the queue's waits have
        // not begun: should it fall silent, the first of them comes next (A15).
        Answer::Cancel(CancelAnswer::NotFound) if may_still_arrive => {
            attempt.next_call_at = cancel_again_at;
            closing.queue_tries = 0;
        }
        Answer::Cancel(_)
        | Answer::Refund(_)
        | Answer::RefundInquiry(_)
        | Answer::Pay(_)
        | Answer::Lost(_) => {}
    }
}

/// What follows from an answer about the refund of this number (A16, decision 45). The same id is
/// asked for again until it is proven that it took no effect.
fn answered_refund(
    attempt: &mut Attempt,
    (begun, number): (Begun, u32),
    answer: &Answer,
    at: Timestamp,
) {
    let Stage::Closing(closing) = &mut attempt.stage else {
        return;
    };
    let patience_over = pace::patience_over(&attempt.terms.policy, closing, begun.at);
    match answer {
        // First ask how things stand; that leads to the next number.
        Answer::Refund(RefundAnswer::NoEffect { .. }) => {
            closing.no_effect(number);
            closing.wants = Wants::Inquire;
        }
        // It may be this refund or an earlier one that took effect: ask about each.
        Answer::Refund(RefundAnswer::Refused { .. }) => {
            closing.wants = closing.inquire_refund_after(0);
            attempt.next_call_at = at;
        }
        Answer::Refund(RefundAnswer::InDoubt { .. }) | Answer::Lost(_)
            if patience_over && is_refund(begun.call) =>
        {
            closing.wants = closing.inquire_refund_after(0);
        }
        Answer::RefundInquiry(RefundInquiryAnswer::Failed) => {
            closing.no_effect(number);
            closing.wants = closing.inquire_refund_after(number);
            attempt.next_call_at = at;
        }
        Answer::RefundInquiry(RefundInquiryAnswer::NotFound) => {
            closing.wants = closing.inquire_refund_after(number);
            attempt.next_call_at = at;
        }
        Answer::RefundInquiry(
            RefundInquiryAnswer::Refused { .. } | RefundInquiryAnswer::InDoubt { .. },
        ) => closing.wants = closing.inquire_refund_after(number),
        Answer::Lost(_) if !is_refund(begun.call) => {
            closing.wants = closing.inquire_refund_after(number);
        }
        // PROCESSING waits: the same is asked again.
        Answer::RefundInquiry(
            RefundInquiryAnswer::Processing | RefundInquiryAnswer::Refunded { .. },
        )
        | Answer::Refund(RefundAnswer::InDoubt { .. } | RefundAnswer::Refunded { .. })
        | Answer::Inquiry(_)
        | Answer::Cancel(_)
        | Answer::Pay(_)
        | Answer::Lost(_) => {}
    }
}

fn is_refund(call: Call) -> bool {
    match call {
        Call::Refund { .. } => true,
        Call::Pay | Call::Inquire | Call::Cancel | Call::InquireRefund { .. } => false,
    }
}
