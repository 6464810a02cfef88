//! Chance, out of one seed. Everything random in a run comes from here, so that the seed alone
//! tells the run.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// One world's dice.
pub(crate) struct Dice(Mutex<fastrand::Rng>);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(fastrand::Rng::with_seed(seed)))
    }

    /// Whether something happens that happens this often in a thousand.
    pub(crate) fn per_mille(&self, often: u32) -> bool {
        often > 0 && self.rng().u32(0..1_000) < often
    }

    /// A number from `low` to `high`, both possible.
    pub(crate) fn between(&self, low: i64, high: i64) -> i64 {
        self.rng().i64(low..=high.max(low))
    }

    /// A number below `end`; 0 if there is none.
    pub(crate) fn below(&self, end: usize) -> usize {
        self.rng().usize(0..end.max(1))
    }

    /// Milliseconds that are mostly few and sometimes many: every doubling up to `longest_ms` is as
    /// likely as the next.
    pub(crate) fn wait_ms(&self, longest_ms: i64) -> i64 {
        let bits = 64_u32.saturating_sub(longest_ms.max(1).leading_zeros());
        let doublings = self.rng().u32(0..=bits);
        let most = 1_i64.checked_shl(doublings).unwrap_or(i64::MAX);
        self.between(0, most.min(longest_ms))
    }

    // A panic elsewhere leaves the generator whole.
    fn rng(&self) -> MutexGuard<'_, fastrand::Rng> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
