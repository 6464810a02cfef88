//! Faults of a standalone, which has a disk and descriptors of its own: it runs beside the fleet for
//! one round, with sales of its own, which are audited by its own Alipay's ledger.

use super::ChaosPlan;
use super::round::Round;
use super::{Fault, Trouble};
use crate::alone::{Alone, Descriptors};
use crate::audit::{Audit, Difference, PATIENCE, Report};
use crate::clock::Clock;
use crate::load::{Load, LoadPlan, Mix, Sale, Tills};
use crate::wire::{Harm, Wire};
use anyhow::Context;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// Sales in peace before the fault: some customers type the PIN for twelve seconds.
const PEACE: Duration = Duration::from_secs(8);

/// How long the disk stays full.
const FULL: Duration = Duration::from_secs(8);

/// How long connections stay open: past the close-out of every sale that was under way.
const CROWDED: Duration = Duration::from_secs(38);

/// How long no connection leads to Alipay meanwhile.
const CUT: Duration = Duration::from_millis(200);

/// A sale that began so long before the fault was taken by then.
const TAKEN_WITHIN_US: u64 = 2_000_000;

const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How often what was freed on a full disk is taken again.
const FILL_EVERY: Duration = Duration::from_millis(200);

/// How long after the fault is undone sales may take to go through again.
const BACK_WITHIN: Duration = Duration::from_secs(20);

/// How long payments of a standalone that does not come back may take to become final.
const IF_GONE: Duration = Duration::from_mins(1);

/// The soft limit of descriptors that most systems begin with.
const FEW: u32 = 1_024;

/// More connections than that.
const IDLE: usize = 1_500;

/// What the trial itself needs for them.
const OWN_DESCRIPTORS: u32 = 4_096;

/// A standalone whose fault is over, and whose sales are not all final yet.
pub(super) struct Open {
    trouble: Trouble,
    harmed_us: u64,
    is_back: bool,
    alone: Alone,
    tills: Tills,
    sales: JoinHandle<anyhow::Result<Vec<Sale>>>,
}

/// Runs it. The fleet knows nothing of it and goes on with its own faults.
pub(super) async fn round(
    trouble: Trouble,
    number: usize,
    plan: ChaosPlan,
    clock: Clock,
) -> anyhow::Result<(Round, Open)> {
    let descriptors = match trouble {
        Trouble::DiskFull => Descriptors::AsMany,
        Trouble::DescriptorsAtFirst => Descriptors::AtFirst(FEW),
        Trouble::DescriptorsAtMost => Descriptors::AtMost(FEW),
    };
    let folder = format!("alone-{}-{number}", std::process::id());
    let from_us = clock.now_us();
    let mut alone = Alone::start(&plan.tidegate, &plan.folder.join(folder), descriptors).await?;
    let tills = Tills::counting(vec![alone.gateway.clone()], &alone.token, clock)?;
    let sales = sales(&plan, number);
    let sold_by = format!("{}-", sales.prefix);
    let load = Load::start(sales, tills.clone());
    tokio::time::sleep(PEACE).await;
    let harmed_us = clock.now_us();
    match trouble {
        Trouble::DiskFull => disk_full(&alone).await?,
        Trouble::DescriptorsAtFirst | Trouble::DescriptorsAtMost => crowd(&alone).await?,
    }
    let back_after_us = back_after_us(&load).await;
    let mut ended_by_itself = Vec::new();
    if alone.ended()? {
        ended_by_itself.push("standalone".to_owned());
    }
    let round = Round {
        fault: Fault::Alone(trouble),
        sold_by,
        from_us,
        until_us: clock.now_us(),
        back_after_us,
        ended_by_itself,
    };
    let open = Open {
        trouble,
        harmed_us,
        is_back: back_after_us.is_some(),
        alone,
        tills,
        // Begins no more, and waits for its tills while the fleet has its next fault.
        sales: tokio::spawn(load.stop()),
    };
    Ok((round, open))
}

