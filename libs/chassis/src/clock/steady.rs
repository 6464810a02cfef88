//! A process's clock that no one can set back: it begins where its reference stands, goes on with
//! the monotonic clock, and follows the reference, slowly where that is behind. A machine whose clock
//! is set back by ten minutes must not make a merchant wait ten minutes longer (X34).
//!
//! Where the reference is seconds ahead, time has passed that the machine did not notice: it was
//! paused. Then it follows at once, or payments would be taken whose expiry is in the past.

use super::Clock;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// It gains or loses at most one part in this many on its way to the reference: 50 ms in a second.
const SLOWNESS: i64 = 20;

/// A reference farther ahead than this is gone to at once. No clock drifts so far within a second.
const BEHIND_MAX_MS: i64 = 2_000;

/// A clock that follows another. Clones of the `Arc` that holds it are the same clock.
pub struct Steady {
    machine: Arc<dyn Clock>,
    /// Whether the machine's own clock is the reference.
    alone: bool,
    base: Mutex<Base>,
}

#[derive(Clone, Copy)]
struct Base {
    now_ms: i64,
    at: Instant,
}

impl Steady {
    /// A clock that stands at `reference_ms` (since the Unix epoch) now. `machine` tells how time
    /// goes on.
    pub fn beginning_at(reference_ms: i64, machine: Arc<dyn Clock>) -> Self {
        Self::beginning(reference_ms, false, machine)
    }

    /// A clock whose reference is the machine's own, as it stands.
    pub fn of(machine: Arc<dyn Clock>) -> Self {
        Self::beginning(machine.now_ms(), true, machine)
    }

    fn beginning(reference_ms: i64, alone: bool, machine: Arc<dyn Clock>) -> Self {
        let at = machine.monotonic();
        Self {
            machine,
            alone,
            base: Mutex::new(Base {
                now_ms: reference_ms,
                at,
            }),
        }
    }

    /// What the machine's own clock says now, however it was set.
    pub fn machine_ms(&self) -> i64 {
        self.machine.now_ms()
    }

    /// Goes towards the reference: at once to one that is seconds ahead, else by at most 50 ms for
    /// every second since it last did. Returns how far the reference is ahead still, in
    /// milliseconds.
    pub fn follow(&self, reference_ms: i64) -> i64 {
        let at = self.machine.monotonic();
        let mut base = self.base();
        let passed_ms = millis(at.saturating_duration_since(base.at));
        let now_ms = base.now_ms.saturating_add(passed_ms);
        let ahead_ms = reference_ms.saturating_sub(now_ms);
        let most_ms = passed_ms.checked_div(SLOWNESS).unwrap_or(0);
        let step_ms = if ahead_ms > BEHIND_MAX_MS {
            ahead_ms
        } else {
            ahead_ms.clamp(most_ms.saturating_neg(), most_ms)
        };
        *base = Base {
            now_ms: now_ms.saturating_add(step_ms),
            at,
        };
        ahead_ms.saturating_sub(step_ms)
    }

    // A panic elsewhere leaves the base whole: every change to it is one step.
    fn base(&self) -> MutexGuard<'_, Base> {
        self.base.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for Steady {
    fn now_ms(&self) -> i64 {
        let base = *self.base();
        let passed = self.machine.monotonic().saturating_duration_since(base.at);
        let now_ms = base.now_ms.saturating_add(millis(passed));
        if !self.alone {
            return now_ms;
        }
        // The reference is at hand: what it says need not wait until it is followed next.
        let reference_ms = self.machine.now_ms();
        if reference_ms.saturating_sub(now_ms) > BEHIND_MAX_MS {
            reference_ms
        } else {
            now_ms
        }
    }

    fn monotonic(&self) -> Instant {
        self.machine.monotonic()
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Standing;

    #[test]
    fn case_x34_a_clock_that_is_set_back_is_followed_slowly_and_never_jumped_to() {
        let machine = Arc::new(Standing::at_ms(1_000_000));
        let steady = Steady::beginning_at(1_000_000, machine.clone());
        machine.advance(Duration::from_secs(10));
        assert_eq!(steady.now_ms(), 1_010_000);
        // Someone sets the reference back by ten minutes.
        let set_back = |passed_ms: i64| 1_010_000 + passed_ms - 600_000;
        assert_eq!(steady.follow(set_back(0)), -599_500);
        assert_eq!(steady.now_ms(), 1_009_500);
        for second in 1..=60 {
            machine.advance(Duration::from_secs(1));
            steady.follow(set_back(second * 1_000));
        }
        assert_eq!(steady.now_ms(), 1_009_500 + 60_000 - 60 * 50);
    }

    #[test]
    fn case_x34_a_machine_that_is_ninety_seconds_fast_tells_the_references_time() {
        let machine = Arc::new(Standing::at_ms(1_090_000));
        let steady = Steady::beginning_at(1_000_000, machine.clone());
        machine.advance(Duration::from_secs(5));
        assert_eq!(
            (steady.now_ms(), steady.machine_ms()),
            (1_005_000, 1_095_000)
        );
        assert_eq!(steady.follow(1_005_003), 0);
        assert_eq!(steady.now_ms(), 1_005_003);
    }

    #[test]
    fn case_x34_a_reference_that_is_seconds_ahead_is_gone_to_at_once() {
        let machine = Arc::new(Standing::at_ms(1_000_000));
        let steady = Steady::beginning_at(1_000_000, machine.clone());
        machine.advance(Duration::from_secs(1));
        // Two seconds are drift or a slow answer: 50 ms of them now.
        assert_eq!(steady.follow(1_003_000), 1_950);
        assert_eq!(steady.now_ms(), 1_001_050);
        machine.advance(Duration::from_secs(1));
        // Ten minutes are a machine that was paused and did not notice.
        assert_eq!(steady.follow(1_602_000), 0);
        assert_eq!(steady.now_ms(), 1_602_000);
    }

    #[test]
    fn case_x34_a_paused_machine_that_is_its_own_reference_knows_before_it_is_followed_again() {
        let machine = Arc::new(Standing::at_ms(1_000_000));
        let steady = Steady::of(machine.clone());
        machine.set_wrong_by(600_000);
        assert_eq!(steady.now_ms(), 1_600_000);
        machine.set_wrong_by(2_000);
        assert_eq!(steady.now_ms(), 1_000_000);
        // Set back, it is followed slowly; set right again, nothing has happened.
        machine.set_wrong_by(-600_000);
        machine.advance(Duration::from_secs(1));
        assert_eq!(steady.follow(steady.machine_ms()), -599_950);
        assert_eq!(steady.now_ms(), 1_000_950);
        machine.set_wrong_by(0);
        assert_eq!(steady.now_ms(), 1_000_950);
    }

    #[test]
    fn a_machine_that_slept_tells_the_time_it_is_when_it_wakes() {
        let machine = Arc::new(Standing::at_ms(1_000_000));
        for steady in [
            Steady::of(machine.clone()),
            Steady::beginning_at(1_000_000, machine.clone()),
        ] {
            let before = steady.now_ms();
            machine.advance(Duration::from_secs(600));
            assert_eq!(steady.now_ms(), before + 600_000);
        }
    }
}
