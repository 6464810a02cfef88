//! What an operator reads, on SQLite: over a connection that can't write, beside a process that does.

use super::{ACQUIRE_TIMEOUT, BUSY_TIMEOUT};
use crate::Error;
use crate::history::EventRow;
use crate::onlooker::{ListedRow, Named};
use crate::receipt::ReceiptRow;
use payment::{OrderId, PaymentId};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use std::path::Path;
use uuid::Uuid;

/// One reader is enough for one operator.
pub(crate) async fn open(path: &Path) -> Result<SqlitePool, Error> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .busy_timeout(BUSY_TIMEOUT);
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(ACQUIRE_TIMEOUT);
    Ok(pool.connect_with(options).await?)
}

pub(crate) async fn owed(pool: &SqlitePool) -> Result<Vec<ListedRow>, Error> {
    let rows = sqlx::query_as(
        "SELECT payment_id, order_id, merchant, accepted_at_ms, schema_version, body FROM payments
         WHERE payment_id IN (
             SELECT events.payment_id FROM wake_ups
                 JOIN events ON events.order_id = wake_ups.order_id
             UNION SELECT payment_id FROM events WHERE kind = 'resolved')",
    );
    Ok(rows.fetch_all(pool).await?)
}

pub(crate) async fn resolved(pool: &SqlitePool) -> Result<Vec<EventRow>, Error> {
    let rows = sqlx::query_as(
        "SELECT position, order_id, version, payment_id, schema_version, at_ms, body
         FROM events WHERE kind = 'resolved'",
    );
    Ok(rows.fetch_all(pool).await?)
}

pub(crate) async fn account(pool: &SqlitePool) -> Result<Option<String>, Error> {
    let row = sqlx::query_scalar("SELECT client_id FROM accounts WHERE one = 1");
    Ok(row.fetch_optional(pool).await?)
}

pub(crate) async fn taken(pool: &SqlitePool) -> Result<Vec<ListedRow>, Error> {
    let rows = sqlx::query_as(
        "SELECT payment_id, '', merchant, accepted_at_ms, schema_version, terms FROM receipts
         WHERE state = 'pending'",
    );
    Ok(rows.fetch_all(pool).await?)
}

/// By the index's first column, from one merchant to the next: not by reading every receipt.
pub(crate) async fn merchants(pool: &SqlitePool) -> Result<Vec<String>, Error> {
    let rows = sqlx::query_scalar(
        "WITH RECURSIVE known (merchant) AS (
             SELECT MIN(merchant) FROM receipts
             UNION ALL
             SELECT (SELECT MIN(receipts.merchant) FROM receipts
                     WHERE receipts.merchant > known.merchant)
             FROM known WHERE known.merchant IS NOT NULL)
         SELECT merchant FROM known WHERE merchant IS NOT NULL",
    );
    Ok(rows.fetch_all(pool).await?)
}

pub(crate) async fn named(pool: &SqlitePool, named: &Named<'_>) -> Result<Vec<String>, Error> {
    let rows = sqlx::query_scalar(
        "SELECT payment_id FROM payments WHERE payment_id IN (SELECT value FROM json_each(?1))
         UNION SELECT payment_id FROM receipts
             WHERE payment_id IN (SELECT value FROM json_each(?1)) OR payment_request_id = ?2
         UNION SELECT payment_id FROM request_ids WHERE payment_request_id = ?2
         UNION SELECT payment_id FROM events
             WHERE order_id IN (SELECT value FROM json_each(?3))
         UNION SELECT payment_id FROM payments
             WHERE merchant IN (SELECT value FROM json_each(?4)) AND alipay_payment_id = ?2",
    )
    .bind(list(&named.payments))
    .bind(named.text)
    .bind(list(&named.orders))
    .bind(serde_json::Value::from(named.merchants.clone()).to_string());
    Ok(rows.fetch_all(pool).await?)
}

pub(crate) async fn payment(
    pool: &SqlitePool,
    payment: PaymentId,
) -> Result<Option<ListedRow>, Error> {
    let row = sqlx::query_as(
        "SELECT payment_id, order_id, merchant, accepted_at_ms, schema_version, body FROM payments
         WHERE payment_id = ?",
    )
    .bind(payment.to_string());
    Ok(row.fetch_optional(pool).await?)
}

pub(crate) async fn receipt(
    pool: &SqlitePool,
    payment: PaymentId,
) -> Result<Option<ReceiptRow>, Error> {
    let row = sqlx::query_as(
        "SELECT digest, state, refusal, schema_version, terms FROM receipts WHERE payment_id = ?",
    )
    .bind(payment.to_string());
    Ok(row.fetch_optional(pool).await?)
}

pub(crate) async fn entries(
    pool: &SqlitePool,
    order: OrderId,
    payment: PaymentId,
) -> Result<Vec<EventRow>, Error> {
    let rows = sqlx::query_as(
        "SELECT position, order_id, version, payment_id, schema_version, at_ms, body
         FROM events WHERE order_id = ? AND payment_id = ? ORDER BY version",
    )
    .bind(order.to_string())
    .bind(payment.to_string());
    Ok(rows.fetch_all(pool).await?)
}

fn list(ids: &[Uuid]) -> String {
    let ids: Vec<String> = ids.iter().map(Uuid::to_string).collect();
    serde_json::Value::from(ids).to_string()
}
