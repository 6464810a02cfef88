//! Reading history on PostgreSQL. The cursor over all events is bounded by the oldest transaction
//! under way: what commits late is not overtaken.

use super::Postgres;
use crate::Error;
use crate::history::EventRow;
use payment::{OrderId, PaymentId};
use sqlx::PgConnection;

impl Postgres {
    pub(crate) async fn events_of(&self, order: OrderId) -> Result<Vec<EventRow>, Error> {
        let question = sqlx::query_as(
            "SELECT position, order_id::text, version, payment_id::text, schema_version, at_ms, body
             FROM events WHERE order_id = $1 ORDER BY version",
        )
        .bind(order.as_uuid());
        self.sessions.rows(question).await
    }

    pub(crate) async fn history(
        &self,
        order: OrderId,
        payment: PaymentId,
        after_version: i64,
    ) -> Result<Vec<EventRow>, Error> {
        let question = sqlx::query_as(
            "SELECT position, order_id::text, version, payment_id::text, schema_version, at_ms, body
             FROM events WHERE order_id = $1 AND version > $2 AND payment_id = $3 ORDER BY version",
        )
        .bind(order.as_uuid())
        .bind(after_version)
        .bind(payment.as_uuid());
        self.sessions.rows(question).await
    }

    /// A position begins with its transaction's id, counted from the base, and every transaction below the snapshot's
    /// xmin has ended. So no event can still come to stand before one that is shown here.
    pub(crate) async fn events_after(
        &self,
        position: i64,
        limit: u32,
    ) -> Result<Vec<EventRow>, Error> {
        let question = sqlx::query_as(
            "SELECT position, order_id::text, version, payment_id::text, schema_version, at_ms, body
             FROM events
             WHERE position > $1
                 AND position < ((SELECT base FROM position_bases WHERE is_this)
                     + pg_snapshot_xmin(pg_current_snapshot())::text::bigint) * 4096
             ORDER BY position LIMIT $2",
        )
        .bind(position)
        .bind(i64::from(limit));
        self.sessions.rows(question).await
    }

    pub(crate) async fn last_position(&self) -> Result<i64, Error> {
        let question = sqlx::query_scalar("SELECT COALESCE(MAX(position), 0) FROM events");
        self.sessions.value(question).await
    }

    pub(crate) async fn events_behind(&self, position: i64, most: u32) -> Result<i64, Error> {
        let question = sqlx::query_scalar(
            "SELECT COUNT(*) FROM (SELECT 1 FROM events WHERE position > $1 LIMIT $2) AS behind",
        )
        .bind(position)
        .bind(i64::from(most));
        self.sessions.value(question).await
    }
}

/// Events behind `position`, up to and including `until`.
pub(super) async fn events_between(
    connection: &mut PgConnection,
    position: i64,
    until: i64,
    limit: u32,
) -> Result<Vec<EventRow>, Error> {
    let rows = sqlx::query_as(
        "SELECT position, order_id::text, version, payment_id::text, schema_version, at_ms, body
         FROM events WHERE position > $1 AND position <= $2 ORDER BY position LIMIT $3",
    )
    .bind(position)
    .bind(until)
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    Ok(rows)
}