impl Open {
    /// Waits until every sale is final, and audits.
    ///
    /// # Errors
    /// If someone can't be asked.
    pub(super) async fn judged(self) -> anyhow::Result<(Report, Vec<Sale>)> {
        let sales = self.sales.await??;
        let till = self.tills.till(0);
        let audit = Audit {
            till: &till,
            simulator: &self.alone.simulator,
            within: if self.is_back { PATIENCE } else { IF_GONE },
        };
        let mut report = audit.judge(&sales, |_| {}).await?;
        if self.trouble != Trouble::DiskFull {
            report.wrong.extend(broken_off(&sales, self.harmed_us));
        }
        self.alone.stop().await?;
        Ok((report, sales))
    }
}

/// Customers who pay sooner or later; an answer of Alipay's that is lost now and then.
fn sales(plan: &ChaosPlan, number: usize) -> LoadPlan {
    LoadPlan {
        per_second: plan.per_second,
        mix: Mix::new(vec![
            ("0000", 4),
            ("0101", 2),
            ("0102", 2),
            ("0112", 4),
            ("0401", 1),
        ]),
        cancelled_per_mille: 0,
        gives_up_per_mille: 0,
        prefix: format!("alone-{}-{number}", plan.seed),
        seed: plan.seed,
    }
}

async fn back_after_us(load: &Load) -> Option<u64> {
    let undone_us = load.clock().now_us();
    let back = async {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            if let Some(told_us) = load.first_told_us(undone_us) {
                return told_us.saturating_sub(undone_us);
            }
        }
    };
    tokio::time::timeout(BACK_WITHIN, back).await.ok()
}

async fn disk_full(alone: &Alone) -> anyhow::Result<()> {
    let times = FULL.as_millis() / FILL_EVERY.as_millis();
    for _ in 0..times {
        alone.fill()?;
        tokio::time::sleep(FILL_EVERY).await;
    }
    alone.free()
}

/// Opens connections that never say a word.
async fn crowd(alone: &Alone) -> anyhow::Result<()> {
    may_open(OWN_DESCRIPTORS).await?;
    let address = alone.gateway.trim_start_matches("http://");
    let mut open = Vec::new();
    for _ in 0..IDLE {
        let connected =
            tokio::time::timeout(Duration::from_millis(100), TcpStream::connect(address));
        // One that is turned away, or kept waiting, is as good as any.
        if let Ok(Ok(stream)) = connected.await {
            open.push(stream);
        }
    }
    // Connections to Alipay end as any may: what is asked of it from now on needs new ones.
    alone.wires.harm(Wire::Alipay, Harm::Cut)?;
    tokio::time::sleep(CUT).await;
    alone.wires.harm(Wire::Alipay, Harm::Whole)?;
    tokio::time::sleep(CROWDED).await;
    drop(open);
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

/// Sales that were under way when the fault came, whose customers paid in time, and that were not
/// sold: nothing but the fault can have ended them.
fn broken_off(sales: &[Sale], harmed_us: u64) -> Vec<Difference> {
    let under_way = sales
        .iter()
        .filter(|sale| sale.began_us.saturating_add(TAKEN_WITHIN_US) < harmed_us);
    let sold = |sale: &&Sale| {
        let mut heard = sale.heard.iter();
        heard.any(|heard| heard.said.outcome() == Some("paid"))
    };
    let broken = under_way.filter(|sale| !sold(sale));
    broken
        .map(|sale| Difference {
            reference: sale.reference.clone(),
            what: vec!["under way before the fault, and not sold".to_owned()],
            story: format!("{sale:?}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Asked, Heard, Said};

    fn sale(began_us: u64, outcome: &str) -> Sale {
        let mut sale = Sale::new("l", began_us, "0112");
        sale.began_us = began_us;
        sale.heard.push(Heard {
            asked: Asked::Pay,
            gateway: 0,
            asked_us: began_us,
            heard_us: began_us,
            said: Said::Payment {
                status: String::new(),
                outcome: outcome.to_owned(),
            },
        });
        sale
    }

    #[test]
    fn a_sale_that_was_under_way_must_be_sold() {
        let sales = [sale(1, "paid"), sale(2, "not_paid"), sale(9, "not_paid")];
        let broken = broken_off(&sales, TAKEN_WITHIN_US + 5);
        let references: Vec<&str> = broken
            .iter()
            .map(|broken| broken.reference.as_str())
            .collect();
        assert_eq!(references, ["l-2"]);
    }
}
