//! When which order next owes something. Written with each append; read by workers (decision 14).

use crate::{Error, Store, number};
use payment::{OrderId, Timestamp};
use sqlx::SqliteConnection;

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

impl Store {
    /// The orders whose instant is `at` or earlier, the longest overdue first, at most `limit`.
    ///
    /// # Errors
    /// [`Error::Corrupt`] and [`Error::Unavailable`].
    pub async fn wake_ups_before(&self, at: Timestamp, limit: u32) -> Result<Vec<WakeUp>, Error> {
        let rows: Vec<(String, i64, i64)> = sqlx::query_as(
            "SELECT order_id, wake_at_ms, partition FROM wake_ups
             WHERE wake_at_ms <= ? ORDER BY wake_at_ms LIMIT ?",
        )
        .bind(at.as_ms())
        .bind(limit)
        .fetch_all(&self.reader)
        .await?;
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

pub(crate) async fn set(
    tx: &mut SqliteConnection,
    order: OrderId,
    wake_at: Option<Timestamp>,
    partition: u16,
) -> Result<(), Error> {
    let query = match wake_at {
        Some(at) => sqlx::query(
            "INSERT INTO wake_ups (order_id, wake_at_ms, partition) VALUES (?, ?, ?)
             ON CONFLICT (order_id) DO UPDATE SET wake_at_ms = excluded.wake_at_ms,
                 partition = excluded.partition",
        )
        .bind(order.to_string())
        .bind(at.as_ms())
        .bind(i64::from(partition)),
        None => sqlx::query("DELETE FROM wake_ups WHERE order_id = ?").bind(order.to_string()),
    };
    query.execute(tx).await?;
    Ok(())
}
