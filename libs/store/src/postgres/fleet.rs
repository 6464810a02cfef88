//! Who is alive on this database, and under which account.

use super::Postgres;
use crate::Error;
use payment::Timestamp;

/// A process that has been silent for so long is forgotten.
const FORGOTTEN_MS: i64 = 86_400_000;

impl Postgres {
    pub(crate) async fn beat(
        &self,
        (process, generation, now_ms): (String, i64, i64),
    ) -> Result<(), Error> {
        let question = sqlx::query_scalar(
            "WITH seen AS (INSERT INTO processes (id, generation, seen_at_ms) VALUES ($1, $2, $3)
                 ON CONFLICT (id) DO UPDATE SET seen_at_ms = excluded.seen_at_ms),
             gone AS (DELETE FROM processes WHERE seen_at_ms < $4)
             SELECT 1::bigint",
        )
        .bind(process)
        .bind(generation)
        .bind(now_ms)
        .bind(now_ms.saturating_sub(FORGOTTEN_MS));
        let _done: i64 = self.sessions.value(question).await?;
        Ok(())
    }

    pub(crate) async fn newest_alive(&self, since: Timestamp) -> Result<Option<i64>, Error> {
        let question =
            sqlx::query_scalar("SELECT MAX(generation) FROM processes WHERE seen_at_ms > $1")
                .bind(since.as_ms());
        self.sessions.value(question).await
    }

    pub(crate) async fn adopt_account(&self, client_id: &str) -> Result<(String, i64), Error> {
        // The row is changed only where nothing waits; the second statement sees what holds.
        let question = sqlx::query_scalar(
            "WITH adopted AS (INSERT INTO accounts AS known (one, client_id) VALUES (1, $1)
                 ON CONFLICT (one) DO UPDATE SET client_id = excluded.client_id
                 WHERE NOT EXISTS (SELECT 1 FROM wake_ups))
             SELECT COUNT(*) FROM wake_ups",
        )
        .bind(client_id);
        let open: i64 = self.sessions.value(question).await?;
        let question = sqlx::query_scalar("SELECT client_id FROM accounts WHERE one = 1");
        Ok((self.sessions.value(question).await?, open))
    }
}
