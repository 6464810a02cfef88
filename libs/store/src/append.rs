//! The one way to change an order: events, views, index, wake-up and receipt in one transaction.

use crate::schema::{self, SCHEMA_VERSION, StoredFact};
use crate::{Error, Store, number, payments, receipt, wake_up};
use payment::{Event, Fact, Order, OrderId, PaymentId, Terms, Timestamp};
use sqlx::SqliteConnection;

/// What to append.
#[derive(Clone, Copy, Debug)]
pub struct Append<'a> {
    /// The order.
    pub order: OrderId,
    /// How many events the decision was made on.
    pub expected_version: u64,
    /// What happened since.
    pub events: &'a [Event],
    /// The order with `events` folded in.
    pub after: &'a Order,
    /// When the order next owes something; nothing waits on `None`.
    pub wake_at: Option<Timestamp>,
    /// The partition of the worker that drives it.
    pub partition: u16,
}

impl Store {
    /// Appends, all or nothing; on disk when it returns.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the order has another version by now, [`Error::ReceiptRefused`]
    /// and [`Error::RequestIdTaken`]; nothing is written then. After [`Error::Unavailable`] it may
    /// or may not have been written: load to see.
    pub async fn append(&self, append: Append<'_>) -> Result<(), Error> {
        let mut tx = self.begin_write().await?;
        expect_version(&mut tx, append).await?;
        let mut version = append.expected_version;
        for event in append.events {
            version = version.saturating_add(1);
            insert(&mut tx, append.order, version, event).await?;
            match &event.fact {
                Fact::Accepted(terms) => accept(&mut tx, append.order, terms).await?,
                Fact::Refused(refusal) => {
                    receipt::decline(&mut tx, event.payment, *refusal).await?;
                }
                Fact::CancelKept
                | Fact::Begun { .. }
                | Fact::Answered { .. }
                | Fact::Noticed(_)
                | Fact::Approved(_)
                | Fact::Released
                | Fact::Acknowledged
                | Fact::CancelRequested
                | Fact::CloseBegun(_)
                | Fact::Ended(_)
                | Fact::AttentionRaised
                | Fact::Alarmed(_) => {}
            }
        }
        for payment in touched(append.events) {
            payments::project(&mut tx, append.order, append.after, payment).await?;
        }
        wake_up::set(&mut tx, append.order, append.wake_at, append.partition).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Checked under the write lock, so that a stale decision is told apart from every other fault.
async fn expect_version(tx: &mut SqliteConnection, append: Append<'_>) -> Result<(), Error> {
    let version: i64 =
        sqlx::query_scalar("SELECT COALESCE(MAX(version), 0) FROM events WHERE order_id = ?")
            .bind(append.order.to_string())
            .fetch_one(tx)
            .await?;
    if version == number::stored(append.expected_version) {
        Ok(())
    } else {
        Err(Error::Conflict)
    }
}

async fn insert(
    tx: &mut SqliteConnection,
    order: OrderId,
    version: u64,
    event: &Event,
) -> Result<(), Error> {
    let stored = StoredFact::from(&event.fact);
    let body =
        schema::write(&stored).map_err(|fault| Error::corrupt(format!("order {order}"), fault))?;
    sqlx::query(
        "INSERT INTO events (order_id, version, payment_id, kind, schema_version, at_ms, body)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(order.to_string())
    .bind(number::stored(version))
    .bind(event.payment.to_string())
    .bind(stored.kind())
    .bind(SCHEMA_VERSION)
    .bind(event.at.as_ms())
    .bind(body)
    .execute(tx)
    .await?;
    Ok(())
}

async fn accept(tx: &mut SqliteConnection, order: OrderId, terms: &Terms) -> Result<(), Error> {
    receipt::accept(tx, terms.payment()).await?;
    let inserted = sqlx::query(
        "INSERT INTO request_ids (payment_request_id, order_id, payment_id, merchant)
         VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
    )
    .bind(terms.payment_request_id.as_str())
    .bind(order.to_string())
    .bind(terms.payment().to_string())
    .bind(terms.merchant.as_str())
    .execute(tx)
    .await?;
    if inserted.rows_affected() == 1 {
        Ok(())
    } else {
        Err(Error::RequestIdTaken)
    }
}

fn touched(events: &[Event]) -> Vec<PaymentId> {
    let mut payments: Vec<PaymentId> = events.iter().map(|event| event.payment).collect();
    payments.sort_unstable();
    payments.dedup();
    payments
}
