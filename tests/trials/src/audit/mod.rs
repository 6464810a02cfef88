//! The audit: when everything is final, does what merchants were told agree with what every door
//! says, with the history, and with Alipay's own ledger? It has no part in making the sales.

mod history;
mod ledger;
mod verdict;

pub use history::History;
pub use ledger::{Entry, Ledger};

use crate::load::{Sale, Till};
use anyhow::Context;
use futures_util::{StreamExt, stream};
use reqwest::StatusCode;
use serde::Deserialize;
use std::time::Duration;
use tokio::time::Instant;

/// How many payments are looked at side by side.
const SIDE_BY_SIDE: usize = 16;

/// Between two looks at what is not final yet.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How long a payment may take to its end once all is well again: the queue of close-outs asks every
/// ten minutes at the latest. An account that leaves thirteen inquiries unanswered takes so long where
/// the merchant cancels at once, since the queue makes most of them.
pub const PATIENCE: Duration = Duration::from_mins(12);

/// Who is asked, and for how long.
pub struct Audit<'a> {
    /// Any merchant's till.
    pub till: &'a Till,
    /// The simulated Alipay's address.
    pub simulator: &'a str,
    /// How long payments may take to become final; [`PATIENCE`] if nothing speaks against it.
    pub within: Duration,
}

/// What the audit found.
#[derive(Debug, Default)]
pub struct Report {
    /// How many sales were judged.
    pub sales: usize,
    /// Sold, and the customer charged.
    pub paid: usize,
    /// Taken, and ended unpaid.
    pub not_paid: usize,
    /// Never taken: no door knows them, or each says that it was turned down.
    pub not_taken: usize,
    /// Everything that disagrees.
    pub wrong: Vec<Difference>,
    /// Sales whose tills gave up before they were told, and all that is known of each. Nothing
    /// disagrees for that.
    pub untold: Vec<Difference>,
}

/// A sale of which two tell different things.
#[derive(Debug)]
pub struct Difference {
    /// Its key.
    pub reference: String,
    /// What disagrees.
    pub what: Vec<String>,
    /// Everything that is known of it.
    pub story: String,
}

/// What the doors say of a sale when it is final.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Known {
    /// A payment, by its view.
    Payment(View),
    /// A door remembers having turned it down.
    TurnedDown(String),
    /// No door knows it.
    Nothing,
    /// No door answered, for as long as the audit was patient.
    Unanswered,
}

/// A payment by its view.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct View {
    /// Its id.
    pub id: String,
    /// Where it stands.
    pub status: String,
    /// `pending`, `paid` or `not_paid`.
    pub outcome: String,
    /// Alipay's key of it.
    pub payment_request_id: String,
    /// How many events its order has.
    pub sequence: u64,
}

impl View {
    /// Whether nothing more will happen by itself.
    pub fn is_final(&self) -> bool {
        ["paid", "failed", "cancelled", "reversed"].contains(&self.status.as_str())
    }
}

#[derive(Deserialize)]
struct Found {
    payments: Vec<View>,
}

