//! Reading history on SQLite.

use super::Sqlite;
use super::lent::Lent;
use crate::Error;
use crate::history::EventRow;
use payment::{OrderId, PaymentId};
use sqlx::SqliteConnection;

impl Sqlite {
    pub(crate) async fn events_of(&self, order: OrderId) -> Result<Vec<EventRow>, Error> {
        let question = sqlx::query_as(
            "SELECT position, order_id, version, payment_id, schema_version, at_ms, body
             FROM events WHERE order_id = ? ORDER BY version",
        )
        .bind(order.to_string());
        self.rows(question).await
    }

    pub(crate) async fn history(
        &self,
        order: OrderId,
        payment: PaymentId,
        after_version: i64,
    ) -> Result<Vec<EventRow>, Error> {
        let question = sqlx::query_as(
            "SELECT position, order_id, version, payment_id, schema_version, at_ms, body
             FROM events WHERE order_id = ? AND version > ? AND payment_id = ? ORDER BY version",
        )
        .bind(order.to_string())
        .bind(after_version)
        .bind(payment.to_string());
        self.rows(question).await
    }

    /// With one writer at a time positions are the order of commits.
    pub(crate) async fn events_after(
        &self,
        position: i64,
        limit: u32,
    ) -> Result<Vec<EventRow>, Error> {
        let mut lent = Lent::of(&self.reader).await?;
        let events = events_between(lent.connection(), position, i64::MAX, limit).await?;
        lent.give_back();
        Ok(events)
    }

    pub(crate) async fn last_position(&self) -> Result<i64, Error> {
        let question = sqlx::query_scalar("SELECT MAX(position) FROM events");
        Ok(self
            .value::<Option<i64>>(question)
            .await?
            .flatten()
            .unwrap_or(0))
    }

    pub(crate) async fn events_behind(&self, position: i64, most: u32) -> Result<i64, Error> {
        let question = sqlx::query_scalar(
            "SELECT COUNT(*) FROM (SELECT 1 FROM events WHERE position > ? LIMIT ?)",
        )
        .bind(position)
        .bind(most);
        Ok(self.value(question).await?.unwrap_or(0))
    }
}

/// Events behind `position`, up to and including `until`.
pub(crate) async fn events_between(
    connection: &mut SqliteConnection,
    position: i64,
    until: i64,
    limit: u32,
) -> Result<Vec<EventRow>, Error> {
    let rows = sqlx::query_as(
        "SELECT position, order_id, version, payment_id, schema_version, at_ms, body
         FROM events WHERE position > ? AND position <= ? ORDER BY position LIMIT ?",
    )
    .bind(position)
    .bind(until)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    Ok(rows)
}
