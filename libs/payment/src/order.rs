//! An order's state, folded from its events. The fold itself is in `evolve`.

use crate::{
    Approval, Call, CloseReason, PaymentId, Proof, RefundRequestId, Terms, Timestamp,
    proof::Charged,
};

/// How many attempts an order may have. Every decision reads all of them, so a till that uses one
/// number for all its sales must not make an order grow for ever.
const ATTEMPTS_MAX: usize = 100;

/// One merchant's order: its attempts.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Order {
    /// The attempts, oldest first; at most the last is open.
    pub attempts: Vec<Attempt>,
    /// How many events made this state: the expected version of the next append.
    pub version: u64,
    pub(crate) cancels_kept: Vec<PaymentId>,
}

/// One attempt to pay the order.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Attempt {
    /// What it was accepted on.
    pub terms: Terms,
    /// Where it stands.
    pub stage: Stage,
    /// The call whose answer is not recorded yet.
    pub in_flight: Option<Begun>,
    /// How many calls were begun; numbers the next one.
    pub calls_begun: u32,
    /// How many of them were inquiries before the close-out (A5).
    pub inquiries: u32,
    /// When the next call is owed, while one is.
    pub next_call_at: Timestamp,
    /// What Alipay says it charged, once any evidence said so.
    pub charge: Option<Approval>,
    /// How many calls had begun when it was last said: what an earlier one brings is older news.
    pub charge_said_at_call: u32,
    /// The successes that were heard, each once: what is heard again is no news. Few are kept.
    pub heard: Vec<Approval>,
    /// A success was heard after Alipay had closed the payment: inquiries are owed until it says how
    /// it stands. How many were begun.
    pub rechecks: Option<u32>,
    /// When the merchant was first told `paid`.
    pub released_at: Option<Timestamp>,
    /// Whether the merchant asked to cancel.
    pub cancel_requested: bool,
    /// When its last event happened.
    pub changed_at: Timestamp,
}

/// A call that was begun.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Begun {
    /// Its number.
    pub number: u32,
    /// Which call.
    pub call: Call,
    /// When the intention was written.
    pub at: Timestamp,
}

/// Where an attempt stands.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Stage {
    /// Accepted; Alipay's word is awaited.
    Undecided,
    /// Charged, not yet released.
    Approved,
    /// Released.
    Paid {
        /// Whether the merchant confirmed it.
        acknowledged: bool,
        /// Whether another door than the one that released it tells `paid` too.
        retold: bool,
    },
    /// Being closed out or reversed.
    Closing(Closing),
    /// Ended unpaid, proven.
    Ended(Proof),
}

/// A close-out or reversal under way.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Closing {
    /// Why it began.
    pub reason: CloseReason,
    /// When it began; its patience counts from here (A14).
    pub began_at: Timestamp,
    /// What is to be asked next.
    pub wants: Wants,
    /// Cancels that were answered with an F other than the listed ones (X10).
    pub cancel_refusals: u32,
    /// The cancel window is known to be over (A11).
    pub window_over: bool,
    /// The refunds begun, oldest first. No cancel once one began (decision 6).
    pub refunds: Vec<Refund>,
    /// Tries since the patience ended; stretches the queue's waits (A15).
    pub queue_tries: u32,
    /// A person was asked to look (A15).
    pub attention: bool,
    /// A person has looked: nothing more is called.
    pub resolved: bool,
}

/// A refund that was begun.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Refund {
    /// Its number.
    pub number: u32,
    /// Its key at Alipay.
    pub id: RefundRequestId,
    /// What is known of it.
    pub fate: RefundFate,
}

/// What is known of a refund that did not end its payment.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RefundFate {
    /// It may have taken effect.
    Unknown,
    /// It took no effect and never will.
    NoEffect,
}

/// What a close-out asks next.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Wants {
    /// cancel.
    Cancel,
    /// inquiryPayment, whose answer decides (decision 4).
    Inquire,
    /// refund under this number.
    Refund {
        /// The number.
        number: u32,
    },
    /// inquiryRefund of this number.
    InquireRefund {
        /// The number.
        number: u32,
    },
}

impl Closing {
    /// The refund of this number.
    pub fn refund(&self, number: u32) -> Option<&Refund> {
        self.refunds.iter().find(|refund| refund.number == number)
    }

    /// The refund to ask for: one whose fate is unknown, again, else a new one (decision 45).
    pub(crate) fn next_refund(&self) -> u32 {
        let unknown = self
            .refunds
            .iter()
            .find(|refund| refund.fate == RefundFate::Unknown);
        unknown.map_or_else(
            || self.refund_count().saturating_add(1),
            |refund| refund.number,
        )
    }

    /// The next refund after this number to be asked about; after the last the payment itself.
    pub(crate) fn inquire_refund_after(&self, number: u32) -> Wants {
        let later = self
            .refunds
            .iter()
            .map(|refund| refund.number)
            .filter(|later| *later > number);
        later
            .min()
            .map_or(Wants::Inquire, |number| Wants::InquireRefund { number })
    }

    /// The refund of this number took no effect and never will.
    pub(crate) fn no_effect(&mut self, number: u32) {
        let refund = self
            .refunds
            .iter_mut()
            .find(|refund| refund.number == number);
        if let Some(refund) = refund {
            refund.fate = RefundFate::NoEffect;
        }
    }

    fn refund_count(&self) -> u32 {
        let numbers = self.refunds.iter().map(|refund| refund.number);
        numbers.max().unwrap_or(0)
    }
}

impl Order {
    /// The attempt of this id.
    pub fn attempt(&self, payment: PaymentId) -> Option<&Attempt> {
        self.attempts
            .iter()
            .find(|attempt| attempt.terms.payment() == payment)
    }

    /// Whether it takes no more attempts, those counted that are cancelled before they came.
    pub(crate) fn is_full(&self) -> bool {
        let cancelled_first = self.cancels_kept.iter();
        let awaited = cancelled_first.filter(|payment| self.attempt(**payment).is_none());
        self.attempts.len().saturating_add(awaited.count()) >= ATTEMPTS_MAX
    }

    /// Whether a cancel waits for this payment to arrive (B2).
    pub fn keeps_cancel_of(&self, payment: PaymentId) -> bool {
        self.cancels_kept.contains(&payment)
    }

    pub(crate) fn attempt_mut(&mut self, payment: PaymentId) -> Option<&mut Attempt> {
        self.attempts
            .iter_mut()
            .find(|attempt| attempt.terms.payment() == payment)
    }
}

/// So many different successes of one payment are told apart. More would be a flood.
const HEARD_MAX: usize = 4;

impl Attempt {
    /// Whether this success was not heard before. A repeat leads to nothing, however often it comes.
    pub(crate) fn is_news(&self, approval: &Approval) -> bool {
        self.heard.len() < HEARD_MAX && !self.heard.contains(approval)
    }

    /// Whether any evidence said that the customer was charged.
    pub fn charged(&self) -> Charged {
        match self.charge {
            Some(_) => Charged::Seen,
            None => Charged::NotSeen,
        }
    }
}
