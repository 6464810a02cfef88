//! A crowd at the door of one process: connections without a token that take up descriptors and want
//! nothing. One that is ended comes again at once.
//!
//! A gateway soon ends a connection that never asked anything; one that was answered once is kept
//! open for its next request, and so holds its descriptor for longer than any sale takes.

use crate::alone::Alone;
use crate::audit::{Difference, Ledger};
use crate::load::{Said, Sale};
use crate::wire::{Harm, Wire};
use anyhow::Context;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// The soft limit of descriptors that most systems begin with.
pub(super) const FEW: u32 = 1_024;

/// More connections than that.
const IDLE: usize = 1_500;

/// Asked of nobody's door, and answered 404.
const ASKED: &[u8] = b"GET /nothing HTTP/1.1\r\nhost: tidegate\r\n\r\n";

/// What the trial itself needs for them.
const OWN_DESCRIPTORS: u32 = 4_096;

/// How long they stay: past the close-out of every sale that was under way.
const CROWDED: Duration = Duration::from_secs(45);

/// How often connections to Alipay end meanwhile, as any may: what is asked of it next needs a new
/// one, and so a descriptor.
const CUT_EVERY: Duration = Duration::from_secs(2);

/// How long none leads there then.
const CUT: Duration = Duration::from_millis(100);

/// A sale that began so long before they came was taken by then.
const TAKEN_WITHIN_US: u64 = 2_000_000;

/// Between two tries of one that is ended or turned away.
const AGAIN: Duration = Duration::from_millis(200);

/// What each of them does before it says nothing more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Asks {
    /// It asks once.
    Once,
    /// It never says a word.
    Never,
}

/// Lets them come, stay and go.
pub(super) async fn crowd(alone: &Alone, asks: Asks) -> anyhow::Result<()> {
    may_open(OWN_DESCRIPTORS).await?;
    let address = alone.gateway.trim_start_matches("http://");
    let mut crowd = JoinSet::new();
    for _ in 0..IDLE {
        crowd.spawn(idle(address.to_owned(), asks));
    }
    let over = Instant::now()
        .checked_add(CROWDED)
        .context("no such time")?;
    while Instant::now() < over {
        tokio::time::sleep(CUT_EVERY).await;
        alone.wires.harm(Wire::Alipay, Harm::Cut)?;
        tokio::time::sleep(CUT).await;
        alone.wires.harm(Wire::Alipay, Harm::Whole)?;
    }
    crowd.shutdown().await;
    Ok(())
}

async fn idle(address: String, asks: Asks) {
    loop {
        // One that is turned away, or kept waiting, is as good as any.
        let _ended = stay(&address, asks).await;
        tokio::time::sleep(AGAIN).await;
    }
}

/// Until the other side ends it.
async fn stay(address: &str, asks: Asks) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    if asks == Asks::Once {
        stream.write_all(ASKED).await?;
    }
    let mut bytes = [0; 512];
    while stream.read(&mut bytes).await? > 0 {}
    Ok(())
}

/// Raises how many descriptors this process may have, as far as the system lets it.
async fn may_open(descriptors: u32) -> anyhow::Result<()> {
    let mut command = tokio::process::Command::new("prlimit");
    command.args(["--pid", &std::process::id().to_string()]);
    command.arg(format!("--nofile={descriptors}:"));
    let status = command.status().await;
    let raised = status.context("prlimit can't be run")?.success();
    anyhow::ensure!(
        raised,
        "{descriptors} descriptors are more than this process may have"
    );
    Ok(())
}

/// Sales that nothing but the crowd can have ended: their tills waited for customers who paid.
pub(super) fn broken_off(sales: &[Sale], ledger: &Ledger, came_us: u64) -> Vec<Difference> {
    let mut broken = Vec::new();
    for sale in sales {
        let before = sale.began_us.saturating_add(TAKEN_WITHIN_US) < came_us;
        let entries = ledger.of(&sale.order);
        let waited = heard_all(sale) && entries.iter().any(|entry| entry.charged_minor > 0);
        if is_sold(sale) || !(before || waited) {
            continue;
        }
        let what = if before {
            "under way before the crowd came, and not sold"
        } else {
            "its till waited, the customer paid, and it is not sold"
        };
        broken.push(Difference {
            reference: sale.reference.clone(),
            what: vec![what.to_owned()],
            story: format!("{sale:?}\n{entries:?}"),
        });
    }
    broken
}

fn is_sold(sale: &Sale) -> bool {
    let mut heard = sale.heard.iter();
    heard.any(|heard| heard.said.outcome() == Some("paid"))
}

/// Whether no answer was lost, so that its till was there all the time.
fn heard_all(sale: &Sale) -> bool {
    let mut heard = sale.heard.iter();
    !sale.heard.is_empty() && heard.all(|heard| matches!(heard.said, Said::Payment { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Asked, Heard};
    use serde_json::json;

    fn sale(number: u64, began_us: u64, said: Said) -> Sale {
        let mut sale = Sale::new("l", number, "0112");
        sale.began_us = began_us;
        sale.heard.push(Heard {
            asked: Asked::Pay,
            gateway: 0,
            asked_us: began_us,
            heard_us: began_us,
            said,
        });
        sale
    }

    fn ended(outcome: &str) -> Said {
        Said::Payment {
            status: String::new(),
            outcome: outcome.to_owned(),
        }
    }

    #[test]
    fn a_sale_that_was_under_way_or_whose_customer_paid_must_be_sold() {
        let came_us = TAKEN_WITHIN_US + 5;
        let sales = [
            sale(1, 1, ended("paid")),
            sale(2, 1, ended("not_paid")),
            sale(3, came_us, ended("not_paid")),
            sale(4, came_us, ended("not_paid")),
            sale(5, came_us, Said::Broken(String::new())),
        ];
        let calls = json!({"pay": 1, "inquiry": 0, "cancel": 1, "refund": 0});
        let charged = |order: &str| {
            json!({
                "payment_request_id": order, "order": order, "standing": "cancelled",
                "charged_minor": 9, "returned_minor": 9, "calls": calls, "story": [],
            })
        };
        let entries = ["order-l-4", "order-l-5"].map(charged);
        let entries = serde_json::from_value(json!(entries)).unwrap();
        let broken = broken_off(&sales, &Ledger::of_entries(entries), came_us);
        let broken = broken.iter().map(|broken| broken.reference.as_str());
        assert_eq!(broken.collect::<Vec<_>>(), ["l-2", "l-4"]);
    }
}
