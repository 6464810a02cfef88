//! The time of a trial: microseconds since it began. Nothing here is compared with another
//! machine's clock.

use std::time::Duration;
use tokio::time::Instant;

/// Counts from the beginning of a trial. Copies count alike.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    began: Instant,
}

impl Clock {
    /// Starts to count.
    pub fn start() -> Self {
        Self {
            began: Instant::now(),
        }
    }

    /// Microseconds since the trial began.
    pub fn now_us(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// The instant so many microseconds after the beginning.
    pub fn at(&self, us: u64) -> Instant {
        self.began
            .checked_add(Duration::from_micros(us))
            .unwrap_or(self.began)
    }
}
