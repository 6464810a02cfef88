//! Connections, each with its time-outs, and how one is lent: one that was dropped in the middle of
//! something, or does not answer, is closed and not lent again.

use super::PostgresOptions;
use super::places::{Place, Places, put_back};
use crate::Error;
use sqlx::postgres::{PgArguments, PgConnection, PgRow};
use sqlx::query::{QueryAs, QueryScalar};
use sqlx::{AssertSqlSafe, Connection, Decode, FromRow, Postgres, Transaction, Type};
use std::io;
use std::time::Duration;
use tokio::time::timeout;

/// What more than a statement's own time-out its answer may take on its way.
const ON_THE_WAY: Duration = Duration::from_secs(1);

/// How long, in milliseconds, a process that stands still in a transaction may hold up the others,
/// whose gathered appends wait for one row of it with all of theirs. In a transaction one statement
/// follows the other at once: only a line of a second each way, or of a few bytes, takes so long.
const STANDING_MS_MAX: u64 = 2_000;

/// How long a request to pay waits for a connection.
const SOON: Duration = Duration::from_secs(1);

/// A question whose answer is rows.
type Rows<'q, T> = QueryAs<'q, Postgres, T, PgArguments>;

/// A question whose answer is one value.
type Value<'q, T> = QueryScalar<'q, Postgres, T, PgArguments>;

/// Connections for all. The driver leaves TCP_NODELAY unset and offers no way to set it (sqlx
/// issue 4335, mended after 0.9.0). Where each exchange is one write and its answer, nothing waits
/// for it; over TLS a statement above 16 KiB is several writes, so none here is that long.
#[derive(Clone, Debug)]
pub(crate) struct Sessions {
    places: Places,
    patience: Duration,
}

/// A connection that is closed when it is dropped, unless it was given back.
pub(crate) struct Lent {
    // In this order: it is closed before another may be opened.
    connection: PgConnection,
    place: Place,
}

impl Sessions {
    /// Opens none yet: each is opened when it is first needed.
    pub(super) fn open(options: &PostgresOptions, max: u32) -> Result<Self, Error> {
        let statement_ms = options.statement_timeout_ms.to_string();
        let standing_ms = options.statement_timeout_ms.min(STANDING_MS_MAX);
        let standing_ms = standing_ms.to_string();
        let target = options
            .target()
            .map_err(|fault| Error::Unavailable(sqlx::Error::Configuration(fault.into())))?
            .options([
                // What is answered for is on disk, and where a synchronous standby is named, on
                // its disk too, whatever the server or the role is set to.
                ("synchronous_commit", "on"),
                ("statement_timeout", statement_ms.as_str()),
                ("idle_in_transaction_session_timeout", standing_ms.as_str()),
                // Every row here is found by an index. A plan made while a table was empty would
                // say otherwise, and be kept.
                ("enable_seqscan", "off"),
                ("enable_hashjoin", "off"),
                ("enable_mergejoin", "off"),
                // So no value makes another plan better, and planning anew is a fifth of the
                // server's work.
                ("plan_cache_mode", "force_generic_plan"),
            ]);
        let places = Places::new(target, max, options.acquire_timeout())?;
        let patience = options
            .acquire_timeout()
            .saturating_add(options.statement_timeout())
            .saturating_add(ON_THE_WAY);
        Ok(Self { places, patience })
    }

    pub(super) async fn close(&self) {
        self.places.close().await;
    }

    /// All rows that answer the question.
    pub(crate) async fn rows<T>(&self, question: Rows<'_, T>) -> Result<Vec<T>, Error>
    where
        T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        self.patiently(async {
            let mut lent = self.lend().await?;
            let rows = question.fetch_all(lent.connection()).await?;
            lent.give_back();
            Ok(rows)
        })
        .await
    }

    /// The row that answers the question, if there is one.
    pub(crate) async fn row<T>(&self, question: Rows<'_, T>) -> Result<Option<T>, Error>
    where
        T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        self.patiently(async {
            let mut lent = self.lend().await?;
            let row = question.fetch_optional(lent.connection()).await?;
            lent.give_back();
            Ok(row)
        })
        .await
    }

    /// The one value that answers the question.
    pub(crate) async fn value<T>(&self, question: Value<'_, T>) -> Result<T, Error>
    where
        T: for<'r> Decode<'r, Postgres> + Type<Postgres> + Send + Unpin,
    {
        self.patiently(async {
            let mut lent = self.lend().await?;
            let value = question.fetch_one(lent.connection()).await?;
            lent.give_back();
            Ok(value)
        })
        .await
    }

    /// Does one piece of work on a connection that it lends itself, no longer than a statement may
    /// take. The server's own time-out does not reach us when the line is dead.
    pub(crate) async fn patiently<T>(
        &self,
        work: impl Future<Output = Result<T, Error>> + Send,
    ) -> Result<T, Error> {
        // On the heap: what is asked of PostgreSQL must not make every caller's future large.
        let done = timeout(self.patience, Box::pin(work)).await;
        done.unwrap_or_else(|_| Err(unavailable(io::ErrorKind::TimedOut, "it does not answer")))
    }

    /// Lends a connection.
    pub(crate) async fn lend(&self) -> Result<Lent, Error> {
        let (place, connection) = self.places.take().await?;
        Ok(Lent { connection, place })
    }

    /// Lends a connection that is free soon, or none: who waits is better told to come again.
    pub(super) async fn lend_soon(&self) -> Result<Lent, Error> {
        let soon = timeout(SOON, self.lend()).await;
        soon.unwrap_or(Err(Error::Busy(sqlx::Error::PoolTimedOut)))
    }

    /// The longest that anything here takes.
    pub(super) fn patience(&self) -> Duration {
        self.patience
    }
}

impl Lent {
    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    pub(crate) async fn begin(&mut self) -> Result<Transaction<'_, Postgres>, Error> {
        Ok(self.connection.begin().await?)
    }

    /// Begins with these statements, the first of which is `BEGIN`; all go in one way. Nothing of
    /// them may come from outside.
    pub(crate) async fn begin_with(
        &mut self,
        statements: String,
    ) -> Result<Transaction<'_, Postgres>, Error> {
        let statements = AssertSqlSafe(statements);
        Ok(self.connection.begin_with(statements).await?)
    }

    /// Nothing is under way on it any more.
    pub(crate) fn give_back(self) {
        put_back(self.place, self.connection);
    }
}

/// An error of our own making, in the words of the one that the driver has for it.
pub(super) fn unavailable(kind: io::ErrorKind, reason: impl Into<String>) -> Error {
    Error::Unavailable(sqlx::Error::Io(io::Error::new(kind, reason.into())))
}
