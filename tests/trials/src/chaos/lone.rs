//! Faults of a standalone, which has a disk and descriptors of its own: it runs beside the fleet for
//! one round, with sales of its own, which are audited by its own Alipay's ledger.

use super::ChaosPlan;
use super::crowd::{Asks, FEW, broken_off, crowd};
use super::round::Round;
use super::{Fault, Trouble};
use crate::alone::{Alone, Descriptors};
use crate::audit::{Audit, Ledger, PATIENCE, Report};
use crate::clock::Clock;
use crate::load::{Load, LoadPlan, Mix, Sale, Tills};
use std::time::Duration;
use tokio::task::JoinHandle;

/// Sales in peace before the fault: some customers type the PIN for twelve seconds.
const PEACE: Duration = Duration::from_secs(8);

/// How long the disk stays full.
const FULL: Duration = Duration::from_secs(8);

const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How often what was freed on a full disk is taken again.
const FILL_EVERY: Duration = Duration::from_millis(200);

/// How long after the fault is undone sales may take to go through again.
const BACK_WITHIN: Duration = Duration::from_secs(20);

/// How long payments of a standalone that does not come back may take to become final.
const IF_GONE: Duration = Duration::from_mins(1);

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
        Trouble::DescriptorsAtMost | Trouble::DescriptorsBySilence => Descriptors::AtMost(FEW),
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
        Trouble::DiskFull => disk_full(&mut alone).await?,
        Trouble::DescriptorsAtFirst | Trouble::DescriptorsAtMost => {
            crowd(&alone, Asks::Once).await?;
        }
        Trouble::DescriptorsBySilence => crowd(&alone, Asks::Never).await?,
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
            let ledger = Ledger::read(&self.alone.simulator).await?;
            let broken = broken_off(&sales, &ledger, self.harmed_us);
            report.wrong.extend(broken);
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
            ("0112", 12),
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

async fn disk_full(alone: &mut Alone) -> anyhow::Result<()> {
    let times = FULL.as_millis() / FILL_EVERY.as_millis();
    for _ in 0..times {
        if alone.ended()? {
            // Its disk went with it.
            return Ok(());
        }
        alone.fill()?;
        tokio::time::sleep(FILL_EVERY).await;
    }
    alone.free()
}
