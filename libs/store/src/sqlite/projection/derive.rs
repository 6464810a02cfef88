//! One event onto a generation: looks up what its share takes, and applies it. What the share is
//! stands in `projection/derived`.

use crate::projection::Gate;
use crate::{Derived, Error, Known, Memory, Needs, Recorded, Remembered, Sum, derived, needs};
use payment::PaymentId;
use sqlx::SqliteConnection;

pub(super) async fn derive(
    tx: &mut SqliteConnection,
    generation: i64,
    recorded: &Recorded,
    gate: &Gate,
) -> Result<(), Error> {
    let payment = recorded.event.payment;
    let mut known = Known::default();
    match needs(&recorded.event) {
        Needs::Nothing => {}
        Needs::Payment => known.payment = remembered(tx, generation, payment).await?,
    }
    let Derived {
        memory,
        sum,
        shown_to,
    } = derived(&recorded.event, known);
    let Some(merchant) = shown_to else {
        return Ok(());
    };
    if !gate.admits(&merchant, recorded.position) {
        return Ok(());
    }
    match memory {
        Memory::Same => {}
        Memory::New(remembered) => remember(tx, generation, payment, &remembered).await?,
        Memory::Released => release(tx, generation, payment).await?,
    }
    if let Some(sum) = sum {
        add(tx, generation, &sum).await?;
    }
    show(tx, generation, &merchant, recorded.position).await
}

async fn remember(
    tx: &mut SqliteConnection,
    generation: i64,
    payment: PaymentId,
    remembered: &Remembered,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO projected_payments
             (generation, payment_id, merchant, amount_minor, currency, released)
         VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(generation)
    .bind(payment.to_string())
    .bind(&remembered.merchant)
    .bind(remembered.amount_minor)
    .bind(&remembered.currency)
    .bind(remembered.released)
    .execute(tx)
    .await?;
    Ok(())
}

async fn remembered(
    tx: &mut SqliteConnection,
    generation: i64,
    payment: PaymentId,
) -> Result<Option<Remembered>, Error> {
    let row: Option<(String, i64, String, bool)> = sqlx::query_as(
        "SELECT merchant, amount_minor, currency, released FROM projected_payments
         WHERE generation = ? AND payment_id = ?",
    )
    .bind(generation)
    .bind(payment.to_string())
    .fetch_optional(tx)
    .await?;
    Ok(
        row.map(|(merchant, amount_minor, currency, released)| Remembered {
            merchant,
            amount_minor,
            currency,
            released,
        }),
    )
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

async fn add(tx: &mut SqliteConnection, generation: i64, sum: &Sum) -> Result<(), Error> {
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
    .bind(&sum.merchant)
    .bind(&sum.day)
    .bind(&sum.currency)
    .bind(sum.paid_count)
    .bind(sum.paid_minor)
    .bind(sum.reversed_count)
    .bind(sum.reversed_minor)
    .execute(tx)
    .await?;
    Ok(())
}
