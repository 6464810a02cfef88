//! Wake-ups on PostgreSQL.

use super::Postgres;
use crate::Error;
use crate::wake_up::WakeUpRow;
use payment::Timestamp;

impl Postgres {
    pub(crate) async fn wake_ups_before(
        &self,
        at: Timestamp,
        limit: u32,
    ) -> Result<Vec<WakeUpRow>, Error> {
        let question = sqlx::query_as(
            "SELECT order_id::text, wake_at_ms, partition FROM wake_ups
             WHERE wake_at_ms <= $1 ORDER BY wake_at_ms LIMIT $2",
        )
        .bind(at.as_ms())
        .bind(i64::from(limit));
        self.sessions.rows(question).await
    }
}
