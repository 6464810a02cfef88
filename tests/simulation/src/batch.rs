//! Many worlds, one after the other on every core, and what came of them all.

use crate::sim::{self, CASES, NOT_HERE, NoWorld, Verdict};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Sales in one world: enough to meet each other, few enough that a failing world can be read.
pub const SALES: u32 = 400;

/// What came of a batch.
#[derive(Debug, Default)]
pub struct Summary {
    /// Worlds run.
    pub worlds: u64,
    /// Payments asked for.
    pub payments: u64,
    /// Payments sold.
    pub sold: u64,
    /// Events appended.
    pub events: u64,
    /// How often each hard case was met, X1 first.
    pub met: Vec<u64>,
    /// The seeds of worlds in which something was wrong, with what it was.
    pub wrong: Vec<(u64, Vec<String>)>,
    /// A world that could not begin.
    pub broken: Option<NoWorld>,
}

impl Summary {
    /// The cases that should have been met and were not.
    pub fn unmet(&self) -> Vec<usize> {
        (1..=CASES)
            .filter(|number| !NOT_HERE.contains(number))
            .filter(|number| self.met.get(number.saturating_sub(1)) == Some(&0))
            .collect()
    }

    fn add(&mut self, seed: u64, verdict: Verdict) {
        self.worlds = self.worlds.saturating_add(1);
        self.payments = self.payments.saturating_add(verdict.payments);
        self.sold = self.sold.saturating_add(verdict.sold);
        self.events = self.events.saturating_add(verdict.events);
        self.met.resize(CASES, 0);
        for (sum, count) in self.met.iter_mut().zip(verdict.met) {
            *sum = sum.saturating_add(count);
        }
        if !verdict.wrong.is_empty() {
            self.wrong.push((seed, verdict.wrong));
        }
    }
}

/// What a batch is to do.
pub struct Order<'a> {
    /// The first world's seed; the next world's is one more.
    pub seed: u64,
    /// How many payments at least.
    pub payments: u64,
    /// How many threads.
    pub threads: usize,
    /// Stops after this many worlds in which something was wrong.
    pub wrong_max: usize,
    /// Told how many payments are done; says whether to go on.
    pub progress: &'a (dyn Fn(u64) -> bool + Sync),
}

/// Runs worlds until the payments are done.
pub fn run(order: &Order<'_>) -> Summary {
    let next = AtomicU64::new(order.seed);
    let stop = AtomicBool::new(false);
    let summary = Mutex::new(Summary::default());
    thread::scope(|scope| {
        for _ in 0..order.threads.max(1) {
            scope.spawn(|| worlds(order, &next, &stop, &summary));
        }
    });
    summary.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn worlds(order: &Order<'_>, next: &AtomicU64, stop: &AtomicBool, summary: &Mutex<Summary>) {
    while !stop.load(Ordering::Relaxed) {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        let ran = sim::run(seed, SALES);
        let mut summary = summary.lock().unwrap_or_else(PoisonError::into_inner);
        match ran {
            Ok(verdict) => summary.add(seed, verdict),
            Err(error) => summary.broken = Some(error),
        }
        let enough = summary.payments >= order.payments
            || summary.wrong.len() >= order.wrong_max.max(1)
            || summary.broken.is_some();
        if enough || !(order.progress)(summary.payments) {
            stop.store(true, Ordering::Relaxed);
        }
    }
}
