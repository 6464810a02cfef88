//! How far Alipay's clock is from ours, as its signed response-time tells (decision 16).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Beyond this, payments may expire over there when they should not, and an operator is told.
const SKEW_MAX_MS: i64 = 10_000;

/// More than this is a broken clock on the other side, not a measure; it widens no margin further.
const BELIEVED_MAX_MS: i64 = 600_000;

/// The last measured distance. Cheap to clone; all clones share it.
#[derive(Clone, Debug, Default)]
pub struct Skew(Arc<AtomicI64>);

impl Skew {
    /// Takes in a measure; of either sign, in milliseconds.
    pub fn measured(&self, skew_ms: i64) {
        self.0.store(skew_ms, Ordering::Relaxed);
    }

    /// What margins are widened by: the last measure as far as it is believed; 0 before the first.
    pub fn believed_ms(&self) -> i64 {
        self.measured_ms().clamp(-BELIEVED_MAX_MS, BELIEVED_MAX_MS)
    }

    /// The last measure as it was; 0 before the first.
    pub fn measured_ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Whether Alipay's clock and ours agree well enough.
    pub fn tolerable(&self) -> bool {
        self.measured_ms().saturating_abs() <= SKEW_MAX_MS
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
    fn an_absurd_measure_is_told_as_it_is_and_cut_only_where_it_widens_margins() {
        let skew = Skew::default();
        for (measured_ms, believed_ms) in [
            (i64::MIN, -600_000),
            (-10_800_000, -600_000),
            (10_800_000, 600_000),
            (3_000, 3_000),
        ] {
            skew.measured(measured_ms);
            assert_eq!(skew.measured_ms(), measured_ms);
            assert_eq!(skew.believed_ms(), believed_ms);
        }
    }
}
