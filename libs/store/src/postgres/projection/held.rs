//! Merchants whose lists stand still, on PostgreSQL: who they are.

use crate::projection::{Holds, NextRow};
use crate::{Error, Unread};
use sqlx::PgConnection;
use std::collections::BTreeMap;

/// Everyone that is held in this generation, and who of them can go on.
pub(super) async fn holds(connection: &mut PgConnection, generation: i64) -> Result<Holds, Error> {
    let held = all(connection, generation).await?;
    if held.is_empty() {
        return Ok(Holds::default());
    }
    // Each by its whole key, whatever the plan was made for.
    let next: Vec<NextRow> = sqlx::query_as(
        "SELECT h.merchant, e.position, e.order_id::text, e.version, e.payment_id::text,
             e.schema_version, e.at_ms, e.body
         FROM projection_held h, LATERAL (
             SELECT * FROM events WHERE position = h.through + 1 LIMIT 1) AS e
         WHERE h.generation = $1 AND h.merchant = COALESCE(
             (SELECT p.merchant FROM payments p WHERE p.payment_id = e.payment_id),
             (SELECT r.merchant FROM receipts r WHERE r.payment_id = e.payment_id))",
    )
    .bind(generation)
    .fetch_all(connection)
    .await?;
    Holds::of(held, next)
}

/// Everyone that is held in this generation, and up to which position all of theirs was applied.
pub(super) async fn all(
    connection: &mut PgConnection,
    generation: i64,
) -> Result<Vec<(String, i64)>, Error> {
    let held = sqlx::query_as(
        "SELECT merchant, through FROM projection_held WHERE generation = $1 ORDER BY merchant",
    )
    .bind(generation)
    .fetch_all(connection)
    .await?;
    Ok(held)
}

/// Whose event it is: the append wrote the payment's row, or a door its receipt's.
pub(super) async fn merchant_of(
    connection: &mut PgConnection,
    unread: &Unread,
) -> Result<Option<String>, Error> {
    let merchant = sqlx::query_scalar(
        "SELECT COALESCE(
             (SELECT merchant FROM payments WHERE payment_id = $1::text::uuid),
             (SELECT merchant FROM receipts WHERE payment_id = $1::text::uuid))",
    )
    .bind(&unread.payment)
    .fetch_one(connection)
    .await?;
    Ok(merchant)
}

/// Their lists stand still from here on.
pub(super) async fn hold(
    tx: &mut PgConnection,
    generation: i64,
    stopped: &BTreeMap<String, i64>,
) -> Result<(), Error> {
    for (merchant, through) in stopped {
        sqlx::query(
            "INSERT INTO projection_held (generation, merchant, through) VALUES ($1, $2, $3)
             ON CONFLICT (generation, merchant) DO UPDATE SET through = excluded.through",
        )
        .bind(generation)
        .bind(merchant)
        .bind(through)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}
