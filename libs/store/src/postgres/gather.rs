//! Appends that wait at the same moment share a transaction. A writer takes what waits, and never
//! waits for more: in an idle system an append goes alone and at once. What a shared transaction
//! does stands in `append`.

use super::append::settle;
use super::session::{Sessions, unavailable};
use crate::Error;
use crate::append::Writing;
use std::collections::{HashSet, VecDeque};
use std::io::ErrorKind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use uuid::Uuid;

/// Appends in one transaction. Beyond this its own time outweighs what is saved.
const GATHERED_MAX: usize = 64;

/// Events in one transaction: a position has room for 4,096 (`migrations/postgres`).
const EVENTS_MAX: usize = 4_000;

/// An append, and whom to tell.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) writing: Writing,
    verdict: oneshot::Sender<Result<(), Error>>,
}

impl Waiting {
    /// Nobody may listen any more; what was written stands.
    pub(super) fn tell(self, verdict: Result<(), Error>) {
        drop(self.verdict.send(verdict));
    }

    /// What only one append of a transaction may touch: its order and its payments' rows.
    fn rows(&self) -> impl Iterator<Item = Uuid> {
        let writing = &self.writing;
        let payments = writing.views.iter().map(|view| view.payment);
        let declined = writing.declined.iter().map(|declined| declined.payment);
        let payments = payments.chain(declined).map(|payment| payment.as_uuid());
        payments.chain([writing.order.as_uuid()])
    }
}

/// The writers of one process. They stop when this is dropped.
#[derive(Debug)]
pub(super) struct Writers {
    queue: Arc<Queue>,
    sessions: Sessions,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Writers {
    pub(super) fn start(count: u32, sessions: Sessions) -> Self {
        let queue = Arc::new(Queue::default());
        let tasks = (0..count)
            .map(|_| tokio::spawn(write(Arc::clone(&queue), sessions.clone())))
            .collect();
        Self {
            queue,
            sessions,
            tasks: Mutex::new(tasks),
        }
    }

    /// Waits for the verdict. Not longer than two transactions may take: one under way, and its
    /// own.
    pub(super) async fn append(&self, writing: Writing) -> Result<(), Error> {
        let (verdict, told) = oneshot::channel();
        self.queue.put(Waiting { writing, verdict })?;
        let patience = self.sessions.patience().saturating_mul(2);
        match timeout(patience, told).await {
            Ok(Ok(verdict)) => verdict,
            Ok(Err(_)) => Err(unavailable(ErrorKind::Other, "its transaction broke off")),
            Err(_) => Err(unavailable(ErrorKind::TimedOut, "too many appends wait")),
        }
    }

    /// Takes nothing more, ends what waits, then closes the connections.
    pub(super) async fn close(&self) {
        self.queue.close();
        let tasks = std::mem::take(&mut *locked(&self.tasks));
        for task in tasks {
            // A writer does not panic: each transaction is a task of its own.
            drop(task.await);
        }
        self.sessions.close().await;
    }
}

impl Drop for Writers {
    fn drop(&mut self) {
        self.queue.close();
    }
}

/// One writer: a transaction after the other. Each is a task of its own, so that one that breaks
/// takes only its own appends with it.
async fn write(queue: Arc<Queue>, sessions: Sessions) {
    while let Some(batch) = queue.next().await {
        let sessions = sessions.clone();
        let settled = tokio::spawn(async move { settle(&sessions, batch).await }).await;
        if settled.is_err() {
            tracing::error!("a transaction of gathered appends broke off");
        }
    }
}

#[derive(Debug, Default)]
struct Queue {
    line: Mutex<Line>,
    bell: Notify,
}

#[derive(Debug, Default)]
struct Line {
    waiting: VecDeque<Waiting>,
    closed: bool,
}

impl Queue {
    fn put(&self, waiting: Waiting) -> Result<(), Error> {
        let mut line = locked(&self.line);
        if line.closed {
            return Err(Error::Unavailable(sqlx::Error::PoolClosed));
        }
        line.waiting.push_back(waiting);
        drop(line);
        self.bell.notify_one();
        Ok(())
    }

    /// What goes into the next transaction; `None` once it is closed and empty.
    async fn next(&self) -> Option<Vec<Waiting>> {
        loop {
            let bell = self.bell.notified();
            {
                let mut line = locked(&self.line);
                let batch = line.gather();
                if !batch.is_empty() {
                    if !line.waiting.is_empty() {
                        self.bell.notify_one();
                    }
                    return Some(batch);
                }
                if line.closed {
                    return None;
                }
            }
            bell.await;
        }
    }

    fn close(&self) {
        locked(&self.line).closed = true;
        self.bell.notify_waiters();
    }
}

impl Line {
    /// The longest waiting first. Two appends that touch the same rows do not go together: the
    /// second is decided on what the first left.
    fn gather(&mut self) -> Vec<Waiting> {
        let mut batch = Vec::new();
        let mut events = 0_usize;
        let mut taken = HashSet::new();
        let mut passed = VecDeque::new();
        while let Some(next) = self.waiting.pop_front() {
            // Whoever asked for it has gone; nothing of it was begun.
            if next.verdict.is_closed() {
                continue;
            }
            let more = events.saturating_add(next.writing.events.len());
            let room = batch.len() < GATHERED_MAX && (batch.is_empty() || more <= EVENTS_MAX);
            if !room {
                self.waiting.push_front(next);
                break;
            }
            if next.rows().any(|row| taken.contains(&row)) {
                passed.push_back(next);
                continue;
            }
            taken.extend(next.rows());
            events = more;
            batch.push(next);
        }
        passed.append(&mut self.waiting);
        self.waiting = passed;
        batch
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
