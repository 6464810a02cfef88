//! How a worker waits for a journal that is not there: for ever, at growing intervals. What was
//! accepted, or came from Alipay, is not given up because a database restarts.

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(2);

/// The waits between tries.
pub(crate) struct Patience(ExponentialBackoff);

impl Patience {
    pub(crate) fn new() -> Self {
        let waits = ExponentialBuilder::default()
            .with_min_delay(FIRST)
            .with_max_delay(LONGEST)
            .with_jitter()
            .without_max_times();
        Self(waits.build())
    }

    /// Waits for the next try.
    pub(crate) async fn wait(&mut self) {
        let pause = self.0.next().unwrap_or(LONGEST);
        tokio::time::sleep(pause).await;
    }
}
