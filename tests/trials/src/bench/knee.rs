//! Where a system stops keeping pace with a rising rate. Pure.

use serde::Serialize;

/// How one rate went.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Step {
    /// Sales that were to begin per second.
    pub per_second: u32,
    /// Sales that were due while it counted.
    pub due: u64,
    /// Final answers that came while it counted.
    pub completed: u64,
    /// 99 of a hundred were told within this, in microseconds.
    pub p99_us: u64,
}

/// What a rate must keep to be kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// 99 of a hundred sales must be told within this, in milliseconds.
    pub p99_ms_max: u64,
    /// So many of a hundred sales that fall due must be completed in the same time.
    pub completed_percent_min: u64,
}

/// Why a rate was not kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Broke {
    /// Too slow.
    P99,
    /// More began than ended.
    Completed,
}

impl Bounds {
    /// Why this step was not kept; `None` if it was.
    pub fn broken_by(&self, step: &Step, seconds: u64) -> Option<Broke> {
        let due = u64::from(step.per_second).saturating_mul(seconds);
        let wanted = due.saturating_mul(self.completed_percent_min);
        if step.completed.saturating_mul(100) < wanted {
            return Some(Broke::Completed);
        }
        (step.p99_us > self.p99_ms_max.saturating_mul(1_000)).then_some(Broke::P99)
    }
}

/// The highest rate that was kept before the first that was not; each step with why it broke.
pub(super) fn knee(steps: &[(Step, Option<Broke>)]) -> Option<Step> {
    let kept = steps.iter().take_while(|(_, broke)| broke.is_none());
    kept.map(|(step, _)| *step).last()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        p99_ms_max: 500,
        completed_percent_min: 97,
    };

    fn step(per_second: u32, completed: u64, p99_us: u64) -> (Step, Option<Broke>) {
        let step = Step {
            per_second,
            due: u64::from(per_second).saturating_mul(10),
            completed,
            p99_us,
        };
        (step, BOUNDS.broken_by(&step, 10))
    }

    #[test]
    fn a_rate_breaks_by_its_p99_or_by_what_it_leaves_undone() {
        assert_eq!(step(100, 1_000, 500_000).1, None);
        assert_eq!(step(100, 970, 9_000).1, None);
        assert_eq!(step(100, 969, 9_000).1, Some(Broke::Completed));
        assert_eq!(step(100, 1_000, 500_001).1, Some(Broke::P99));
    }

    #[test]
    fn sales_that_did_not_even_begin_are_left_undone() {
        let bounds = BOUNDS;
        let broken_off = Step {
            per_second: 1_000,
            due: 4_000,
            completed: 4_000,
            p99_us: 1,
        };
        assert_eq!(bounds.broken_by(&broken_off, 10), Some(Broke::Completed));
    }

    #[test]
    fn the_knee_is_the_last_rate_kept_before_the_first_that_was_not() {
        let steps = [
            step(100, 1_000, 9_000),
            step(200, 2_000, 20_000),
            step(400, 3_000, 900_000),
            step(800, 8_000, 9_000),
        ];
        assert_eq!(knee(&steps).map(|step| step.per_second), Some(200));
        assert_eq!(knee(&steps[2..]), None);
        assert_eq!(knee(&[]), None);
    }
}
