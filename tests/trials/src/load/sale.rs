//! One sale as its till saw it: what it asked, when, and what it was told.

use super::habits::HangUp;
use std::time::Duration;

/// The code of a request that no payment comes of unless it is repeated.
pub(crate) const NOT_TAKEN: &str = "request_not_taken";

/// The code of a request that was turned away untouched: nothing comes of that one either.
const BUSY: &str = "gateway_busy";

/// The code of a request that was turned away before anything of it was written, since its merchant
/// has its share of the gateway in use.
const MERCHANT_BUSY: &str = "merchant_busy";

/// A sale. What is heard is kept in order.
#[derive(Clone, Debug)]
pub struct Sale {
    /// Which one of its load, from 0.
    pub number: u64,
    /// Its `Idempotency-Key`.
    pub reference: String,
    /// Its order number.
    pub order: String,
    /// What its customer's code does at Alipay.
    pub behavior: &'static str,
    /// The merchant cancels it this long after it was taken.
    pub cancel_after: Option<Duration>,
    /// Its till takes the first 503 for the last word.
    pub gives_up: bool,
    /// Its till hangs up while the customer still types the PIN.
    pub hangs_up: Option<HangUp>,
    /// Its customer, who would never type the PIN, types it this long after the sale began.
    pub types_after: Option<Duration>,
    /// Tidegate's id, once told.
    pub id: Option<String>,
    /// When it began, in microseconds of the load's clock.
    pub began_us: u64,
    /// Everything that was heard.
    pub heard: Vec<Heard>,
}

/// One answer, or none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Heard {
    /// What was asked.
    pub asked: Asked,
    /// Of which gateway, from 0.
    pub gateway: usize,
    /// When it was asked, in microseconds of the load's clock.
    pub asked_us: u64,
    /// When the answer was there.
    pub heard_us: u64,
    /// What was said.
    pub said: Said,
}

/// What was asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Asked {
    /// `POST /v1/payments`.
    Pay,
    /// `GET /v1/payments/{id}`.
    Look,
    /// `GET /v1/payments/{id}/events`, as they happen.
    Stream,
    /// `POST /v1/payments/{id}/cancel`.
    Cancel,
}

/// What was said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Said {
    /// The payment as it stands.
    Payment {
        /// As in docs/outcomes.md.
        status: String,
        /// `pending`, `paid` or `not_paid`.
        outcome: String,
    },
    /// A problem that the same request may get over.
    AskAgain(String),
    /// A problem that ends the matter.
    Refused(String),
    /// Nothing that could be understood.
    Broken(String),
}

impl Said {
    /// Whether it says how the sale ended.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Payment { outcome, .. } => outcome != "pending",
            Self::Refused(_) => true,
            Self::AskAgain(_) | Self::Broken(_) => false,
        }
    }

    /// `paid`, `not_paid` or `pending`, where a payment was told.
    pub fn outcome(&self) -> Option<&str> {
        match self {
            Self::Payment { outcome, .. } => Some(outcome),
            Self::AskAgain(_) | Self::Refused(_) | Self::Broken(_) => None,
        }
    }
}

impl Sale {
    pub(crate) fn new(prefix: &str, number: u64, behavior: &'static str) -> Self {
        Self {
            number,
            reference: format!("{prefix}-{number}"),
            order: format!("order-{prefix}-{number}"),
            behavior,
            cancel_after: None,
            gives_up: false,
            hangs_up: None,
            types_after: None,
            id: None,
            began_us: 0,
            heard: Vec::new(),
        }
    }

    /// A customer of its own: none runs out of money.
    pub(crate) fn code(&self) -> String {
        format!("28{}{:012}", self.behavior, self.number)
    }

    /// When its outcome was first told, in microseconds of the load's clock.
    pub fn told_us(&self) -> Option<u64> {
        let first = self.heard.iter().find(|heard| heard.said.is_final());
        first.map(|heard| heard.heard_us)
    }

    /// From the first request to the first final answer, in microseconds.
    pub fn took_us(&self) -> Option<u64> {
        let told_us = self.told_us()?;
        Some(told_us.saturating_sub(self.began_us))
    }

    /// Whether the merchant was told of the payment, so that it must have an end.
    pub fn was_taken(&self) -> bool {
        self.heard
            .iter()
            .any(|heard| heard.said.outcome().is_some())
    }

    /// Whether each request was answered that nothing comes of it, so that there must be no payment.
    pub fn was_turned_away(&self) -> bool {
        let not_taken = |heard: &Heard| match &heard.said {
            Said::AskAgain(code) => [NOT_TAKEN, BUSY, MERCHANT_BUSY].contains(&code.as_str()),
            Said::Payment { .. } | Said::Refused(_) | Said::Broken(_) => false,
        };
        !self.heard.is_empty() && self.heard.iter().all(not_taken)
    }

    /// Whether its till hung up before the customer had paid, never asked again, and heard nothing.
    pub fn was_left(&self) -> bool {
        let left = self.hangs_up.is_some_and(|up| up.asks_after.is_none());
        left && self.told_us().is_none()
    }

    /// Whether its till gave up untold although it asked until the merchant's time was over.
    pub fn gave_up(&self) -> bool {
        let meant_to = self.was_left() || (self.gives_up && self.was_turned_away());
        self.told_us().is_none() && !meant_to
    }

    /// Whether a gateway said that a cancel was taken.
    pub fn cancel_was_taken(&self) -> bool {
        let mut heard = self.heard.iter();
        heard.any(|heard| heard.asked == Asked::Cancel && heard.said.outcome().is_some())
    }

    /// Whether a cancel was asked for, heard or not.
    pub fn cancel_was_asked(&self) -> bool {
        self.heard.iter().any(|heard| heard.asked == Asked::Cancel)
    }
}
