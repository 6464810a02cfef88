//! One round: a fault, and how long until sales go through again.

use super::Fault;
use crate::engines::Engines;
use crate::fleet::Fleet;
use crate::load::{Load, Sale};
use std::time::Duration;

/// How long after a fault is undone sales may take to go through again before it counts as never.
const BACK_WITHIN: Duration = Duration::from_secs(60);

/// How old the load must be for some of its sales to be near their last release.
const OLD_ENOUGH: Duration = Duration::from_secs(36);

/// How many of a thousand tills hang up while they are wanted to.
const HANG_UP_PER_MILLE: u32 = 500;

/// How many of a thousand merchants change their mind while the fleet is mixed.
const CHANGE_MIND_PER_MILLE: u32 = 400;

const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Peace between two faults, so that each one's effect is its own.
const PEACE: Duration = Duration::from_secs(3);

/// What one fault did.
#[derive(Clone, Debug)]
pub struct Round {
    /// Which.
    pub fault: Fault,
    /// What the keys of the sales that it could harm begin with.
    pub sold_by: String,
    /// From when, in microseconds of the load's clock.
    pub from_us: u64,
    /// Until when, peace included.
    pub until_us: u64,
    /// From its undoing to the first outcome that was told of a sale begun after it; `None` if
    /// there was none within a minute, or of a standalone within twenty seconds.
    pub back_after_us: Option<u64>,
    /// Processes that ended although nobody asked them to. They were started again.
    pub ended_by_itself: Vec<String>,
}

/// From now to the first outcome that is told of a sale begun from now on, in microseconds; `meanwhile`
/// is done between two looks.
pub(super) async fn back_after_us(
    load: &Load,
    within: Duration,
    mut meanwhile: impl AsyncFnMut() -> anyhow::Result<()>,
) -> anyhow::Result<Option<u64>> {
    let clock = load.clock();
    let undone_us = clock.now_us();
    let patience_us = u64::try_from(within.as_micros())?;
    while clock.now_us().saturating_sub(undone_us) < patience_us {
        meanwhile().await?;
        tokio::time::sleep(LOOK_EVERY).await;
        if let Some(told_us) = load.first_told_us(undone_us) {
            return Ok(Some(told_us.saturating_sub(undone_us)));
        }
    }
    Ok(None)
}

pub(super) async fn round(
    fault: Fault,
    fleet: &mut Fleet,
    engines: &Engines,
    load: &Load,
) -> anyhow::Result<Round> {
    let clock = load.clock();
    if matches!(fault, Fault::Stall(_)) {
        load.until(OLD_ENOUGH).await;
    }
    if fault == Fault::HangUps {
        load.habits().hang_up(HANG_UP_PER_MILLE);
    }
    if matches!(fault, Fault::Mixed(_, _)) {
        load.habits().change_mind(CHANGE_MIND_PER_MILLE);
    }
    let from_us = clock.now_us();
    let inflicted = fault.inflict(fleet, engines).await;
    load.habits().hang_up(0);
    load.habits().change_mind(0);
    inflicted?;
    let mut ended_by_itself = Vec::new();
    let back_after_us = back_after_us(load, BACK_WITHIN, async || {
        // As a supervisor would.
        ended_by_itself.extend(fleet.start_what_ended().await?);
        Ok(())
    })
    .await?;
    tokio::time::sleep(PEACE).await;
    ended_by_itself.extend(fleet.start_what_ended().await?);
    Ok(Round {
        fault,
        sold_by: format!("{}-", load.prefix()),
        from_us,
        until_us: clock.now_us(),
        back_after_us,
        ended_by_itself,
    })
}

pub(super) fn seconds(us: u64) -> String {
    let tenths = us / 100_000;
    format!("{}.{} s", tenths / 10, tenths % 10)
}

impl Round {
    /// In one line.
    pub(super) fn text(&self) -> String {
        let back = self.back_after_us.map_or("never".to_owned(), seconds);
        format!("{}: sales went through again after {back}", self.fault)
    }

    fn could_harm(&self, sale: &Sale) -> bool {
        sale.reference.starts_with(&self.sold_by)
    }

    /// The sales that began in it.
    pub fn sales<'a>(&self, all: &'a [Sale]) -> Vec<&'a Sale> {
        let within = self.from_us..self.until_us;
        let all = all.iter();
        all.filter(|sale| self.could_harm(sale) && within.contains(&sale.began_us))
            .collect()
    }

    /// The longest time in it, in microseconds, in which no till was told an outcome.
    pub fn stall_us(&self, all: &[Sale]) -> u64 {
        let told = all.iter().filter(|sale| self.could_harm(sale));
        let told = told.filter_map(Sale::told_us);
        let mut told: Vec<u64> = told
            .filter(|us| (self.from_us..self.until_us).contains(us))
            .collect();
        told.extend([self.from_us, self.until_us]);
        told.sort_unstable();
        let gaps = told.iter().zip(told.iter().skip(1));
        gaps.map(|(one, next)| next.saturating_sub(*one))
            .max()
            .unwrap_or(0)
    }
}
