//! How far Alipay's clock is from ours, as its signed response-time tells (decision 16).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Beyond this a worker is not ready: its instants can't be trusted.
const SKEW_MAX_MS: i64 = 10_000;

/// More than this is a broken clock on the other side, not a measure; it widens no margin further.
const BELIEVED_MAX_MS: i64 = 600_000;

/// The last measured distance. Cheap to clone; all clones share it.
#[derive(Clone, Debug, Default)]
pub struct Skew(Arc<AtomicI64>);

impl Skew {
    /// Takes in a measure; of either sign, in milliseconds.
    pub fn measured(&self, skew_ms: i64) {
        let believed_ms = skew_ms.clamp(-BELIEVED_MAX_MS, BELIEVED_MAX_MS);
        self.0.store(believed_ms, Ordering::Relaxed);
    }

    /// The last measure; 0 before the first.
    pub fn ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Whether this worker may be trusted with new work.
    pub fn tolerable(&self) -> bool {
        self.ms().saturating_abs() <= SKEW_MAX_MS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_more_than_ten_seconds_away_is_not_tolerable_in_either_direction() {
        let skew = Skew::default();
        assert!(skew.tolerable());
        for (ms, tolerable) in [(10_000, true), (10_001, false), (-10_001, false), (0, true)] {
            skew.measured(ms);
            assert_eq!(skew.tolerable(), tolerable, "{ms} ms");
        }
    }

    #[test]
    fn an_absurd_measure_is_cut_so_that_margins_stay_finite() {
        let skew = Skew::default();
        skew.measured(i64::MIN);
        assert_eq!(skew.ms(), -600_000);
    }
}
