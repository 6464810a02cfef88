//! The simulated Alipay's ledger: what really happened to customers' money.

use anyhow::Context;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Everything Alipay holds, by order number.
#[derive(Debug, Default)]
pub struct Ledger {
    orders: BTreeMap<String, Vec<Entry>>,
}

/// One payment at Alipay.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Entry {
    /// Our key of it.
    pub payment_request_id: String,
    /// The merchant's order number.
    pub order: String,
    /// How it stands there.
    pub standing: Value,
    /// What was taken from the customer, in minor units.
    pub charged_minor: i64,
    /// What was given back.
    pub returned_minor: i64,
    /// How often each API was called for it.
    pub calls: Calls,
    /// What happened, for people.
    pub story: Value,
}

/// How often each API was called.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
pub struct Calls {
    /// Pays, under this one key.
    pub pay: u32,
    /// Inquiries.
    pub inquiry: u32,
    /// Cancels.
    pub cancel: u32,
    /// Refunds.
    pub refund: u32,
}

#[derive(Deserialize)]
struct Body {
    payments: Vec<Entry>,
}

impl Entry {
    /// What the customer is out of pocket, in minor units.
    pub fn net_minor(&self) -> i64 {
        self.charged_minor.saturating_sub(self.returned_minor)
    }
}

impl Ledger {
    /// All of it.
    ///
    /// # Errors
    /// If the simulator does not answer.
    pub async fn read(simulator: &str) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        let answer = http.get(format!("{simulator}/simulator/ledger")).send();
        let answer = answer
            .await
            .context("the simulated Alipay does not answer")?;
        let body: Body = answer.json().await.context("the ledger can't be read")?;
        Ok(Self::of_entries(body.payments))
    }

    pub(crate) fn of_entries(entries: Vec<Entry>) -> Self {
        let mut orders: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
        for entry in entries {
            orders.entry(entry.order.clone()).or_default().push(entry);
        }
        Self { orders }
    }

    /// What it holds of one order.
    pub fn of(&self, order: &str) -> &[Entry] {
        self.orders.get(order).map_or(&[], Vec::as_slice)
    }
}
