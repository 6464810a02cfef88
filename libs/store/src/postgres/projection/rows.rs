//! The projection's rows: looked up and written many at once.

use super::fold::Fold;
use crate::{Error, Remembered};
use sqlx::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;

/// What is remembered of these payments.
pub(super) async fn remembered(
    tx: &mut PgConnection,
    generation: i64,
    payments: &[Uuid],
) -> Result<HashMap<Uuid, Remembered>, Error> {
    if payments.is_empty() {
        return Ok(HashMap::new());
    }
    // Each by its whole key: a plan that was made while the table was empty would read the whole
    // generation for every batch.
    let rows: Vec<(Uuid, String, i64, String, bool)> = sqlx::query_as(
        "SELECT known.* FROM UNNEST($2::uuid[]) AS a (payment_id), LATERAL (
             SELECT payment_id, merchant, amount_minor, currency, released
             FROM projected_payments p
             WHERE p.generation = $1 AND p.payment_id = a.payment_id LIMIT 1) AS known",
    )
    .bind(generation)
    .bind(payments)
    .fetch_all(tx)
    .await?;
    let known = rows
        .into_iter()
        .map(|(payment, merchant, amount_minor, currency, released)| {
            let remembered = Remembered {
                merchant,
                amount_minor,
                currency,
                released,
            };
            (payment, remembered)
        });
    Ok(known.collect())
}

/// Writes what is remembered now.
pub(super) async fn remember(
    tx: &mut PgConnection,
    generation: i64,
    fold: &Fold,
) -> Result<(), Error> {
    let (mut payments, mut merchants) = (Vec::new(), Vec::new());
    let (mut amounts, mut currencies, mut released) = (Vec::new(), Vec::new(), Vec::new());
    for payment in &fold.changed {
        if let Some(remembered) = fold.remembered.get(payment) {
            payments.push(*payment);
            merchants.push(remembered.merchant.as_str());
            amounts.push(remembered.amount_minor);
            currencies.push(remembered.currency.as_str());
            released.push(remembered.released);
        }
    }
    if payments.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO projected_payments
             (generation, payment_id, merchant, amount_minor, currency, released)
         SELECT $1, payment_id, merchant, amount_minor, currency, released
         FROM UNNEST($2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::boolean[])
             AS a (payment_id, merchant, amount_minor, currency, released)
         ON CONFLICT (generation, payment_id) DO UPDATE SET released = excluded.released",
    )
    .bind(generation)
    .bind(payments)
    .bind(merchants)
    .bind(amounts)
    .bind(currencies)
    .bind(released)
    .execute(tx)
    .await?;
    Ok(())
}

/// Puts events into feeds.
pub(super) async fn show(
    tx: &mut PgConnection,
    generation: i64,
    shown: &[(String, i64)],
) -> Result<(), Error> {
    if shown.is_empty() {
        return Ok(());
    }
    let (merchants, positions): (Vec<&str>, Vec<i64>) = shown
        .iter()
        .map(|(merchant, position)| (merchant.as_str(), *position))
        .unzip();
    sqlx::query(
        "INSERT INTO feed (generation, merchant, position)
         SELECT $1, merchant, position FROM UNNEST($2::text[], $3::bigint[])
             AS a (merchant, position)",
    )
    .bind(generation)
    .bind(merchants)
    .bind(positions)
    .execute(tx)
    .await?;
    Ok(())
}

/// Adds to the totals.
pub(super) async fn add(tx: &mut PgConnection, generation: i64, fold: &Fold) -> Result<(), Error> {
    if fold.sums.is_empty() {
        return Ok(());
    }
    let (mut merchants, mut days, mut currencies) = (Vec::new(), Vec::new(), Vec::new());
    let (mut paid, mut paid_minor) = (Vec::new(), Vec::new());
    let (mut reversed, mut reversed_minor) = (Vec::new(), Vec::new());
    for sum in fold.sums.values() {
        merchants.push(sum.merchant.as_str());
        days.push(sum.day.as_str());
        currencies.push(sum.currency.as_str());
        paid.push(sum.paid_count);
        paid_minor.push(sum.paid_minor);
        reversed.push(sum.reversed_count);
        reversed_minor.push(sum.reversed_minor);
    }
    sqlx::query(
        "INSERT INTO daily_totals AS total (generation, merchant, day, currency,
             paid_count, paid_minor, reversed_count, reversed_minor)
         SELECT $1, merchant, day, currency, paid_count, paid_minor, reversed_count, reversed_minor
         FROM UNNEST($2::text[], $3::text[], $4::text[],
                 $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])
             AS a (merchant, day, currency, paid_count, paid_minor, reversed_count, reversed_minor)
         ON CONFLICT (generation, merchant, day, currency) DO UPDATE SET
             paid_count = total.paid_count + excluded.paid_count,
             paid_minor = total.paid_minor + excluded.paid_minor,
             reversed_count = total.reversed_count + excluded.reversed_count,
             reversed_minor = total.reversed_minor + excluded.reversed_minor",
    )
    .bind(generation)
    .bind(merchants)
    .bind(days)
    .bind(currencies)
    .bind(paid)
    .bind(paid_minor)
    .bind(reversed)
    .bind(reversed_minor)
    .execute(tx)
    .await?;
    Ok(())
}
