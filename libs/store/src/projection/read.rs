//! What the doors read of the projection: a merchant's feed and its totals. Both may lag.

use crate::database::Engine;
use crate::history::readable;
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

/// Day, currency, and the four numbers.
pub(crate) type TotalsRow = (String, String, i64, i64, i64, i64);

impl Store {
    /// The merchant's events behind position `after` (0: from the first) that it may see, oldest
    /// first, at most `limit`. Alipay's side and unreleased approvals are not among them. The page ends
    /// before an event of a later release: a cursor that went past it would never come back. For the
    /// same reason nothing is shown from an event on that the projector can't read.
    ///
    /// # Errors
    /// [`Error::Newer`] where such an event is the first; [`Error::Corrupt`] and
    /// [`Error::Unavailable`].
    pub async fn feed(
        &self,
        merchant: &MerchantId,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Recorded>, Error> {
        let rows = match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.feed(merchant, after, limit).await?,
            Engine::Postgres(postgres) => postgres.feed(merchant, after, limit).await?,
        };
        readable(rows)
    }

    /// The merchant's totals from `first_day` to `last_day` (as `2026-11-23`, both included), by
    /// day and currency, as far as its feed goes.
    ///
    /// # Errors
    /// [`Error::Corrupt`] and [`Error::Unavailable`].
    pub async fn totals(
        &self,
        merchant: &MerchantId,
        first_day: &str,
        last_day: &str,
    ) -> Result<Vec<DailyTotals>, Error> {
        let days = (first_day, last_day);
        let rows = match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.totals(merchant, days).await?,
            Engine::Postgres(postgres) => postgres.totals(merchant, days).await?,
        };
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
