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
pub(super) const EVENTS_MAX: usize = 4_000;

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
        let accepted = writing.accepted.iter().map(|accepted| accepted.payment);
        let payments = payments.chain(accepted);
        let payments = payments.map(|payment| payment.as_uuid());
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
            let room = batch.len() < GATHERED_MAX && more <= EVENTS_MAX;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::append::{Accepted, EventWriting};
    use payment::{MerchantId, OrderId, PaymentId, PaymentRequestId};

    type Told = oneshot::Receiver<Result<(), Error>>;

    fn waiting(order: u128, payment: u128, events: usize) -> (Waiting, Told) {
        let payment = PaymentId::from_uuid(Uuid::from_u128(payment));
        let event = |version| EventWriting {
            version,
            payment,
            kind: "accepted",
            at_ms: 0,
            body: String::new(),
        };
        let writing = Writing {
            order: OrderId::from_uuid(Uuid::from_u128(order)),
            expected_version: 0,
            events: (1..).take(events).map(event).collect(),
            accepted: vec![Accepted {
                payment,
                request_id: PaymentRequestId::parse("P-1").unwrap(),
                merchant: MerchantId::parse("corner-shop").unwrap(),
            }],
            views: Vec::new(),
            wake_at: None,
            partition: 0,
        };
        let (verdict, told) = oneshot::channel();
        (Waiting { writing, verdict }, told)
    }

    /// The orders of each batch that these appends come to, each append an order, a payment and
    /// how many events.
    fn batches(appends: &[(u128, u128, usize)]) -> Vec<Vec<u128>> {
        let (waiting, told): (VecDeque<_>, Vec<_>) = appends
            .iter()
            .map(|&(order, payment, events)| waiting(order, payment, events))
            .unzip();
        let mut line = Line {
            waiting,
            closed: false,
        };
        let mut batches = Vec::new();
        while !line.waiting.is_empty() {
            let batch = line.gather();
            let orders = batch.iter().map(|waiting| waiting.writing.order);
            batches.push(orders.map(|order| order.as_uuid().as_u128()).collect());
        }
        drop(told);
        batches
    }

    #[test]
    fn what_waits_goes_together_up_to_64_and_in_its_order() {
        let appends: Vec<_> = (0..100).map(|n| (n, n + 1_000, 1)).collect();
        let expected: Vec<Vec<u128>> = vec![(0..64).collect(), (64..100).collect()];
        assert_eq!(batches(&appends), expected);
    }

    #[test]
    fn two_appends_to_one_order_or_payment_do_not_go_together() {
        let appends = [(1, 11, 1), (1, 12, 1), (2, 11, 1), (3, 13, 1), (1, 14, 1)];
        assert_eq!(batches(&appends), [vec![1, 3], vec![1, 2], vec![1]]);
    }

    #[test]
    fn no_transaction_has_more_events_than_a_position_has_room_for() {
        let appends = [
            (1, 11, 3_000),
            (2, 12, 1_000),
            (3, 13, 1),
            (4, 14, EVENTS_MAX),
        ];
        assert_eq!(batches(&appends), [vec![1, 2], vec![3], vec![4]]);
    }

    #[test]
    fn what_nobody_waits_for_any_more_is_not_begun() {
        let ((gone, told), (here, listening)) = (waiting(1, 11, 1), waiting(2, 12, 1));
        drop(told);
        let mut line = Line {
            waiting: VecDeque::from([gone, here]),
            closed: false,
        };
        let batch = line.gather();
        assert_eq!(batch.len(), 1);
        assert_eq!(batch[0].writing.order.as_uuid().as_u128(), 2);
        drop(listening);
    }
}
