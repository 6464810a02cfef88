//! What a database knows of the processes on it: which are alive and what history each can read, and
//! the account at Alipay under which open payments were begun.

use crate::database::Engine;
use crate::{Error, Store};
use payment::Timestamp;
use uuid::Uuid;

/// Whether a process may go on under its account at Alipay.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Adoption {
    /// It may: the account is the same, or nothing open needs the former one.
    Adopted,
    /// It may not: payments are open that began under another account, and only that one can
    /// inquire, cancel or refund them.
    Held {
        /// The account they need.
        client_id: String,
        /// How many orders still owe something.
        open: u64,
    },
}

impl Store {
    /// Says that this process is alive, and the newest history that it can read. Those that have not
    /// said so for a day are forgotten.
    ///
    /// # Errors
    /// [`Error::Busy`] and [`Error::Unavailable`].
    pub async fn beat(&self, process: Uuid, now: Timestamp) -> Result<(), Error> {
        let beat = (process.to_string(), crate::GENERATION, now.as_ms());
        match &self.engine {
            // One process alone.
            Engine::Sqlite(_) => Ok(()),
            Engine::Postgres(postgres) => postgres.beat(beat).await,
        }
    }

    /// Whether a process that can read a newer history than this one was alive after `since`.
    ///
    /// # Errors
    /// [`Error::Busy`] and [`Error::Unavailable`].
    pub async fn newer_alive(&self, since: Timestamp) -> Result<bool, Error> {
        let newest = match &self.engine {
            Engine::Sqlite(_) => None,
            Engine::Postgres(postgres) => postgres.newest_alive(since).await?,
        };
        Ok(newest.is_some_and(|newest| newest > crate::GENERATION))
    }

    /// Takes `client_id` for the account of this history, unless open payments need another.
    ///
    /// # Errors
    /// [`Error::Busy`] and [`Error::Unavailable`].
    pub async fn adopt_account(&self, client_id: &str) -> Result<Adoption, Error> {
        let (adopted, open) = match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.adopt_account(client_id).await?,
            Engine::Postgres(postgres) => postgres.adopt_account(client_id).await?,
        };
        if adopted == client_id {
            return Ok(Adoption::Adopted);
        }
        Ok(Adoption::Held {
            client_id: adopted,
            open: u64::try_from(open).unwrap_or(0),
        })
    }
}
