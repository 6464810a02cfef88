//! Connections that stand idle until the next call, for less time than the other side keeps them.

use crate::connection::Connection;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior};

/// Connections kept; as many calls can go out without a handshake.
const KEPT_MAX: usize = 128;

/// The idle connections. Clones share them.
#[derive(Clone)]
pub(crate) struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    kept: Mutex<Kept>,
    idle: Duration,
}

#[derive(Default)]
struct Kept {
    /// The one that was used last stands last.
    connections: Vec<(Instant, Connection)>,
    /// Whether someone closes what stands too long.
    watched: bool,
}

impl Pool {
    /// An empty pool, in which a connection stands no longer than `idle`.
    pub(crate) fn new(idle: Duration) -> Self {
        let kept = Mutex::default();
        Self {
            shared: Arc::new(Shared { kept, idle }),
        }
    }

    /// The connection that was used last, if one is still good.
    pub(crate) fn take(&self) -> Option<Connection> {
        let now = Instant::now();
        let mut kept = self.shared.kept();
        while let Some((since, connection)) = kept.connections.pop() {
            let stood = now.saturating_duration_since(since);
            if stood < self.shared.idle && !connection.is_closed() {
                return Some(connection);
            }
        }
        None
    }

    /// Keeps a connection over which a whole answer came.
    pub(crate) fn put(&self, connection: Connection) {
        if connection.is_closed() {
            return;
        }
        let mut kept = self.shared.kept();
        if kept.connections.len() < KEPT_MAX {
            kept.connections.push((Instant::now(), connection));
        }
        if !kept.watched {
            kept.watched = true;
            let (shared, idle) = (Arc::downgrade(&self.shared), self.shared.idle);
            tokio::spawn(watch(shared, idle));
        }
    }
}

impl Shared {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes what stands too long, as long as there is a pool.
async fn watch(shared: Weak<Shared>, idle: Duration) {
    const LOOKS: u32 = 4;
    let mut looks = tokio::time::interval(idle / LOOKS);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        let Some(shared) = shared.upgrade() else {
            return;
        };
        // A little before, since the next look comes only after it.
        let longest = idle.saturating_sub(idle / LOOKS);
        let now = Instant::now();
        let fresh = |since: Instant| now.saturating_duration_since(since) < longest;
        let mut kept = shared.kept();
        kept.connections
            .retain(|(since, connection)| fresh(*since) && !connection.is_closed());
    }
}
