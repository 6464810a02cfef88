//! The one reader of all followed payments: what was heard of at once, everything every half second
//! besides, since news may be lost (decision 17). It reads many payments by one statement.

use crate::{Records, Sales};
use payment::PaymentId;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// How often every undecided payment is read without being heard of.
pub(crate) const READ_AGAIN: Duration = Duration::from_millis(500);

/// A payment that only its merchant changes is read on every so many of these ticks.
const SETTLED_EVERY: u32 = 10;

/// How many payments one statement reads.
const READ_AT_ONCE: usize = 256;

impl<R: Records> Sales<R> {
    /// Reads followed payments until the sales are told to stop. One of these runs per gateway.
    pub async fn read_followed(self) {
        let mut ticks = interval(READ_AGAIN);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut tick = 0_u32;
        loop {
            let payments = tokio::select! {
                () = self.stopping.cancelled() => return,
                () = self.board.rung() => self.board.heard(),
                _ = ticks.tick() => {
                    tick = tick.wrapping_add(1);
                    self.board.all(tick.is_multiple_of(SETTLED_EVERY))
                }
            };
            for some in payments.chunks(READ_AT_ONCE) {
                self.publish(some).await;
            }
        }
    }

    async fn publish(&self, payments: &[PaymentId]) {
        match self.records.payments(payments).await {
            Ok(views) => views.into_iter().for_each(|view| self.board.publish(view)),
            // The waiters go on waiting; the next tick reads again.
            Err(error) => {
                metrics::counter!("gateway_shared_read_failures_total").increment(1);
                tracing::warn!(%error, payments = payments.len(), "followed payments were not read");
            }
        }
    }
}
