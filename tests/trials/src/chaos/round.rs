//! One round: a fault, and how long until sales go through again.

use super::Fault;
use crate::engines::Engines;
use crate::fleet::Fleet;
use crate::load::{Load, Sale};
use std::time::Duration;

/// How long after a fault is undone sales may take to go through again before it counts as never.
const BACK_WITHIN: Duration = Duration::from_secs(60);

const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Peace between two faults, so that each one's effect is its own.
const PEACE: Duration = Duration::from_secs(3);

/// What one fault did.
#[derive(Clone, Debug)]
pub struct Round {
    /// Which.
    pub fault: Fault,
    /// From when, in microseconds of the load's clock.
    pub from_us: u64,
    /// Until when, peace included.
    pub until_us: u64,
    /// From its undoing to the first outcome that was told of a sale begun after it; `None` if
    /// there was none within a minute.
    pub back_after_us: Option<u64>,
    /// Processes that ended although nobody asked them to. They were started again.
    pub ended_by_itself: Vec<String>,
}

pub(super) async fn round(
    fault: Fault,
    fleet: &mut Fleet,
    engines: &Engines,
    load: &Load,
) -> anyhow::Result<Round> {
    let clock = load.clock();
    let from_us = clock.now_us();
    fault.inflict(fleet, engines).await?;
    let mut ended_by_itself = Vec::new();
    let undone_us = clock.now_us();
    let mut back_after_us = None;
    let patience_us = u64::try_from(BACK_WITHIN.as_micros())?;
    while back_after_us.is_none() && clock.now_us().saturating_sub(undone_us) < patience_us {
        // As a supervisor would.
        ended_by_itself.extend(fleet.start_what_ended().await?);
        tokio::time::sleep(LOOK_EVERY).await;
        let told_us = load.first_told_us(undone_us);
        back_after_us = told_us.map(|told_us| told_us.saturating_sub(undone_us));
    }
    tokio::time::sleep(PEACE).await;
    ended_by_itself.extend(fleet.start_what_ended().await?);
    Ok(Round {
        fault,
        from_us,
        until_us: clock.now_us(),
        back_after_us,
        ended_by_itself,
    })
}

impl Round {
    /// The sales that began in it.
    pub fn sales<'a>(&self, all: &'a [Sale]) -> Vec<&'a Sale> {
        let within = self.from_us..self.until_us;
        let all = all.iter();
        all.filter(|sale| within.contains(&sale.began_us)).collect()
    }

    /// The longest time in it, in microseconds, in which no till was told an outcome.
    pub fn stall_us(&self, all: &[Sale]) -> u64 {
        let told = all.iter().filter_map(Sale::told_us);
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
