//! The store, and which of the two engines it stands on. What is asked of it is in the files named
//! for that; each engine's SQL is in the engine's own folder.

use crate::Error;
use crate::postgres::{Adopted, Postgres, PostgresOptions};
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

    /// Opens the file of a standalone for an operator's own writing, also while that runs. The file
    /// must exist; its tables stay as they are.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn of_file(path: &Path) -> Result<Self, Error> {
        let engine = Engine::Sqlite(Sqlite::open_as_it_is(path).await?);
        Ok(Self { engine })
    }

    /// A fleet's PostgreSQL for an operator's own writing. Its tables stay as they are.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the options are at fault. Connects when it is first asked. To be
    /// called on a runtime.
    pub fn of_server(options: &PostgresOptions) -> Result<Self, Error> {
        let engine = Engine::Postgres(Postgres::open_as_it_is(options)?);
        Ok(Self { engine })
    }

    /// Takes over a PostgreSQL history that came from another server by a dump or by logical
    /// replication: from now on positions are above all there are. It must be complete, and nothing
    /// may write to the other server any more. Changes nothing where they are already.
    ///
    /// # Errors
    /// As of [`Self::connect`].
    pub async fn adopt(options: &PostgresOptions) -> Result<Adopted, Error> {
        Postgres::adopt(options).await
    }

    /// Closes all connections, after what is under way. Later calls get [`Error::Unavailable`].
    pub async fn close(&self) {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.close().await,
            Engine::Postgres(postgres) => postgres.close().await,
        }
    }

    /// Whether something can be written: on SQLite where the last write failed, or none was made
    /// lately, something is written to see. For readiness; ask once a second.
    ///
    /// # Errors
    /// Why not.
    pub async fn can_write(&self) -> Result<(), Error> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.can_write().await,
            Engine::Postgres(postgres) => postgres.can_write().await,
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
