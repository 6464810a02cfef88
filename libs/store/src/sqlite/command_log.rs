//! The embedded command log's tables. What the records are, and when they are done, is `bus`'s.

use super::Sqlite;
use crate::{Error, number};
use uuid::Uuid;

/// The tables of the embedded command log. They live in the same file as the history.
#[derive(Clone, Debug)]
pub struct EmbeddedCommands {
    sqlite: Sqlite,
}

impl EmbeddedCommands {
    pub(crate) fn new(sqlite: Sqlite) -> Self {
        Self { sqlite }
    }

    /// Puts a sealed record at the end of a partition; on disk when it returns. Returns its
    /// offset, which grows with every record of any partition.
    ///
    /// # Errors
    /// [`Error::Unavailable`]; the record may or may not be there then.
    pub async fn put(&self, partition: u16, key: Uuid, record: &[u8]) -> Result<i64, Error> {
        let putting = sqlx::query_scalar(
            "INSERT INTO commands (partition, key, record) VALUES (?, ?, ?) RETURNING log_offset",
        )
        .bind(i64::from(partition))
        .bind(key.to_string())
        .bind(record);
        self.sqlite
            .write(async |tx| Ok(putting.fetch_one(tx).await?))
            .await
    }

    /// The records of a partition behind offset `after`, oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn read(
        &self,
        partition: u16,
        after: i64,
        limit: u32,
    ) -> Result<Vec<(i64, Vec<u8>)>, Error> {
        let question = sqlx::query_as(
            "SELECT log_offset, record FROM commands
             WHERE partition = ? AND log_offset > ? ORDER BY log_offset LIMIT ?",
        )
        .bind(i64::from(partition))
        .bind(after)
        .bind(limit);
        self.sqlite.rows(question).await
    }

    /// Remembers that all records up to `offset` are done, and deletes them: a sealed payment code
    /// is kept no longer than it is needed. Never goes back.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn commit(&self, partition: u16, offset: i64) -> Result<(), Error> {
        let remembering = sqlx::query(
            "INSERT INTO command_offsets (partition, committed) VALUES (?, ?)
             ON CONFLICT (partition) DO UPDATE SET committed = MAX(committed, excluded.committed)",
        )
        .bind(i64::from(partition))
        .bind(offset);
        let deleting = sqlx::query("DELETE FROM commands WHERE partition = ? AND log_offset <= ?")
            .bind(i64::from(partition))
            .bind(offset);
        self.sqlite
            .write(async |tx| {
                remembering.execute(&mut *tx).await?;
                deleting.execute(tx).await?;
                Ok(())
            })
            .await
    }

    /// The last offset that was committed; 0 before the first.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn committed(&self, partition: u16) -> Result<i64, Error> {
        let question =
            sqlx::query_scalar("SELECT committed FROM command_offsets WHERE partition = ?")
                .bind(i64::from(partition));
        Ok(self.sqlite.value(question).await?.unwrap_or(0))
    }

    /// Keeps a record that nobody can work on, with the reason, for a person. Kept once however
    /// often it is called.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn dead(
        &self,
        partition: u16,
        offset: i64,
        reason: &str,
        record: &[u8],
    ) -> Result<(), Error> {
        let keeping = sqlx::query(
            "INSERT INTO dead_letters (id, partition, log_offset, reason, at_ms, record)
             VALUES (?, ?, ?, ?, CAST(unixepoch('subsec') * 1000 AS INTEGER), ?)
             ON CONFLICT (id) DO NOTHING",
        )
        .bind(crate::letter::name(partition, offset, record).to_string())
        .bind(i64::from(partition))
        .bind(offset)
        .bind(reason)
        .bind(record);
        self.sqlite
            .write(async |tx| {
                keeping.execute(tx).await?;
                Ok(())
            })
            .await
    }

    /// How many dead letters a person has to look at.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn dead_count(&self) -> Result<u64, Error> {
        let question = sqlx::query_scalar("SELECT COUNT(*) FROM dead_letters");
        let count = self.sqlite.value(question).await?.unwrap_or(0);
        number::count(count, "dead letters")
    }
}
