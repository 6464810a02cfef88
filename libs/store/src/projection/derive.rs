//! What one event adds to feed and totals. Out of the event and what earlier events left, nothing
//! else, so that a rebuild comes to the same.

use crate::{Error, Recorded};
use payment::{Fact, PaymentId, Terms, Timestamp};
use sqlx::SqliteConnection;

/// Merchant, minor units, currency, whether it was released.
type Remembered = (String, i64, String, bool);

/// What an event adds to a day.
enum Sum {
    Paid,
    Reversed,
}

pub(super) async fn derive(
    tx: &mut SqliteConnection,
    generation: i64,
    recorded: &Recorded,
) -> Result<(), Error> {
    let payment = recorded.event.payment;
    let at = recorded.event.at;
    match &recorded.event.fact {
        Fact::Accepted(terms) => {
            remember(tx, generation, payment, terms).await?;
            show(tx, generation, terms.merchant.as_str(), recorded.position).await
        }
        Fact::Refused(_) => match receipt_merchant(tx, payment).await? {
            Some(merchant) => show(tx, generation, &merchant, recorded.position).await,
            None => Ok(()),
        },
        Fact::Released => {
            let Some(known) = remembered(tx, generation, payment).await? else {
                return Ok(());
            };
            release(tx, generation, payment).await?;
            add(tx, generation, &known, at, Sum::Paid).await?;
            show(tx, generation, &known.0, recorded.position).await
        }
        Fact::Ended(_) => {
            let Some(known) = remembered(tx, generation, payment).await? else {
                return Ok(());
            };
            if known.3 {
                add(tx, generation, &known, at, Sum::Reversed).await?;
            }
            show(tx, generation, &known.0, recorded.position).await
        }
        Fact::Acknowledged
        | Fact::CancelRequested
        | Fact::CloseBegun(_)
        | Fact::AttentionRaised => match remembered(tx, generation, payment).await? {
            Some(known) => show(tx, generation, &known.0, recorded.position).await,
            None => Ok(()),
        },
        // Between Alipay and us; an approval is not the merchant's before it is released.
        Fact::CancelKept
        | Fact::Begun { .. }
        | Fact::Answered { .. }
        | Fact::Noticed(_)
        | Fact::Approved(_)
        | Fact::Alarmed(_) => Ok(()),
    }
}

async fn remember(
    tx: &mut SqliteConnection,
    generation: i64,
    payment: PaymentId,
    terms: &Terms,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO projected_payments
             (generation, payment_id, merchant, amount_minor, currency, released)
         VALUES (?, ?, ?, ?, ?, 0)",
    )
    .bind(generation)
    .bind(payment.to_string())
    .bind(terms.merchant.as_str())
    .bind(terms.amount.amount_minor())
    .bind(terms.amount.currency().code())
    .execute(tx)
    .await?;
    Ok(())
}

async fn remembered(
    tx: &mut SqliteConnection,
    generation: i64,
    payment: PaymentId,
) -> Result<Option<Remembered>, Error> {
    let row = sqlx::query_as(
        "SELECT merchant, amount_minor, currency, released FROM projected_payments
         WHERE generation = ? AND payment_id = ?",
    )
    .bind(generation)
    .bind(payment.to_string())
    .fetch_optional(tx)
    .await?;
    Ok(row)
}

async fn release(
    tx: &mut SqliteConnection,
    generation: i64,
    payment: PaymentId,
) -> Result<(), Error> {
    sqlx::query(
        "UPDATE projected_payments SET released = 1 WHERE generation = ? AND payment_id = ?",
    )
    .bind(generation)
    .bind(payment.to_string())
    .execute(tx)
    .await?;
    Ok(())
}

/// A refused command has no terms in history; whose it was stands in its receipt, which is kept
/// for ever.
async fn receipt_merchant(
    tx: &mut SqliteConnection,
    payment: PaymentId,
) -> Result<Option<String>, Error> {
    let merchant = sqlx::query_scalar("SELECT merchant FROM receipts WHERE payment_id = ?")
        .bind(payment.to_string())
        .fetch_optional(tx)
        .await?;
    Ok(merchant)
}

async fn show(
    tx: &mut SqliteConnection,
    generation: i64,
    merchant: &str,
    position: i64,
) -> Result<(), Error> {
    sqlx::query("INSERT INTO feed (generation, merchant, position) VALUES (?, ?, ?)")
        .bind(generation)
        .bind(merchant)
        .bind(position)
        .execute(tx)
        .await?;
    Ok(())
}

async fn add(
    tx: &mut SqliteConnection,
    generation: i64,
    (merchant, amount_minor, currency, _): &Remembered,
    at: Timestamp,
    sum: Sum,
) -> Result<(), Error> {
    let (paid_count, paid_minor, reversed_count, reversed_minor) = match sum {
        Sum::Paid => (1, *amount_minor, 0, 0),
        Sum::Reversed => (0, 0, 1, *amount_minor),
    };
    sqlx::query(
        "INSERT INTO daily_totals (generation, merchant, day, currency,
             paid_count, paid_minor, reversed_count, reversed_minor)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (generation, merchant, day, currency) DO UPDATE SET
             paid_count = paid_count + excluded.paid_count,
             paid_minor = paid_minor + excluded.paid_minor,
             reversed_count = reversed_count + excluded.reversed_count,
             reversed_minor = reversed_minor + excluded.reversed_minor",
    )
    .bind(generation)
    .bind(merchant)
    .bind(day(at))
    .bind(currency)
    .bind(paid_count)
    .bind(paid_minor)
    .bind(reversed_count)
    .bind(reversed_minor)
    .execute(tx)
    .await?;
    Ok(())
}

/// The day in UTC, as `2026-11-23`.
fn day(at: Timestamp) -> String {
    at.rfc3339().chars().take(10).collect()
}
