//! Alipay's books: payments, refunds and customers' balances, folded from entries. Pure; an entry
//! is written down before its effect is told to anyone, so that a killed process remembers.

use crate::reaction::Api;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One thing that happened at Alipay.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Entry {
    /// A pay request arrived.
    Opened(Opened),
    /// The customer was charged.
    Charged { request: String, at_ms: i64 },
    /// The payment failed, for this reason.
    Failed {
        request: String,
        code: String,
        at_ms: i64,
    },
    /// The payment was cancelled; a charge was given back.
    Cancelled { request: String, at_ms: i64 },
    /// Money was given back under a refund's key.
    Refunded {
        request: String,
        refund_request: String,
        amount_minor: i64,
        at_ms: i64,
    },
    /// A call was made; counted, and not worth a sync of its own.
    Called { request: String, api: Api },
    /// The merchant's side acknowledged the notification.
    Acknowledged { request: String },
}

/// What a pay request said.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Opened {
    pub(crate) request: String,
    pub(crate) customer: String,
    pub(crate) currency: String,
    pub(crate) amount_minor: i64,
    pub(crate) order: String,
    pub(crate) notify_url: String,
    pub(crate) behavior: u16,
    /// Told apart without being kept: the same key with another code is another request.
    pub(crate) code_digest: u64,
    pub(crate) at_ms: i64,
}

/// How a payment stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// The customer types.
    Waiting,
    /// Charged.
    Paid,
    /// Not charged, never will be.
    Failed(String),
    /// Closed; what was charged is given back.
    Cancelled,
}

/// One payment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Payment {
    pub(crate) opened: Opened,
    pub(crate) payment_id: String,
    pub(crate) standing: Standing,
    pub(crate) charged_at_ms: Option<i64>,
    pub(crate) cancelled_at_ms: Option<i64>,
    pub(crate) charged_minor: i64,
    pub(crate) returned_minor: i64,
    /// By refundRequestId.
    pub(crate) refunds: BTreeMap<String, i64>,
    pub(crate) acknowledged: bool,
    /// What happened, for people.
    pub(crate) story: Vec<(i64, String)>,
}

/// The books.
#[derive(Clone, Debug, Default)]
pub(crate) struct Books {
    pub(crate) payments: BTreeMap<String, Payment>,
    pub(crate) opening_minor: i64,
    calls: BTreeMap<(String, Api), u32>,
    /// The keys of those whose customers are typing: what may still happen by itself.
    waiting: BTreeSet<String>,
    /// Keys by Alipay's own ids.
    requests: BTreeMap<String, String>,
    /// What each customer has paid, less what came back, by currency.
    spent: BTreeMap<(String, String), i64>,
}

impl Books {
    /// Empty books in which every customer begins with this much, in minor units of any currency.
    pub(crate) fn opening_with(opening_minor: i64) -> Self {
        Self {
            opening_minor,
            ..Self::default()
        }
    }

    /// What a customer has left.
    pub(crate) fn balance_minor(&self, customer: &str, currency: &str) -> i64 {
        let account = (customer.to_owned(), currency.to_owned());
        let spent = self.spent.get(&account).copied().unwrap_or(0);
        self.opening_minor.saturating_sub(spent)
    }

