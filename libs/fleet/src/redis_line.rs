//! One connection to Redis and whether it can be used: whoever asks while it can't is told so at
//! once. What is asked, and how a connection comes about, is not here.

use crate::count;
use redis::aio::MultiplexedConnection;
use redis::{PushInfo, PushKind, RedisResult};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// Whether Redis can be used. Payments go on without it, only slower: for readiness this is a
/// remark, not a reason to be taken out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It answers.
    Up,
    /// It does not, or not in time. It is tried again all the while.
    Away,
}

/// Redis did not answer, or not in time: go on without.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Away;

/// Hears what Redis sends unasked. Must not wait.
pub(crate) type Ear = Box<dyn Fn(&PushInfo) + Send + Sync>;

/// The connection as everything in this process shares it.
pub(crate) struct RedisLine {
    pub(crate) prefix: String,
    pub(crate) timeout: Duration,
    pub(crate) lease_longest: Duration,
    connection: Mutex<Option<MultiplexedConnection>>,
    standing: watch::Sender<Standing>,
    /// Rung when the keeper should look at the connection.
    pub(crate) trouble: Notify,
    /// The channel that someone here wants to hear, once someone does.
    pub(crate) wanted: AtomicBool,
    ear: OnceLock<Ear>,
}

impl RedisLine {
    pub(crate) fn new(prefix: String, timeout: Duration, lease_longest: Duration) -> Self {
        count::begin();
        count::up(false);
        Self {
            prefix,
            timeout,
            lease_longest,
            connection: Mutex::new(None),
            standing: watch::Sender::new(Standing::Away),
            trouble: Notify::new(),
            wanted: AtomicBool::new(false),
            ear: OnceLock::new(),
        }
    }

    /// Asks Redis; waits at most the command's time-out, and not at all while it is away.
    pub(crate) async fn ask<T, F, A>(&self, question: F) -> Result<T, Away>
    where
        F: FnOnce(MultiplexedConnection) -> A,
        A: Future<Output = RedisResult<T>>,
    {
        let Some(connection) = self.connection().clone() else {
            count::failure("away");
            return Err(Away);
        };
        let cause = match tokio::time::timeout(self.timeout, question(connection)).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => {
                tracing::debug!(%error, "Redis refused");
                "refused"
            }
            Err(_) => "timeout",
        };
        count::failure(cause);
        // One is enough: the keeper tries at once, and who asks meanwhile does not wait.
        self.set(None);
        self.trouble.notify_one();
        Err(Away)
    }

    /// Whether it can be used, as it changes.
    pub(crate) fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    /// Puts a connection into use, or none.
    pub(crate) fn set(&self, connection: Option<MultiplexedConnection>) {
        let standing = if connection.is_some() {
            Standing::Up
        } else {
            Standing::Away
        };
        *self.connection() = connection;
        self.standing.send_if_modified(|known| {
            let changes = *known != standing;
            *known = standing;
            if changes {
                said(standing);
            }
            changes
        });
    }

    /// Asks for the channel from now on.
    pub(crate) fn want_news(&self) {
        if !self.wanted.swap(true, Ordering::Relaxed) {
            self.trouble.notify_one();
        }
    }

    /// Hands what Redis sends unasked to this one; the first who asks is heard.
    pub(crate) fn listen(&self, ear: Ear) {
        if self.ear.set(ear).is_err() {
            tracing::error!("two ask for the news of one line; the second hears nothing");
        }
    }

    /// Takes what Redis sent unasked.
    pub(crate) fn pushed(&self, push: &PushInfo) {
        if push.kind == PushKind::Disconnection {
            self.trouble.notify_one();
        } else if let Some(ear) = self.ear.get() {
            ear(push);
        }
    }

    /// The channel on which news go around.
    pub(crate) fn channel(&self) -> String {
        format!("{}:news", self.prefix)
    }

    // A panic elsewhere leaves it whole: every change to it is one step.
    fn connection(&self) -> MutexGuard<'_, Option<MultiplexedConnection>> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn said(standing: Standing) {
    count::up(standing == Standing::Up);
    match standing {
        Standing::Up => tracing::info!("Redis is there"),
        Standing::Away => tracing::warn!("Redis is away; all goes on without it, only slower"),
    }
}
