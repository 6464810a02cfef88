//! SQLite, the embedded engine: one connection that writes, several that read. All SQL of it is in
//! this folder; what the rows mean is outside.

mod append;
mod command_log;
mod fleet;
mod history;
mod lent;
pub(crate) mod letter;
pub(crate) mod onlooker;
mod payments;
mod projection;
mod receipt;
mod standing;
mod wake_up;

#[cfg(test)]
mod full_tests;

pub use command_log::EmbeddedCommands;
pub(crate) use history::events_between;

use crate::Error;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use standing::Standing;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const READERS_MAX: u32 = 4;

/// How long to wait for another process that holds the file (a backup, an operator's shell).
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long to wait for a connection of our own.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// The open file. `lent` lends its connections; an operator looks through the readers beside it.
#[derive(Clone, Debug)]
pub(crate) struct Sqlite {
    writer: SqlitePool,
    pub(crate) reader: SqlitePool,
    standing: Arc<Standing>,
}

impl Sqlite {
    /// Opens the file, creates it where there is none, and brings its tables up to date.
    pub(crate) async fn open(path: &Path) -> Result<Self, Error> {
        let opened = Self::connect(path, true).await?;
        crate::migrations::sqlite().run(&opened.writer).await?;
        Ok(opened)
    }

    /// Opens a file that is there; its tables stay as they are.
    pub(crate) async fn open_as_it_is(path: &Path) -> Result<Self, Error> {
        Self::connect(path, false).await
    }

    async fn connect(path: &Path, creates: bool) -> Result<Self, Error> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        // FULL: a commit that was answered for survives a power cut, not only a killed process.
        let writing = options
            .clone()
            .create_if_missing(creates)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let writer = connections(1).connect_with(writing).await?;
        let reader = connections(READERS_MAX)
            .connect_with(options.read_only(true))
            .await?;
        Ok(Self {
            writer,
            reader,
            standing: Arc::default(),
        })
    }

    pub(crate) async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
}

fn connections(max: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(max)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}
