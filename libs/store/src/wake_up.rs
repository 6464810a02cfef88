//! When which order next owes something. Written with each append; read by workers (decision 14).

use crate::database::Engine;
use crate::{Error, Store, number};
use payment::{OrderId, Timestamp};

/// One order that waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WakeUp {
    /// The order.
    pub order: OrderId,
    /// When it next owes something.
    pub at: Timestamp,
    /// The partition whose worker drove it last.
    pub partition: u16,
}

/// Order, instant, partition.
pub(crate) type WakeUpRow = (String, i64, i64);

impl Store {
    /// The orders whose instant is `at` or earlier, the longest overdue first, at most `limit`.
    ///
    /// # Errors
    /// [`Error::Corrupt`] and [`Error::Unavailable`].
    pub async fn wake_ups_before(&self, at: Timestamp, limit: u32) -> Result<Vec<WakeUp>, Error> {
        let rows = match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.wake_ups_before(at, limit).await?,
            Engine::Postgres(postgres) => postgres.wake_ups_before(at, limit).await?,
        };
        rows.into_iter()
            .map(|(order, at_ms, partition)| {
                let place = format!("wake-up of order {order}");
                Ok(WakeUp {
                    order: number::order_id(&order, &place)?,
                    at: Timestamp::from_ms(at_ms),
                    partition: number::partition(partition, &place)?,
                })
            })
            .collect()
    }
}