    /// Every account that was ever used: customer, currency.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = &(String, String)> {
        self.spent.keys()
    }

    /// How often this API was called for this payment.
    pub(crate) fn calls(&self, request: &str, api: Api) -> u32 {
        let calls = self.calls.get(&(request.to_owned(), api));
        calls.copied().unwrap_or(0)
    }

    /// The payments whose customers are typing.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = &Payment> {
        let waiting = self.waiting.iter();
        waiting.filter_map(|request| self.payments.get(request))
    }

    /// The key of the payment that Alipay calls this.
    pub(crate) fn request_of(&self, payment_id: &str) -> Option<&str> {
        self.requests.get(payment_id).map(String::as_str)
    }

    /// Takes one entry in. One that fits nothing changes nothing.
    pub(crate) fn apply(&mut self, entry: &Entry) {
        match entry {
            Entry::Charged { request, .. }
            | Entry::Failed { request, .. }
            | Entry::Cancelled { request, .. } => {
                self.waiting.remove(request);
            }
            Entry::Opened(_)
            | Entry::Refunded { .. }
            | Entry::Called { .. }
            | Entry::Acknowledged { .. } => {}
        }
        match entry {
            Entry::Opened(opened) => self.open(opened),
            Entry::Called { request, api } => {
                let calls = self.calls.entry((request.clone(), *api)).or_default();
                *calls = calls.saturating_add(1);
            }
            Entry::Charged { request, at_ms } => self.charge(request, *at_ms),
            Entry::Failed {
                request,
                code,
                at_ms,
            } => {
                if let Some(payment) = self.payments.get_mut(request) {
                    payment.standing = Standing::Failed(code.clone());
                    payment.story.push((*at_ms, format!("failed: {code}")));
                }
            }
            Entry::Cancelled { request, at_ms } => self.cancel(request, *at_ms),
            Entry::Refunded {
                request,
                refund_request,
                amount_minor,
                at_ms,
            } => self.refund(request, refund_request, *amount_minor, *at_ms),
            Entry::Acknowledged { request } => {
                if let Some(payment) = self.payments.get_mut(request) {
                    payment.acknowledged = true;
                }
            }
        }
    }

    fn open(&mut self, opened: &Opened) {
        let number = self.payments.len().saturating_add(1);
        let day = opened.at_ms.div_euclid(86_400_000);
        let request = &opened.request;
        if !self.payments.contains_key(request) {
            let payment_id = format!("{day:08}{number:026}F");
            self.waiting.insert(request.clone());
            self.requests.insert(payment_id.clone(), request.clone());
            let payment = Payment {
                opened: opened.clone(),
                payment_id,
                standing: Standing::Waiting,
                charged_at_ms: None,
                cancelled_at_ms: None,
                charged_minor: 0,
                returned_minor: 0,
                refunds: BTreeMap::new(),
                acknowledged: false,
                story: vec![(opened.at_ms, "pay arrived".to_owned())],
            };
            self.payments.insert(request.clone(), payment);
        }
        // So that the account is listed even if it never pays.
        let account = (opened.customer.clone(), opened.currency.clone());
        self.spent.entry(account).or_default();
    }

    fn charge(&mut self, request: &str, at_ms: i64) {
        let Some(payment) = self.payments.get_mut(request) else {
            return;
        };
        payment.standing = Standing::Paid;
        payment.charged_at_ms = Some(at_ms);
        payment.charged_minor = payment.opened.amount_minor;
        payment.story.push((at_ms, "charged".to_owned()));
        let (opened, amount_minor) = (payment.opened.clone(), payment.charged_minor);
        self.spend(&opened, amount_minor);
    }

    fn cancel(&mut self, request: &str, at_ms: i64) {
        let Some(payment) = self.payments.get_mut(request) else {
            return;
        };
        let back_minor = payment.charged_minor.saturating_sub(payment.returned_minor);
        payment.standing = Standing::Cancelled;
        payment.cancelled_at_ms = Some(at_ms);
        payment.returned_minor = payment.returned_minor.saturating_add(back_minor);
        let told = if back_minor > 0 {
            "cancelled, money back"
        } else {
            "cancelled"
        };
        payment.story.push((at_ms, told.to_owned()));
        let opened = payment.opened.clone();
        self.spend(&opened, back_minor.saturating_neg());
    }

    fn refund(&mut self, request: &str, refund_request: &str, amount_minor: i64, at_ms: i64) {
        let Some(payment) = self.payments.get_mut(request) else {
            return;
        };
        payment
            .refunds
            .insert(refund_request.to_owned(), amount_minor);
        payment.returned_minor = payment.returned_minor.saturating_add(amount_minor);
        payment
            .story
            .push((at_ms, "refunded, money back".to_owned()));
        let opened = payment.opened.clone();
        self.spend(&opened, amount_minor.saturating_neg());
    }

    fn spend(&mut self, opened: &Opened, amount_minor: i64) {
        let account = (opened.customer.clone(), opened.currency.clone());
        let spent = self.spent.entry(account).or_default();
        *spent = spent.saturating_add(amount_minor);
    }
}
