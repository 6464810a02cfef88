//! Wake-ups on SQLite.

use super::Sqlite;
use crate::Error;
use crate::wake_up::WakeUpRow;
use payment::{OrderId, Timestamp};
use sqlx::SqliteConnection;

impl Sqlite {
    pub(crate) async fn wake_ups_before(
        &self,
        at: Timestamp,
        limit: u32,
    ) -> Result<Vec<WakeUpRow>, Error> {
        let question = sqlx::query_as(
            "SELECT order_id, wake_at_ms, partition FROM wake_ups
             WHERE wake_at_ms <= ? ORDER BY wake_at_ms LIMIT ?",
        )
        .bind(at.as_ms())
        .bind(limit);
        self.rows(question).await
    }
}

pub(super) async fn set(
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
