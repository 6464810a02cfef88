//! The digest of a generation on SQLite, read page by page.

use super::held;
use crate::Error;
use crate::projection::chained;
use sqlx::SqliteConnection;
use uuid::Uuid;

/// Rows read at a time, so that no table has to fit in memory.
const PAGE_ROWS: u32 = 1_000;

/// Payment, merchant, minor units, currency, whether released.
type PaymentRow = (String, String, i64, String, bool);

/// Merchant, day, currency, and the four numbers.
type TotalsRow = (String, String, String, i64, i64, i64, i64);

/// The digest of one generation, as the connection's transaction sees it.
pub(super) async fn checksum(
    connection: &mut SqliteConnection,
    generation: i64,
) -> Result<Uuid, Error> {
    let digest = payments(connection, generation, Uuid::nil()).await?;
    let digest = feed(connection, generation, digest).await?;
    let digest = totals(connection, generation, digest).await?;
    // Lists that stand still agree where they do so at the same place.
    let held = held::all(connection, generation).await?;
    Ok(held.iter().fold(digest, chained))
}

async fn payments(
    connection: &mut SqliteConnection,
    generation: i64,
    mut digest: Uuid,
) -> Result<Uuid, Error> {
    let mut after = String::new();
    loop {
        let rows: Vec<PaymentRow> = sqlx::query_as(
            "SELECT payment_id, merchant, amount_minor, currency, released FROM projected_payments
             WHERE generation = ? AND payment_id > ? ORDER BY payment_id LIMIT ?",
        )
        .bind(generation)
        .bind(&after)
        .bind(PAGE_ROWS)
        .fetch_all(&mut *connection)
        .await?;
        let Some(last) = rows.last() else {
            return Ok(digest);
        };
        after.clone_from(&last.0);
        digest = rows.iter().fold(digest, chained);
    }
}

async fn feed(
    connection: &mut SqliteConnection,
    generation: i64,
    mut digest: Uuid,
) -> Result<Uuid, Error> {
    let mut after = (String::new(), 0_i64);
    loop {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT merchant, position FROM feed
             WHERE generation = ? AND (merchant, position) > (?, ?)
             ORDER BY merchant, position LIMIT ?",
        )
        .bind(generation)
        .bind(&after.0)
        .bind(after.1)
        .bind(PAGE_ROWS)
        .fetch_all(&mut *connection)
        .await?;
        let Some(last) = rows.last() else {
            return Ok(digest);
        };
        after.clone_from(last);
        digest = rows.iter().fold(digest, chained);
    }
}

async fn totals(
    connection: &mut SqliteConnection,
    generation: i64,
    mut digest: Uuid,
) -> Result<Uuid, Error> {
    let mut after = (String::new(), String::new(), String::new());
    loop {
        let rows: Vec<TotalsRow> = sqlx::query_as(
            "SELECT merchant, day, currency, paid_count, paid_minor, reversed_count, reversed_minor
             FROM daily_totals
             WHERE generation = ? AND (merchant, day, currency) > (?, ?, ?)
             ORDER BY merchant, day, currency LIMIT ?",
        )
        .bind(generation)
        .bind(&after.0)
        .bind(&after.1)
        .bind(&after.2)
        .bind(PAGE_ROWS)
        .fetch_all(&mut *connection)
        .await?;
        let Some(last) = rows.last() else {
            return Ok(digest);
        };
        after = (last.0.clone(), last.1.clone(), last.2.clone());
        digest = rows.iter().fold(digest, chained);
    }
}
