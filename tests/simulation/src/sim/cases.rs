//! How often each of the hard cases was met. A run that never met one has shown nothing about it.

use payment::{
    Alarm, Answer, CancelAnswer, CloseReason, Event, Fact, InquiryAnswer, Loss, NeverSent, Notice,
    NoticeResult, Order, PayAnswer, Proof, RefundAnswer, Refusal, Stage,
};
use std::sync::atomic::{AtomicU64, Ordering};

/// X1 to X35.
pub const CASES: usize = 35;

/// What the simulation can't meet: X27 needs the merchant's partial refunds.
pub const NOT_HERE: [usize; 1] = [27];

/// Counts.
pub(crate) struct Met([AtomicU64; CASES]);

impl Default for Met {
    fn default() -> Self {
        Self(std::array::from_fn(|_| AtomicU64::new(0)))
    }
}

impl Met {
    /// The case of this number was met.
    pub(crate) fn x(&self, number: usize) {
        if let Some(count) = number.checked_sub(1).and_then(|place| self.0.get(place)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How often each was met, X1 first.
    pub(crate) fn counts(&self) -> [u64; CASES] {
        std::array::from_fn(|place| {
            self.0
                .get(place)
                .map_or(0, |count| count.load(Ordering::Relaxed))
        })
    }

    /// What one more event of an order meets, after these.
    pub(crate) fn event(&self, before: &Order, history: &[Event], event: &Event) {
        match &event.fact {
            Fact::Answered { answer, .. } => self.answer(before, history, event, answer),
            Fact::Noticed(Notice {
                result: NoticeResult::Paid(_),
            }) => self.notice(before, event),
            Fact::CloseBegun(CloseReason::LateApproval) => self.x(4),
            Fact::CloseBegun(CloseReason::Undelivered) => self.x(23),
            Fact::Alarmed(Alarm::SuccessAfterEnd) => self.x(5),
            Fact::Alarmed(Alarm::AmountMismatch) => self.x(29),
            Fact::Ended(proof) => self.end(before, event, proof),
            Fact::CloseBegun(_)
            | Fact::Noticed(_)
            | Fact::Accepted(_)
            | Fact::CancelKept
            | Fact::Begun { .. }
            | Fact::Approved(_)
            | Fact::Released
            | Fact::Retold
            | Fact::Acknowledged
            | Fact::CancelRequested
            | Fact::AttentionRaised
            | Fact::Resolved(_) => {}
        }
    }

    fn answer(&self, before: &Order, history: &[Event], event: &Event, answer: &Answer) {
        let charged = before
            .attempt(event.payment)
            .is_some_and(|attempt| attempt.charge.is_some());
        let heard = |is_it: fn(&Answer) -> bool| {
            history
                .iter()
                .filter(|earlier| earlier.payment == event.payment)
                .any(|earlier| matches!(&earlier.fact, Fact::Answered { answer, .. } if is_it(answer)))
        };
        match answer {
            Answer::Inquiry(InquiryAnswer::Paid(_)) if !charged => {
                if heard(|answer| matches!(answer, Answer::Lost(_))) {
                    self.x(1);
                }
                if heard(|answer| matches!(answer, Answer::Inquiry(InquiryAnswer::NotFound))) {
                    self.x(2);
                }
            }
            Answer::Cancel(CancelAnswer::Cancelled)
                if heard(|answer| matches!(answer, Answer::Cancel(CancelAnswer::NotFound))) =>
            {
                self.x(3);
            }
            Answer::Cancel(CancelAnswer::WindowOver) => self.x(9),
            Answer::Cancel(CancelAnswer::Refused { .. }) => self.x(10),
            Answer::Refund(RefundAnswer::Refunded { .. })
                if heard(|answer| {
                    matches!(answer, Answer::Refund(RefundAnswer::InDoubt { .. }))
                }) =>
            {
                self.x(28);
            }
            Answer::Lost(Loss::BadSignature) => self.x(30),
            Answer::Lost(_)
            | Answer::Pay(
                PayAnswer::Approved(_) | PayAnswer::Refused { .. } | PayAnswer::InDoubt { .. },
            )
            | Answer::Inquiry(_)
            | Answer::Cancel(_)
            | Answer::Refund(_)
            | Answer::RefundInquiry(_) => {}
        }
    }

    fn notice(&self, before: &Order, event: &Event) {
        if let Some(attempt) = before.attempt(event.payment)
            && matches!(attempt.stage, Stage::Closing(_))
            && attempt.in_flight.is_some()
        {
            self.x(7);
        }
    }

    fn end(&self, before: &Order, event: &Event, proof: &Proof) {
        let attempt = before.attempt(event.payment);
        if let Some(attempt) = attempt
            && let Stage::Closing(closing) = &attempt.stage
            && closing.attention
        {
            self.x(8);
        }
        if attempt.is_some_and(|attempt| attempt.released_at.is_some()) {
            self.x(26);
        }
        match proof {
            Proof::NeverSent(NeverSent::TooLate) => self.x(14),
            Proof::NeverSent(NeverSent::Abandoned) => self.x(16),
            Proof::NeverSent(NeverSent::CancelledFirst) => self.x(21),
            Proof::NeverSent(NeverSent::NoConnection)
            | Proof::PayRefused { .. }
            | Proof::InquiryFailed { .. }
            | Proof::InquiryCancelled
            | Proof::CancelSucceeded
            | Proof::RefundSucceeded { .. }
            | Proof::NeverArrived => {}
        }
    }

    /// A request was declined.
    pub(crate) fn refused(&self, refusal: Refusal) {
        match refusal {
            Refusal::OrderHasOpenPayment | Refusal::OrderAlreadyPaid => self.x(19),
            Refusal::ReversalInProgress => self.x(20),
            Refusal::TooManyAttempts
            | Refusal::UnknownPayment
            | Refusal::NotDue
            | Refusal::NotReleasable
            | Refusal::NotWithdrawable
            | Refusal::NotResolvable
            | Refusal::NotLapsed
            | Refusal::NotAcknowledgeable => {}
        }
    }
}
