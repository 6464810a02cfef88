//! The append on SQLite: one at a time, under the file's write lock.

use super::{Sqlite, payments, receipt, wake_up};
use crate::Error;
use crate::append::{Accepted, EventWriting, Writing};
use crate::schema::SCHEMA_VERSION;
use payment::OrderId;
use sqlx::SqliteConnection;

impl Sqlite {
    pub(crate) async fn append(&self, writing: Writing) -> Result<(), Error> {
        self.write(async |tx| write(tx, &writing).await).await
    }
}

async fn write(tx: &mut SqliteConnection, writing: &Writing) -> Result<(), Error> {
    let order = writing.order;
    expect_version(tx, writing).await?;
    for event in &writing.events {
        insert(tx, order, event).await?;
    }
    for accepted in &writing.accepted {
        receipt::accept(tx, accepted.payment).await?;
        index(tx, order, accepted).await?;
    }
    for view in &writing.views {
        payments::project(tx, order, view).await?;
    }
    wake_up::set(tx, order, writing.wake_at, writing.partition).await
}

/// Checked under the write lock, so that a stale decision is told apart from every other fault.
async fn expect_version(tx: &mut SqliteConnection, writing: &Writing) -> Result<(), Error> {
    let version: i64 =
        sqlx::query_scalar("SELECT COALESCE(MAX(version), 0) FROM events WHERE order_id = ?")
            .bind(writing.order.to_string())
            .fetch_one(tx)
            .await?;
    if version == writing.expected_version {
        Ok(())
    } else {
        Err(Error::Conflict)
    }
}

async fn insert(
    tx: &mut SqliteConnection,
    order: OrderId,
    event: &EventWriting,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO events (order_id, version, payment_id, kind, schema_version, at_ms, body)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(order.to_string())
    .bind(event.version)
    .bind(event.payment.to_string())
    .bind(event.kind)
    .bind(SCHEMA_VERSION)
    .bind(event.at_ms)
    .bind(&event.body)
    .execute(tx)
    .await?;
    Ok(())
}

async fn index(
    tx: &mut SqliteConnection,
    order: OrderId,
    accepted: &Accepted,
) -> Result<(), Error> {
    let inserted = sqlx::query(
        "INSERT INTO request_ids (payment_request_id, order_id, payment_id, merchant)
         VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
    )
    .bind(accepted.request_id.as_str())
    .bind(order.to_string())
    .bind(accepted.payment.to_string())
    .bind(accepted.merchant.as_str())
    .execute(tx)
    .await?;
    if inserted.rows_affected() == 1 {
        Ok(())
    } else {
        Err(Error::RequestIdTaken)
    }
}
