//! How a connection is lent. One on which something went wrong, or whose borrower was dropped, is
//! closed, and the next borrower opens another: SQLite ends a transaction by itself when the disk is
//! full or fails, the driver does not hear of it, and nothing could begin on that connection again.

use super::Sqlite;
use crate::Error;
use sqlx::pool::PoolConnection;
use sqlx::query::{QueryAs, QueryScalar};
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqlitePool, SqliteRow};
use sqlx::{Connection, Decode, FromRow, Type};

/// A question whose answer is rows.
type Rows<'q, T> = QueryAs<'q, sqlx::Sqlite, T, SqliteArguments>;

/// A question whose answer is one value.
type Value<'q, T> = QueryScalar<'q, sqlx::Sqlite, T, SqliteArguments>;

/// A connection that is closed when it is dropped, unless it was given back.
pub(in crate::sqlite) struct Lent {
    connection: PoolConnection<sqlx::Sqlite>,
    is_sound: bool,
}

impl Lent {
    pub(in crate::sqlite) async fn of(pool: &SqlitePool) -> Result<Self, Error> {
        Ok(Self {
            connection: pool.acquire().await?,
            is_sound: false,
        })
    }

    pub(in crate::sqlite) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    /// Nothing is under way on it any more, and nothing went wrong.
    pub(in crate::sqlite) fn give_back(mut self) {
        self.is_sound = true;
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if !self.is_sound {
            self.connection.close_on_drop();
        }
    }
}

impl Sqlite {
    /// Does one piece of work in a transaction: all of it is on disk when it returns well, and none
    /// of it otherwise, but that after [`Error::Unavailable`] nobody knows.
    pub(in crate::sqlite) async fn write<T>(
        &self,
        work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let written = self.transaction(work).await;
        self.standing.note(&written);
        written
    }

    /// It takes the file's write lock at once: a transaction that read first and wrote later could
    /// find that it must not (SQLITE_BUSY_SNAPSHOT).
    async fn transaction<T>(
        &self,
        work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut lent = Lent::of(&self.writer).await?;
        let beginning = lent.connection().begin_with("BEGIN IMMEDIATE").await;
        let mut tx = beginning.map_err(Error::Busy)?;
        match work(&mut tx).await {
            Ok(done) => {
                tx.commit().await?;
                lent.give_back();
                Ok(done)
            }
            Err(verdict) if verdict.is_of_the_caller() => {
                tx.rollback().await.map_err(Error::Busy)?;
                lent.give_back();
                Err(verdict)
            }
            // Nothing was committed.
            Err(fault) => Err(fault.unwritten()),
        }
    }

    /// All rows that answer the question.
    pub(in crate::sqlite) async fn rows<T>(&self, question: Rows<'_, T>) -> Result<Vec<T>, Error>
    where
        T: for<'r> FromRow<'r, SqliteRow> + Send + Unpin,
    {
        let mut lent = Lent::of(&self.reader).await?;
        let rows = question.fetch_all(lent.connection()).await?;
        lent.give_back();
        Ok(rows)
    }

    /// The row that answers the question, if there is one.
    pub(in crate::sqlite) async fn row<T>(&self, question: Rows<'_, T>) -> Result<Option<T>, Error>
    where
        T: for<'r> FromRow<'r, SqliteRow> + Send + Unpin,
    {
        let mut lent = Lent::of(&self.reader).await?;
        let row = question.fetch_optional(lent.connection()).await?;
        lent.give_back();
        Ok(row)
    }

    /// The one value that answers the question; `None` where there is none.
    pub(in crate::sqlite) async fn value<T>(
        &self,
        question: Value<'_, T>,
    ) -> Result<Option<T>, Error>
    where
        T: for<'r> Decode<'r, sqlx::Sqlite> + Type<sqlx::Sqlite> + Send + Unpin,
    {
        let mut lent = Lent::of(&self.reader).await?;
        let value = question.fetch_optional(lent.connection()).await?;
        lent.give_back();
        Ok(value)
    }
}
