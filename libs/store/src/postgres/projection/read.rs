//! Feed and totals, read from PostgreSQL.

use crate::Error;
use crate::history::EventRow;
use crate::postgres::Postgres;
use crate::projection::TotalsRow;
use payment::MerchantId;

impl Postgres {
    pub(crate) async fn feed(
        &self,
        merchant: &MerchantId,
        after: i64,
        limit: u32,
    ) -> Result<Vec<EventRow>, Error> {
        let question = sqlx::query_as(
            "SELECT e.position, e.order_id::text, e.version, e.payment_id::text, e.schema_version,
                 e.at_ms, e.body
             FROM feed f JOIN events e ON e.position = f.position
             WHERE f.generation = (SELECT generation FROM projection_generations WHERE live)
                 AND f.merchant = $1 AND f.position > $2
             ORDER BY f.position LIMIT $3",
        )
        .bind(merchant.as_str())
        .bind(after)
        .bind(i64::from(limit));
        self.sessions.rows(question).await
    }

    pub(crate) async fn totals(
        &self,
        merchant: &MerchantId,
        (first_day, last_day): (&str, &str),
    ) -> Result<Vec<TotalsRow>, Error> {
        let question = sqlx::query_as(
            "SELECT day, currency, paid_count, paid_minor, reversed_count, reversed_minor
             FROM daily_totals
             WHERE generation = (SELECT generation FROM projection_generations WHERE live)
                 AND merchant = $1 AND day BETWEEN $2 AND $3
             ORDER BY day, currency",
        )
        .bind(merchant.as_str())
        .bind(first_day)
        .bind(last_day);
        self.sessions.rows(question).await
    }
}
