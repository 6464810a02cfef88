//! Connections that are lent and come back: what the pool (deadpool) asks of PostgreSQL. The
//! driver's own pool asks each connection whether it is well whenever it comes back, a way to the
//! server and back for every query; here only one that nobody used for a while is asked.

use super::server;
use crate::Error;
use backon::{ExponentialBuilder, Retryable};
use deadpool::Runtime;
use deadpool::managed::{
    Manager, Metrics, Object, Pool, PoolError, QueueMode, RecycleError, RecycleResult, Timeouts,
};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection, Error as Fault};
use std::fmt;
use std::io::ErrorKind;
use std::time::Duration;
use tokio::time::timeout;

/// A connection that was lent last so long ago is asked whether it still answers.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);

/// How long that answer may take: a dead line must leave time for a new one.
const ASKED_LONGEST: Duration = Duration::from_millis(500);

/// One that was lent last longer ago is not needed.
const IDLE_LONGEST: Duration = Duration::from_mins(10);

/// No session gets older: what a server keeps for it only grows.
const LIFE_LONGEST: Duration = Duration::from_mins(30);

/// Between two tries to reach a server that is just starting, at first and at most.
const AGAIN_AFTER: [Duration; 2] = [Duration::from_millis(10), Duration::from_secs(1)];

/// Places for connections to one server.
#[derive(Clone, Debug)]
pub(super) struct Places {
    pool: Pool<Server>,
    patience: Duration,
}

/// The place of a connection that is lent; empty until that is put back. Dropping it lets another
/// be opened.
pub(super) type Place = Object<Server>;

/// Whom the connections lead to.
pub(super) struct Server {
    target: PgConnectOptions,
}

impl Places {
    /// Opens none yet: each is opened when it is first needed.
    pub(super) fn new(
        target: PgConnectOptions,
        max: u32,
        patience: Duration,
    ) -> Result<Self, Error> {
        let pool = Pool::builder(Server { target })
            .max_size(usize::try_from(max).unwrap_or(usize::MAX))
            .timeouts(Timeouts {
                recycle: Some(ASKED_LONGEST),
                ..Timeouts::new()
            })
            .runtime(Runtime::Tokio1)
            // The last one back is the first one out: the others may be found idle.
            .queue_mode(QueueMode::Lifo)
            .build()
            .map_err(|error| Error::Unavailable(Fault::Configuration(error.into())))?;
        Ok(Self { pool, patience })
    }

    /// A connection that answers, within the patience.
    pub(super) async fn take(&self) -> Result<(Place, PgConnection), Error> {
        let taken = timeout(self.patience, self.pool.get()).await;
        let mut place = taken.map_err(|_| Fault::PoolTimedOut)?.map_err(unlent)?;
        let connection = place.take().ok_or(Fault::PoolClosed)?;
        Ok((place, connection))
    }

    /// Closes what is idle, and lends nothing more. What is lent is closed when it comes back.
    pub(super) async fn close(&self) {
        let idle = self.pool.retain(|_, _| false);
        self.pool.close();
        for connection in idle.removed.into_iter().flatten() {
            // The server hears of it or finds out.
            let _farewell = timeout(ASKED_LONGEST, connection.close()).await;
        }
    }
}

/// Puts it back. Nothing may be under way on it.
pub(super) fn put_back(mut place: Place, connection: PgConnection) {
    *place = Some(connection);
    let pool = Object::pool(&place);
    drop(place);
    if let Some(pool) = pool {
        let _gone = pool.retain(|_, metrics| metrics.last_used() < IDLE_LONGEST);
    }
}

impl Manager for Server {
    type Type = Option<PgConnection>;
    type Error = Fault;

    /// Again while the server is on its way up; the caller's patience ends it.
    async fn create(&self) -> Result<Self::Type, Fault> {
        let [first, longest] = AGAIN_AFTER;
        let again = ExponentialBuilder::default()
            .with_min_delay(first)
            .with_max_delay(longest)
            .without_max_times();
        let connect = || async {
            let mut connection = PgConnection::connect_with(&self.target).await?;
            // Behind one address there may be another server than before.
            server::refuse_younger(&mut connection).await?;
            Ok(connection)
        };
        // On the heap: rare, and large for whoever only waits for a free one.
        let connected = Box::pin(connect.retry(again).when(passes)).await;
        connected.map(Some)
    }

    /// Refuses what was not put back, or got old; asks what lay idle.
    async fn recycle(&self, place: &mut Self::Type, metrics: &Metrics) -> RecycleResult<Fault> {
        let connection = place
            .as_mut()
            .ok_or(RecycleError::message("not put back"))?;
        if metrics.age() > LIFE_LONGEST {
            return Err(RecycleError::message("old"));
        }
        if metrics.last_used() > TRUSTED_IDLE {
            connection.ping().await?;
        }
        Ok(())
    }
}

impl fmt::Debug for Server {
    /// Without the target, which holds a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").finish_non_exhaustive()
    }
}

/// Whether a server that is starting, or has no room just now, would say so.
fn passes(error: &Fault) -> bool {
    let kinds = [
        ErrorKind::ConnectionRefused,
        ErrorKind::ConnectionAborted,
        ErrorKind::ConnectionReset,
    ];
    if let Fault::Io(error) = error {
        return kinds.contains(&error.kind());
    }
    let fault = error.as_database_error();
    fault.is_some_and(|fault| fault.is_transient_in_connect_phase())
}

/// Why none was lent, in the driver's words.
fn unlent(error: PoolError<Fault>) -> Fault {
    match error {
        PoolError::Backend(fault) => fault,
        PoolError::Timeout(_) => Fault::PoolTimedOut,
        PoolError::Closed => Fault::PoolClosed,
        PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => {
            Fault::Configuration(error.to_string().into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Places;
    use std::time::Duration;

    #[test]
    fn the_password_of_the_server_does_not_print() {
        let target = "postgres://tidegate:hunter2@127.0.0.1:1/tidegate";
        let target = target.parse().unwrap();
        let places = Places::new(target, 2, Duration::from_secs(1)).unwrap();
        let text = format!("{places:?}");
        assert!(text.contains("Server"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}
