//! The store, and which of the two engines it stands on. What is asked of it is in the files named
//! for that; each engine's SQL is in the engine's own folder.

use crate::Error;
use crate::postgres::{Postgres, PostgresOptions};
use crate::sqlite::{EmbeddedCommands, Sqlite};
use payment::Timestamp;
use std::path::Path;

/// The store. Cheap to clone; all clones share the connections.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) engine: Engine,
}

/// What the store stands on.
#[derive(Clone, Debug)]
pub(crate) enum Engine {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl Store {
    /// Opens the embedded store's file, creates it where there is none, and brings its tables up
    /// to date.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it can't be opened, or was written by a newer release.
    pub async fn open(path: &Path) -> Result<Self, Error> {
        let engine = Engine::Sqlite(Sqlite::open(path).await?);
        Ok(Self { engine })
    }

    /// Connects to PostgreSQL, where a fleet's processes meet, and brings its tables up to date.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it can't be reached, or when the options are at fault.
    pub async fn connect(options: &PostgresOptions) -> Result<Self, Error> {
        let engine = Engine::Postgres(Postgres::connect(options).await?);
        Ok(Self { engine })
    }

    /// Closes all connections, after what is under way. Later calls get [`Error::Unavailable`].
    pub async fn close(&self) {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.close().await,
            Engine::Postgres(postgres) => postgres.close().await,
        }
    }

    /// Now, by the database's clock: the one clock that all processes on it share. `None` on
    /// SQLite, where there is only one process.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn shared_clock(&self) -> Result<Option<Timestamp>, Error> {
        match &self.engine {
            Engine::Sqlite(_) => Ok(None),
            Engine::Postgres(postgres) => Ok(Some(postgres.clock().await?)),
        }
    }

    /// The tables of the embedded command log. `None` on PostgreSQL: a fleet's command log is
    /// Kafka.
    pub fn embedded_commands(&self) -> Option<EmbeddedCommands> {
        match &self.engine {
            Engine::Sqlite(sqlite) => Some(EmbeddedCommands::new(sqlite.clone())),
            Engine::Postgres(_) => None,
        }
    }
}
