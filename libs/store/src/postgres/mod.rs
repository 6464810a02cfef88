//! PostgreSQL, where a fleet's processes meet: a pool that reads, and writers that gather appends.
//! All SQL of it is in this folder; what the rows mean is outside.

mod append;
mod columns;
mod fleet;
mod gather;
mod history;
mod letter;
mod onlooker;
mod options;
mod payments;
mod places;
mod projection;
mod receipt;
mod server;
mod session;
mod wake_up;
mod write;

pub use options::{PostgresFault, PostgresOptions};
pub use server::Adopted;

use crate::Error;
use crate::append::Writing;
use gather::Writers;
use payment::Timestamp;
pub(crate) use session::Sessions;
use session::unavailable;
use sqlx::{Connection, PgConnection};
use std::io::ErrorKind;
use std::sync::Arc;
use tokio::time::timeout;

/// The connections. Reading does not wait for writing: each has its own.
#[derive(Clone, Debug)]
pub(crate) struct Postgres {
    pub(crate) sessions: Sessions,
    writers: Arc<Writers>,
}

impl Postgres {
    /// Connects, and brings the tables up to date.
    pub(crate) async fn connect(options: &PostgresOptions) -> Result<Self, Error> {
        if let Some(fault) = options.faults().into_iter().next() {
            return Err(refused(fault));
        }
        prepare(options).await?;
        Self::open_as_it_is(options)
    }

    /// Connects when it is first asked; the tables stay as they are.
    pub(crate) fn open_as_it_is(options: &PostgresOptions) -> Result<Self, Error> {
        if let Some(fault) = options.faults().into_iter().next() {
            return Err(refused(fault));
        }
        let sessions = Sessions::open(options, options.connections_max)?;
        let writing = Sessions::open(options, options.writers)?;
        let writers = Writers::start(options.writers, writing);
        Ok(Self {
            sessions,
            writers: Arc::new(writers),
        })
    }

    pub(crate) async fn close(&self) {
        self.writers.close().await;
        self.sessions.close().await;
    }

    /// The server's clock.
    pub(crate) async fn clock(&self) -> Result<Timestamp, Error> {
        let now = "SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint";
        let at_ms = self.sessions.value(sqlx::query_scalar(now)).await?;
        Ok(Timestamp::from_ms(at_ms))
    }

    /// Whether the server takes writes.
    pub(crate) async fn can_write(&self) -> Result<(), Error> {
        self.sessions
            .patiently(async {
                let mut lent = self.sessions.lend().await?;
                server::refuse_read_only(lent.connection()).await?;
                lent.give_back();
                Ok(())
            })
            .await
    }

    /// Takes over a history that came from another server.
    pub(crate) async fn adopt(options: &PostgresOptions) -> Result<Adopted, Error> {
        let mut connection = up_to_date(options).await?;
        let adopted = server::adopt(&mut connection).await?;
        connection.close().await?;
        Ok(adopted)
    }

    /// Gathered with whatever else waits; see `gather`.
    pub(crate) async fn append(&self, writing: Writing) -> Result<(), Error> {
        if writing.events.len() > gather::EVENTS_MAX {
            let reason = "more events in one append than positions have room for";
            return Err(unavailable(ErrorKind::InvalidInput, reason));
        }
        self.writers.append(writing).await
    }
}

/// Brings the tables up to date, and looks whether the server can be trusted with more.
async fn prepare(options: &PostgresOptions) -> Result<(), Error> {
    let mut connection = up_to_date(options).await?;
    server::refuse_younger(&mut connection).await?;
    server::warn_of_losses(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

/// A connection to tables that are up to date. Not under the session's time-outs: an index over a
/// long history takes as long as it takes. Processes that start together wait for one another here.
async fn up_to_date(options: &PostgresOptions) -> Result<PgConnection, Error> {
    let target = options.target().map_err(refused)?;
    let connecting = PgConnection::connect_with(&target);
    let mut connection = timeout(options.connect_timeout(), connecting)
        .await
        .map_err(|_| unavailable(ErrorKind::TimedOut, "no connection in time"))??;
    server::refuse_read_only(&mut connection).await?;
    let mut migrations = crate::migrations::postgres();
    // While a fleet is replaced, a process of the old release may start on the new one's tables.
    migrations.set_ignore_missing(true);
    migrations.run(&mut connection).await?;
    Ok(connection)
}

fn refused(fault: PostgresFault) -> Error {
    Error::Unavailable(sqlx::Error::Configuration(fault.into()))
}
