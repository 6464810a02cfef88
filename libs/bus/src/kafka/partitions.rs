//! The partitions that the group has given to this process, and whose turn it is. What is taken
//! and what is taken away exclude each other here; no call to a broker is made.

use super::group::Group;
use crate::window::{Slot, Windows};
use crate::{Error, LogError};
use rdkafka::Message;
use rdkafka::consumer::base_consumer::PartitionQueue;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// What is this process's to deliver.
pub(crate) struct Partitions {
    held: Mutex<Held>,
    pub(super) windows: Arc<Windows>,
    /// Rung when there may be something to take.
    pub(super) news: Arc<Notify>,
}

struct Held {
    turns: VecDeque<Turn>,
    /// What is to be told to whoever asks next.
    fault: Option<Error>,
}

struct Turn {
    partition: u16,
    queue: PartitionQueue<Group>,
}

/// A record on its way to be read.
pub(super) struct Taken {
    pub(super) partition: u16,
    pub(super) offset: i64,
    pub(super) record: Vec<u8>,
    pub(super) slot: Slot,
}

impl Partitions {
    pub(super) fn new() -> Self {
        Self {
            held: Mutex::new(Held {
                turns: VecDeque::new(),
                fault: None,
            }),
            windows: Windows::new(),
            news: Arc::new(Notify::new()),
        }
    }

    /// The next record of the first partition in turn that has one and has room. What does not fit
    /// stays in librdkafka's own queue of its partition, which then fetches no more.
    pub(super) fn take(&self, in_flight_max: usize) -> Result<Option<Taken>, Error> {
        let mut held = self.held();
        if let Some(fault) = held.fault.take() {
            return Err(fault);
        }
        for _ in 0..held.turns.len() {
            let Some(turn) = held.turns.pop_front() else {
                break;
            };
            let taken = self.take_from(&turn, in_flight_max);
            held.turns.push_back(turn);
            if let Some(taken) = taken.transpose() {
                return taken.map(Some);
            }
        }
        Ok(None)
    }

    fn take_from(&self, turn: &Turn, in_flight_max: usize) -> Result<Option<Taken>, Error> {
        let partition = turn.partition;
        if !self.windows.has_room(partition, in_flight_max) {
            return Ok(None);
        }
        match turn.queue.poll(Duration::ZERO) {
            None => Ok(None),
            Some(Err(error)) => Err(Error::Unavailable(LogError(error.to_string()))),
            Some(Ok(message)) => {
                let offset = message.offset();
                Ok(Some(Taken {
                    partition,
                    offset,
                    record: message.payload().unwrap_or_default().to_vec(),
                    slot: self.windows.deliver(partition, offset),
                }))
            }
        }
    }

    /// From now on this partition is delivered.
    pub(super) fn hold(&self, partition: u16, mut queue: PartitionQueue<Group>) {
        let news = Arc::clone(&self.news);
        queue.set_nonempty_callback(move || news.notify_one());
        let mut held = self.held();
        held.turns.retain(|turn| turn.partition != partition);
        held.turns.push_back(Turn { partition, queue });
        self.news.notify_one();
    }

    /// From now on nothing of this partition is delivered; what was goes on.
    pub(super) fn release(&self, partition: u16) {
        self.held().turns.retain(|turn| turn.partition != partition);
    }

    /// Releases all.
    pub(super) fn release_all(&self) {
        // Dropped without the lock: with its last queue a consumer closes, and calls back.
        let turns = std::mem::take(&mut self.held().turns);
        drop(turns);
    }

    /// Whether it is this process's to deliver.
    pub(super) fn holds(&self, partition: u16) -> bool {
        let held = self.held();
        held.turns.iter().any(|turn| turn.partition == partition)
    }

    /// Tells whoever asks next.
    pub(super) fn fault(&self, fault: Error) {
        self.held().fault = Some(fault);
        self.news.notify_one();
    }

    // A panic elsewhere leaves it whole: every change is one step.
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
