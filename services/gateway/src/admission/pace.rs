//! Whether payments are begun in time, by those that someone waits for at this door: no other
//! process is asked, and no queue's length is guessed at.

use payment::Timestamp;

/// Signs are kept for one to two of these, in milliseconds.
const SPAN_MS: i64 = 1_000;

/// Fewer late ones may be one order's own trouble, or one partition's: someone who waits looks
/// twice in a second.
const ENOUGH: u32 = 8;

/// What waits longer than this, in milliseconds, waits in no queue: it is forgotten, and the sweep
/// will end it (X16).
const FORGOTTEN_MS: i64 = 15_000;

/// What was seen lately.
#[derive(Debug)]
pub(super) struct Pace {
    lag_ms_max: i64,
    since: Timestamp,
    this: Signs,
    last: Signs,
}

#[derive(Clone, Copy, Default, Debug)]
struct Signs {
    late: u32,
    in_time: u32,
}

impl Pace {
    /// Late is what was not begun within `lag_ms_max`, in milliseconds.
    pub(super) fn of(lag_ms_max: i64) -> Self {
        Self {
            lag_ms_max,
            since: Timestamp::from_ms(0),
            this: Signs::default(),
            last: Signs::default(),
        }
    }

    pub(super) fn begun(&mut self, after_ms: i64, now: Timestamp) {
        self.turn(now);
        if after_ms <= self.lag_ms_max {
            self.this.in_time = self.this.in_time.saturating_add(1);
        } else {
            self.this.late = self.this.late.saturating_add(1);
        }
    }

    /// One that waits in time says nothing yet: it may still be late.
    pub(super) fn unbegun(&mut self, for_ms: i64, now: Timestamp) {
        self.turn(now);
        if for_ms > self.lag_ms_max && for_ms < FORGOTTEN_MS {
            self.this.late = self.this.late.saturating_add(1);
        }
    }

    /// Whether several were late of late, and none was in time. Without signs nobody is behind:
    /// whoever is turned away leaves none, so that the next ones are let in to find out.
    pub(super) fn is_behind(&mut self, now: Timestamp) -> bool {
        self.turn(now);
        let late = self.this.late.saturating_add(self.last.late);
        let in_time = self.this.in_time.saturating_add(self.last.in_time);
        late >= ENOUGH && in_time == 0
    }

    fn turn(&mut self, now: Timestamp) {
        let passed_ms = now.ms_since(self.since);
        if (0..SPAN_MS).contains(&passed_ms) {
            return;
        }
        let follows = (SPAN_MS..2 * SPAN_MS).contains(&passed_ms);
        self.last = if follows { self.this } else { Signs::default() };
        self.this = Signs::default();
        self.since = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAG_MS: i64 = 2_000;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(1_795_000_000_000 + ms)
    }

    fn late(times: u32) -> Pace {
        let mut pace = Pace::of(LAG_MS);
        for _ in 0..times {
            pace.unbegun(LAG_MS + 1, at(0));
        }
        pace
    }

    #[test]
    fn several_late_ones_and_none_in_time_say_that_the_workers_are_behind() {
        assert!(!late(ENOUGH - 1).is_behind(at(1)));
        assert!(late(ENOUGH).is_behind(at(1)));
        let mut pace = Pace::of(LAG_MS);
        for _ in 0..ENOUGH {
            pace.begun(LAG_MS + 1, at(0));
        }
        assert!(pace.is_behind(at(1)));
    }

    #[test]
    fn one_in_time_says_that_only_some_orders_are_stuck() {
        let mut pace = late(1_000);
        pace.begun(LAG_MS, at(10));
        assert!(!pace.is_behind(at(20)));
    }

    #[test]
    fn one_that_waits_in_time_is_no_sign_of_either() {
        let mut pace = late(ENOUGH);
        pace.unbegun(LAG_MS, at(10));
        assert!(pace.is_behind(at(20)));
    }

    #[test]
    fn what_was_forgotten_is_no_sign_of_a_queue() {
        let mut pace = Pace::of(LAG_MS);
        for _ in 0..ENOUGH {
            pace.unbegun(FORGOTTEN_MS, at(0));
        }
        assert!(!pace.is_behind(at(1)));
    }

    #[test]
    fn signs_are_forgotten_after_two_seconds_so_that_the_door_opens_again() {
        let mut pace = late(ENOUGH);
        assert!(pace.is_behind(at(SPAN_MS)));
        assert!(!pace.is_behind(at(2 * SPAN_MS)));
        assert!(!late(ENOUGH).is_behind(at(2 * SPAN_MS)));
    }

    #[test]
    fn a_clock_that_goes_back_leaves_nothing_behind() {
        assert!(!late(ENOUGH).is_behind(at(-5)));
    }
}
