//! The simulated Alipay's own word on what happened: the judge of the demo.

use anyhow::Context;
use serde::Deserialize;
use std::collections::BTreeSet;

/// Part of the ledger.
#[derive(Debug, Deserialize)]
pub(crate) struct Ledger {
    payments: Vec<Entry>,
    customers: Vec<Account>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    calls: Calls,
    story: Vec<Happened>,
}

#[derive(Debug, Deserialize)]
struct Calls {
    inquiry: u32,
    cancel: u32,
    refund: u32,
}

#[derive(Debug, Deserialize)]
struct Happened {
    at_ms: i64,
    what: String,
}

#[derive(Debug, Deserialize)]
struct Account {
    opening_minor: i64,
    balance_minor: i64,
}

/// Asks for everything of one customer.
pub(crate) async fn ledger(base: &str, customer: &str) -> anyhow::Result<Ledger> {
    let url = format!("{base}/simulator/ledger?customer={customer}");
    let response = reqwest::get(url)
        .await
        .context("the simulated Alipay does not answer")?;
    response.json().await.context("the ledger can't be read")
}

impl Ledger {
    /// What the customer is out of pocket, in minor units.
    pub(crate) fn spent_minor(&self) -> i64 {
        let spent = |account: &Account| account.opening_minor.saturating_sub(account.balance_minor);
        self.customers.iter().map(spent).sum()
    }

    /// What happened, in one line.
    pub(crate) fn told(&self) -> String {
        let Some(first) = self.payments.first() else {
            return "never heard of it".to_owned();
        };
        let began_ms = first.story.first().map_or(0, |happened| happened.at_ms);
        let mut parts: Vec<String> = first
            .story
            .iter()
            .map(|happened| {
                let tenths = happened.at_ms.saturating_sub(began_ms).div_euclid(100);
                match tenths {
                    0 => happened.what.clone(),
                    _ => format!("{} at {}.{} s", happened.what, tenths / 10, tenths % 10),
                }
            })
            .collect();
        let calls = &first.calls;
        for (count, one, more) in [
            (calls.inquiry, "inquiry", "inquiries"),
            (calls.cancel, "cancel", "cancels"),
            (calls.refund, "refund", "refunds"),
        ] {
            match count {
                0 => {}
                1 => parts.push(format!("1 {one}")),
                _ => parts.push(format!("{count} {more}")),
            }
        }
        let mut seen = BTreeSet::new();
        parts.retain(|part| seen.insert(part.clone()));
        parts.join(", ")
    }
}
