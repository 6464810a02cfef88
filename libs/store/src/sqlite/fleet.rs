//! Under which account the file's payments were begun.

use super::Sqlite;
use crate::Error;

impl Sqlite {
    pub(crate) async fn adopt_account(&self, client_id: &str) -> Result<(String, i64), Error> {
        self.write(async |tx| {
            let open: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM wake_ups")
                .fetch_one(&mut *tx)
                .await?;
            sqlx::query(
                "INSERT INTO accounts (one, client_id) VALUES (1, ?)
             ON CONFLICT (one) DO UPDATE SET client_id = excluded.client_id WHERE ? = 0",
            )
            .bind(client_id)
            .bind(open)
            .execute(&mut *tx)
            .await?;
            let adopted = sqlx::query_scalar("SELECT client_id FROM accounts WHERE one = 1")
                .fetch_one(&mut *tx)
                .await?;
            Ok((adopted, open))
        })
        .await
    }
}
