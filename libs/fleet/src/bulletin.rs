//! News between processes: one channel that carries the ids of payments. Sent in the background,
//! as many at once as came meanwhile; kept for a while when Redis is away; never in anyone's way.

use crate::count;
use crate::redis_line::{RedisLine, Standing};
use payment::PaymentId;
use redis::{PushInfo, PushKind, Value};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use uuid::Uuid;

/// How many payments may wait to be told of. Whoever waits for one that did not fit reads again
/// by itself (decision 17).
const WAITING_MAX: usize = 65_536;

/// How many ids go into one message.
const AT_ONCE: usize = 1_024;

/// Between two tries to send.
const SEND_AGAIN_AFTER: Duration = Duration::from_millis(50);

/// An id on the wire.
const ID_LEN: usize = 16;

/// What came over the channel.
pub(crate) enum Heard {
    /// These changed.
    Payments(Vec<PaymentId>),
    /// From here on all is heard; whatever was told before may not have been.
    Everything,
    /// Nothing of ours.
    Nothing,
}

/// What is to be told, and by whom.
pub(crate) struct Bulletin {
    process: Uuid,
    channel: String,
    waiting: Mutex<HashSet<PaymentId>>,
    posted: Notify,
}

impl Bulletin {
    pub(crate) fn new(channel: String) -> Self {
        Self {
            process: Uuid::new_v4(),
            channel,
            waiting: Mutex::new(HashSet::new()),
            posted: Notify::new(),
        }
    }

    /// Tells the other processes, soon. Told twice before it goes out, it goes out once.
    pub(crate) fn post(&self, payment: PaymentId) {
        let mut waiting = self.waiting();
        if waiting.len() < WAITING_MAX {
            waiting.insert(payment);
            drop(waiting);
            self.posted.notify_one();
        } else {
            count::news_lost();
        }
    }

    /// Reads what Redis sent. What this process told itself its own watchers know already.
    pub(crate) fn hear(&self, push: &PushInfo) -> Heard {
        let [Value::BulkString(channel), rest] = push.data.as_slice() else {
            return Heard::Nothing;
        };
        if *channel != self.channel.as_bytes() {
            return Heard::Nothing;
        }
        if push.kind == PushKind::Subscribe {
            return Heard::Everything;
        }
        let Value::BulkString(message) = rest else {
            return Heard::Nothing;
        };
        let mut ids = message
            .chunks_exact(ID_LEN)
            .filter_map(|id| Uuid::from_slice(id).ok());
        if push.kind != PushKind::Message || ids.next().is_none_or(|id| id == self.process) {
            return Heard::Nothing;
        }
        Heard::Payments(ids.map(PaymentId::from_uuid).collect())
    }

    fn take(&self) -> Vec<PaymentId> {
        let mut waiting = self.waiting();
        let some: Vec<PaymentId> = waiting.iter().take(AT_ONCE).copied().collect();
        for payment in &some {
            waiting.remove(payment);
        }
        some
    }

    // A panic elsewhere leaves it whole: every change to it is one step.
    fn waiting(&self) -> MutexGuard<'_, HashSet<PaymentId>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends what is posted, for as long as the link lives.
pub(crate) async fn publish(line: Arc<RedisLine>, bulletin: Arc<Bulletin>) {
    let mut standing = line.standing();
    loop {
        let payments = bulletin.take();
        if payments.is_empty() {
            bulletin.posted.notified().await;
            continue;
        }
        let mut message = bulletin.process.as_bytes().to_vec();
        for payment in &payments {
            message.extend_from_slice(payment.as_uuid().as_bytes());
        }
        let mut command = redis::cmd("PUBLISH");
        command.arg(&bulletin.channel).arg(message);
        let sent: Result<i64, _> = line
            .ask(|mut connection| async move { command.query_async(&mut connection).await })
            .await;
        if sent.is_err() {
            // It may have been sent all the same; news twice is news once.
            for payment in payments {
                bulletin.post(payment);
            }
            tokio::time::sleep(SEND_AGAIN_AFTER).await;
            let back = standing
                .wait_for(|standing| *standing == Standing::Up)
                .await;
            if back.is_err() {
                return;
            }
        }
    }
}
