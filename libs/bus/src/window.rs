//! What of each partition is being worked on, and how far it is done. No IO here.

use crate::doorbell::PARTITIONS_LEN;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// The windows of all partitions.
pub(crate) struct Windows {
    windows: Mutex<[Window; PARTITIONS_LEN]>,
    /// Rung when a delivery is dropped.
    pub(crate) freed: Notify,
}

#[derive(Default)]
struct Window {
    in_flight: usize,
    /// What was delivered and is not committed, by offset.
    delivered: BTreeMap<i64, Stage>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    InWork,
    Done,
}

/// A delivery's place among those in flight.
pub(crate) struct Slot {
    partition: u16,
    windows: Arc<Windows>,
}

impl Windows {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            windows: Mutex::new(Default::default()),
            freed: Notify::new(),
        })
    }

    /// Whether one more may be delivered while at most `in_flight_max` are in flight.
    pub(crate) fn has_room(&self, partition: u16, in_flight_max: usize) -> bool {
        self.window(partition, |window| window.in_flight < in_flight_max)
            .unwrap_or(false)
    }

    /// Notes a delivery.
    pub(crate) fn deliver(self: &Arc<Self>, partition: u16, offset: i64) -> Slot {
        self.window(partition, |window| {
            window.in_flight = window.in_flight.saturating_add(1);
            window.delivered.insert(offset, Stage::InWork);
        });
        Slot {
            partition,
            windows: Arc::clone(self),
        }
    }

    /// Marks a delivery as done. Nothing happens if it was committed already.
    pub(crate) fn done(&self, partition: u16, offset: i64) {
        self.window(partition, |window| {
            if let Some(stage) = window.delivered.get_mut(&offset) {
                *stage = Stage::Done;
            }
        });
    }

    /// The offset up to which everything is done, if that is news.
    pub(crate) fn committable(&self, partition: u16) -> Option<i64> {
        self.window(partition, |window| {
            let done = window.delivered.iter();
            done.take_while(|(_, stage)| **stage == Stage::Done)
                .last()
                .map(|(offset, _)| *offset)
        })
        .flatten()
    }

    /// Forgets what was committed.
    pub(crate) fn committed(&self, partition: u16, offset: i64) {
        self.window(partition, |window| {
            window.delivered = window.delivered.split_off(&offset.saturating_add(1));
        });
    }

    fn window<T>(&self, partition: u16, act: impl FnOnce(&mut Window) -> T) -> Option<T> {
        self.windows().get_mut(usize::from(partition)).map(act)
    }

    // A panic elsewhere leaves the windows whole: every change to them is one step.
    fn windows(&self) -> MutexGuard<'_, [Window; PARTITIONS_LEN]> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.windows.window(self.partition, |window| {
            window.in_flight = window.in_flight.saturating_sub(1);
        });
        self.windows.freed.notify_one();
    }
}