impl Audit<'_> {
    /// Waits until everything is final, `progress` hearing how many of how many are, and judges.
    ///
    /// # Errors
    /// If a door or the ledger can't be asked; a disagreement is not an error but a finding.
    pub async fn judge(&self, sales: &[Sale], progress: impl Fn(usize)) -> anyhow::Result<Report> {
        let known = self.wait_until_final(sales, progress).await?;
        let ledger = Ledger::read(self.simulator).await?;
        let judged = sales.iter().zip(&known);
        let verdicts = stream::iter(judged)
            .map(|(sale, known)| self.judge_one(sale, known, &ledger))
            .buffered(SIDE_BY_SIDE)
            .collect::<Vec<_>>()
            .await;
        let mut report = Report {
            sales: sales.len(),
            ..Report::default()
        };
        for (verdict, known) in verdicts.into_iter().zip(&known) {
            report.count(known);
            match verdict? {
                Some(difference) if difference.what.is_empty() => report.untold.push(difference),
                Some(difference) => report.wrong.push(difference),
                None => {}
            }
        }
        Ok(report)
    }

    async fn wait_until_final(
        &self,
        sales: &[Sale],
        progress: impl Fn(usize),
    ) -> anyhow::Result<Vec<Known>> {
        let deadline = Instant::now()
            .checked_add(self.within)
            .context("no such time")?;
        let mut known: Vec<Option<Known>> = vec![None; sales.len()];
        loop {
            let open = known.iter().zip(sales).enumerate();
            let open: Vec<(usize, &Sale)> = open
                .filter(|(_, (known, sale))| {
                    !known.as_ref().is_some_and(|known| at_rest(known, sale))
                })
                .map(|(place, (_, sale))| (place, sale))
                .collect();
            progress(sales.len().saturating_sub(open.len()));
            if open.is_empty() || Instant::now() > deadline {
                break;
            }
            let looks = stream::iter(open)
                .map(|(place, sale)| async move { (place, self.look(sale).await) })
                .buffer_unordered(SIDE_BY_SIDE)
                .collect::<Vec<_>>()
                .await;
            for (place, looked) in looks {
                // A gateway that is just coming back is asked again.
                if let (Ok(found), Some(known)) = (looked, known.get_mut(place)) {
                    *known = Some(found);
                }
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let known = known.into_iter();
        Ok(known
            .map(|known| known.unwrap_or(Known::Unanswered))
            .collect())
    }

    async fn look(&self, sale: &Sale) -> anyhow::Result<Known> {
        let path = format!("/v1/payments?reference={}", sale.reference);
        let (status, body) = self.till.read(&path).await?;
        if status != StatusCode::OK {
            let code = body.get("code").and_then(serde_json::Value::as_str);
            return Ok(Known::TurnedDown(code.unwrap_or("unknown").to_owned()));
        }
        let found: Found = serde_json::from_value(body).context("a payment can't be read")?;
        let first = found.payments.into_iter().next();
        Ok(first.map_or(Known::Nothing, Known::Payment))
    }

    async fn judge_one(
        &self,
        sale: &Sale,
        known: &Known,
        ledger: &Ledger,
    ) -> anyhow::Result<Option<Difference>> {
        let history = match known {
            Known::Payment(view) => History::read(self.till, &view.id).await?,
            Known::TurnedDown(_) | Known::Nothing | Known::Unanswered => None,
        };
        let entries = ledger.of(&sale.order);
        let what = verdict::verdict(&verdict::Case {
            sale,
            known,
            history: history.as_ref(),
            entries,
        });
        if what.is_empty() && !sale.gave_up() {
            return Ok(None);
        }
        Ok(Some(Difference {
            reference: sale.reference.clone(),
            what,
            story: story(sale, known, history.as_ref(), entries),
        }))
    }
}

/// Whether nothing more is to come. A cancel that was taken may wait in the command log behind a
/// payment that is paid.
fn at_rest(known: &Known, sale: &Sale) -> bool {
    match known {
        Known::Payment(view) => {
            view.is_final() && !(view.outcome == "paid" && sale.cancel_was_taken())
        }
        Known::TurnedDown(_) | Known::Nothing | Known::Unanswered => true,
    }
}

impl Report {
    /// Both together.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.sales = self.sales.saturating_add(other.sales);
        self.paid = self.paid.saturating_add(other.paid);
        self.not_paid = self.not_paid.saturating_add(other.not_paid);
        self.not_taken = self.not_taken.saturating_add(other.not_taken);
        self.wrong.extend(other.wrong);
        self.untold.extend(other.untold);
        self
    }

    fn count(&mut self, known: &Known) {
        let counted = match known {
            Known::Payment(view) if view.outcome == "paid" => &mut self.paid,
            Known::Payment(_) => &mut self.not_paid,
            Known::TurnedDown(_) | Known::Nothing => &mut self.not_taken,
            // It is wrong, and that is counted.
            Known::Unanswered => return,
        };
        *counted = counted.saturating_add(1);
    }
}

/// Everything that is known of a sale, for people.
fn story(sale: &Sale, known: &Known, history: Option<&History>, entries: &[Entry]) -> String {
    let mut lines = vec![format!(
        "behavior {}, begun at {} ms, final view: {known:?}",
        sale.behavior,
        sale.began_us / 1_000
    )];
    if let Some(after) = sale.types_after {
        lines.push(format!("customer: types the PIN after {after:?}"));
    }
    for heard in &sale.heard {
        let (asked_ms, heard_ms) = (heard.asked_us / 1_000, heard.heard_us / 1_000);
        let (asked, gateway, said) = (heard.asked, heard.gateway, &heard.said);
        lines.push(format!(
            "till: {asked_ms} ms {asked:?} at gateway {gateway}, {heard_ms} ms {said:?}"
        ));
    }
    let events = history.map(|history| history.events.iter());
    lines.extend(
        events
            .into_iter()
            .flatten()
            .map(|event| format!("event: {event:?}")),
    );
    lines.extend(entries.iter().map(|entry| format!("ledger: {entry:?}")));
    lines.join("\n")
}
