//! Feed and totals, read from SQLite.

use crate::Error;
use crate::history::EventRow;
use crate::projection::TotalsRow;
use crate::sqlite::Sqlite;
use payment::MerchantId;

impl Sqlite {
    pub(crate) async fn feed(
        &self,
        merchant: &MerchantId,
        after: i64,
        limit: u32,
    ) -> Result<Vec<EventRow>, Error> {
        let question = sqlx::query_as(
            "SELECT e.position, e.order_id, e.version, e.payment_id, e.schema_version, e.at_ms,
                 e.body
             FROM feed f JOIN events e ON e.position = f.position
             WHERE f.generation = (SELECT generation FROM projection_generations WHERE live = 1)
                 AND f.merchant = ? AND f.position > ?
             ORDER BY f.position LIMIT ?",
        )
        .bind(merchant.as_str())
        .bind(after)
        .bind(limit);
        self.rows(question).await
    }

    pub(crate) async fn totals(
        &self,
        merchant: &MerchantId,
        (first_day, last_day): (&str, &str),
    ) -> Result<Vec<TotalsRow>, Error> {
        let question = sqlx::query_as(
            "SELECT day, currency, paid_count, paid_minor, reversed_count, reversed_minor
             FROM daily_totals
             WHERE generation = (SELECT generation FROM projection_generations WHERE live = 1)
                 AND merchant = ? AND day BETWEEN ? AND ?
             ORDER BY day, currency",
        )
        .bind(merchant.as_str())
        .bind(first_day)
        .bind(last_day);
        self.rows(question).await
    }
}
