//! How long something took, many times over: HDR histograms, from which no slow one is lost.

use anyhow::Context;
use hdrhistogram::Histogram;
use serde::Serialize;

/// The longest that is told apart; what is longer counts as this.
const LONGEST_US: u64 = 120_000_000;

/// Three digits of every figure are true.
const DIGITS: u8 = 3;

/// Percentiles of durations, in microseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Spread {
    /// Of how many.
    pub count: u64,
    /// Half took no longer.
    pub p50_us: u64,
    /// Nine of ten took no longer.
    pub p90_us: u64,
    /// 99 of a hundred.
    pub p99_us: u64,
    /// 999 of a thousand.
    pub p999_us: u64,
    /// The slowest.
    pub max_us: u64,
}

impl Spread {
    /// Of these durations.
    ///
    /// # Errors
    /// If no histogram can be made.
    pub fn of(durations_us: impl IntoIterator<Item = u64>) -> anyhow::Result<Self> {
        let histogram = Histogram::<u64>::new_with_bounds(1, LONGEST_US, DIGITS);
        let mut histogram = histogram.context("a histogram can't be made")?;
        for took_us in durations_us {
            histogram.saturating_record(took_us.max(1));
        }
        let at = |percent| histogram.value_at_quantile(percent);
        Ok(Self {
            count: histogram.len(),
            p50_us: at(0.5),
            p90_us: at(0.9),
            p99_us: at(0.99),
            p999_us: at(0.999),
            max_us: histogram.max(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_durations_and_the_slowest_is_kept() {
        let spread = Spread::of((1..=1_000).map(|ms| ms * 1_000)).unwrap();
        assert_eq!(spread.count, 1_000);
        let about = |found: u64, wanted: u64| found.abs_diff(wanted) <= wanted / 500;
        assert!(about(spread.p50_us, 500_000), "{spread:?}");
        assert!(about(spread.p99_us, 990_000), "{spread:?}");
        assert!(about(spread.p999_us, 999_000), "{spread:?}");
        assert!(about(spread.max_us, 1_000_000), "{spread:?}");
    }

    #[test]
    fn of_nothing_everything_is_zero_and_of_too_long_the_longest() {
        assert_eq!(Spread::of([]).unwrap(), Spread::default());
        let spread = Spread::of([u64::MAX]).unwrap();
        assert!(spread.max_us >= LONGEST_US, "{spread:?}");
    }
}
