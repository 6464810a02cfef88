//! The only place that reads a clock. Everything else is told the time, so that tests can tell it
//! another.

mod asleep;
mod steady;

pub use steady::Steady;

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// Milliseconds since the Unix epoch, as people and other machines see it; may be set back.
    fn now_ms(&self) -> i64;

    /// A clock that only goes on, also while the machine sleeps, for measuring how long something
    /// took (decision 16).
    fn monotonic(&self) -> Instant;
}

/// The machine's clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Clock for System {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that may read the wall clock"
    )]
    fn now_ms(&self) -> i64 {
        let since_epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that may read this clock"
    )]
    fn monotonic(&self) -> Instant {
        let now = Instant::now();
        now.checked_add(asleep::since_start()).unwrap_or(now)
    }
}

/// A clock that stands until it is moved. For tests.
#[derive(Debug)]
pub struct Standing {
    epoch_ms: i64,
    began: Instant,
    passed: Mutex<Duration>,
    wrong_by_ms: AtomicI64,
}

impl Standing {
    /// A clock standing at this instant, in milliseconds since the Unix epoch.
    pub fn at_ms(epoch_ms: i64) -> Self {
        Self {
            epoch_ms,
            began: System.monotonic(),
            passed: Mutex::new(Duration::ZERO),
            wrong_by_ms: AtomicI64::new(0),
        }
    }

    /// Moves both clocks on.
    pub fn advance(&self, by: Duration) {
        let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        *passed = passed.saturating_add(by);
    }

    /// Sets the wall clock alone: by a person, or after a pause that the machine did not notice.
    pub fn set_wrong_by(&self, ms: i64) {
        self.wrong_by_ms.store(ms, Ordering::Relaxed);
    }

    fn passed(&self) -> Duration {
        *self.passed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for Standing {
    fn now_ms(&self) -> i64 {
        let passed_ms = i64::try_from(self.passed().as_millis()).unwrap_or(i64::MAX);
        let wrong_by_ms = self.wrong_by_ms.load(Ordering::Relaxed);
        self.epoch_ms
            .saturating_add(passed_ms)
            .saturating_add(wrong_by_ms)
    }

    fn monotonic(&self) -> Instant {
        self.began.checked_add(self.passed()).unwrap_or(self.began)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standing_clock_moves_only_when_it_is_moved() {
        let clock = Standing::at_ms(1_000);
        let before = clock.monotonic();
        assert_eq!(clock.now_ms(), 1_000);
        clock.advance(Duration::from_millis(250));
        assert_eq!(clock.now_ms(), 1_250);
        assert_eq!(clock.monotonic() - before, Duration::from_millis(250));
    }
}
