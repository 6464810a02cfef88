//! Connections that are lent and come back. A pool of our own: the driver's asks each connection
//! whether it is well whenever it comes back, a way to the server and back for every query. One
//! that did not end what it was lent for does not come back here.

use crate::Error;
use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use std::io::ErrorKind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

/// A connection that lay idle for so long is asked whether it still answers.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);

/// One that lay idle for longer is not needed.
const IDLE_LONGEST: Duration = Duration::from_mins(10);

/// No session gets older: what a server keeps for it only grows.
const LIFE_LONGEST: Duration = Duration::from_mins(30);

/// Between two tries to reach a server that is just starting, at first and at most.
const AGAIN_AFTER: [Duration; 2] = [Duration::from_millis(10), Duration::from_secs(1)];

/// Places for connections to one server.
#[derive(Clone, Debug)]
pub(super) struct Places {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    target: PgConnectOptions,
    patience: Duration,
    max: u32,
    free: Arc<Semaphore>,
    /// The last one back is the first one out.
    idle: Mutex<Vec<Seated>>,
}

/// A connection in its place.
#[derive(Debug)]
pub(super) struct Seated {
    pub(super) connection: PgConnection,
    opened: Instant,
    idle_since: Instant,
}

/// The right to one connection, and to put it back.
#[derive(Debug)]
pub(super) struct Place {
    shared: Arc<Shared>,
    _permit: OwnedSemaphorePermit,
}

impl Places {
    /// Opens none yet: each is opened when it is first needed.
    pub(super) fn new(target: PgConnectOptions, max: u32, patience: Duration) -> Self {
        let places = usize::try_from(max).unwrap_or(Semaphore::MAX_PERMITS);
        let shared = Shared {
            target,
            patience,
            max,
            free: Arc::new(Semaphore::new(places)),
            idle: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// A connection that answers, within the patience.
    pub(super) async fn take(&self) -> Result<(Place, Seated), Error> {
        let deadline = Instant::now() + self.shared.patience;
        let permit = timeout_at(deadline, Arc::clone(&self.shared.free).acquire_owned());
        let permit = permit.await.map_err(|_| late())?;
        let place = Place {
            shared: Arc::clone(&self.shared),
            _permit: permit.map_err(|_| Error::Unavailable(sqlx::Error::PoolClosed))?,
        };
        while let Some(mut seated) = self.shared.last_back() {
            if seated.opened.elapsed() > LIFE_LONGEST {
                // Nobody waits for its farewell.
                continue;
            }
            if seated.idle_since.elapsed() <= TRUSTED_IDLE {
                return Ok((place, seated));
            }
            let well = timeout_at(deadline, seated.connection.ping()).await;
            if well.map_err(|_| late())?.is_ok() {
                return Ok((place, seated));
            }
        }
        let opened = timeout_at(deadline, self.shared.connect()).await;
        Ok((place, opened.map_err(|_| late())??))
    }

    /// Lends nothing more, waits for what is lent, and closes all.
    pub(super) async fn close(&self) {
        let all = self.shared.free.acquire_many(self.shared.max);
        // What does not come back in time is closed when it does.
        let _all = tokio::time::timeout(self.shared.patience, all).await;
        self.shared.free.close();
        while let Some(seated) = self.shared.last_back() {
            // The server hears of it or finds out.
            let _farewell = seated.connection.close().await;
        }
    }
}

impl Place {
    /// Puts it back. Nothing may be under way on it.
    pub(super) fn put_back(self, mut seated: Seated) {
        if self.shared.free.is_closed() {
            return;
        }
        seated.idle_since = Instant::now();
        let mut idle = self.shared.idle();
        idle.retain(|other| other.idle_since.elapsed() < IDLE_LONGEST);
        // It is there before the right to take it is: that goes last.
        idle.push(seated);
    }
}

impl Shared {
    fn idle(&self) -> MutexGuard<'_, Vec<Seated>> {
        // A panic elsewhere leaves it whole: every change to it is one step.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn last_back(&self) -> Option<Seated> {
        self.idle().pop()
    }

    /// Again while the server is on its way up; the caller's patience ends it.
    async fn connect(&self) -> Result<Seated, Error> {
        let [mut pause, pause_max] = AGAIN_AFTER;
        loop {
            match PgConnection::connect_with(&self.target).await {
                Ok(connection) => {
                    let now = Instant::now();
                    return Ok(Seated {
                        connection,
                        opened: now,
                        idle_since: now,
                    });
                }
                Err(error) if passes(&error) => tokio::time::sleep(pause).await,
                Err(error) => return Err(error.into()),
            }
            pause = pause.saturating_mul(2).min(pause_max);
        }
    }
}

/// Whether a server that is starting, or has no room just now, would say so.
fn passes(error: &sqlx::Error) -> bool {
    let kinds = [
        ErrorKind::ConnectionRefused,
        ErrorKind::ConnectionAborted,
        ErrorKind::ConnectionReset,
    ];
    if let sqlx::Error::Io(error) = error {
        return kinds.contains(&error.kind());
    }
    let fault = error.as_database_error();
    fault.is_some_and(|fault| fault.is_transient_in_connect_phase())
}

fn late() -> Error {
    Error::Unavailable(sqlx::Error::PoolTimedOut)
}
