//! What the doors read of the projection: a merchant's feed and its totals. Both may lag.

use crate::history::{EventRow, recorded};
use crate::{Error, Recorded, Store, number};
use payment::MerchantId;

/// One merchant's day in one currency.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DailyTotals {
    /// The day in UTC, as `2026-11-23`.
    pub day: String,
    /// ISO 4217.
    pub currency: String,
    /// Payments released on that day.
    pub paid_count: u64,
    /// Their sum in minor units.
    pub paid_minor: i64,
    /// Released payments whose reversal was proven on that day.
    pub reversed_count: u64,
    /// Their sum in minor units.
    pub reversed_minor: i64,
}

impl Store {
    /// The merchant's events behind position `after` (0: from the first) that it may see, oldest
    /// first, at most `limit`. Alipay's side and unreleased approvals are not among them.
    ///
    /// # Errors
    /// [`Error::Corrupt`] and [`Error::Unavailable`].
    pub async fn feed(
        &self,
        merchant: &MerchantId,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Recorded>, Error> {
        let rows: Vec<EventRow> = sqlx::query_as(
            "SELECT e.position, e.order_id, e.version, e.payment_id, e.schema_version, e.at_ms,
                 e.body
             FROM feed f JOIN events e ON e.position = f.position
             WHERE f.generation = (SELECT generation FROM projection_generations WHERE live = 1)
                 AND f.merchant = ? AND f.position > ?
             ORDER BY f.position LIMIT ?",
        )
        .bind(merchant.as_str())
        .bind(after)
        .bind(limit)
        .fetch_all(&self.reader)
        .await?;
        rows.into_iter().map(recorded).collect()
    }

    /// The merchant's totals from `first_day` to `last_day` (as `2026-11-23`, both included), by
    /// day and currency.
    ///
    /// # Errors
    /// [`Error::Corrupt`] and [`Error::Unavailable`].
    pub async fn totals(
        &self,
        merchant: &MerchantId,
        first_day: &str,
        last_day: &str,
    ) -> Result<Vec<DailyTotals>, Error> {
        let rows: Vec<(String, String, i64, i64, i64, i64)> = sqlx::query_as(
            "SELECT day, currency, paid_count, paid_minor, reversed_count, reversed_minor
             FROM daily_totals
             WHERE generation = (SELECT generation FROM projection_generations WHERE live = 1)
                 AND merchant = ? AND day BETWEEN ? AND ?
             ORDER BY day, currency",
        )
        .bind(merchant.as_str())
        .bind(first_day)
        .bind(last_day)
        .fetch_all(&self.reader)
        .await?;
        rows.into_iter()
            .map(
                |(day, currency, paid, paid_minor, reversed, reversed_minor)| {
                    let place = format!("totals of {merchant} on {day}");
                    Ok(DailyTotals {
                        day,
                        currency,
                        paid_count: number::count(paid, &place)?,
                        paid_minor,
                        reversed_count: number::count(reversed, &place)?,
                        reversed_minor,
                    })
                },
            )
            .collect()
    }
}
