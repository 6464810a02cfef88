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
    /// Which of its assignments to this process it is in; an embedded log has one.
    epoch: u64,
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
    offset: i64,
    epoch: u64,
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
        let epoch = self.window(partition, |window| {
            window.in_flight = window.in_flight.saturating_add(1);
            window.delivered.insert(offset, Stage::InWork);
            window.epoch
        });
        Slot {
            partition,
            offset,
            epoch: epoch.unwrap_or(0),
            windows: Arc::clone(self),
        }
    }

    /// Marks a delivery as done. Nothing happens if it was committed already, or if its partition
    /// has been given to another process since: that one has it delivered again.
    pub(crate) fn done(&self, slot: &Slot) {
        self.window(slot.partition, |window| {
            if let Some(stage) = window.stage(slot) {
                *stage = Stage::Done;
            }
        });
    }

    /// Whether a delivery is still this process's to finish.
    pub(crate) fn is_in_work(&self, slot: &Slot) -> bool {
        self.window(slot.partition, |window| {
            window.stage(slot) == Some(&mut Stage::InWork)
        })
        .unwrap_or(false)
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

    /// Forgets a partition that is another's now. What was delivered keeps its place in flight
    /// until it is dropped, and is no longer counted when it is done.
    pub(crate) fn forget(&self, partition: u16) {
        self.window(partition, |window| {
            window.epoch = window.epoch.wrapping_add(1);
            window.delivered.clear();
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

impl Window {
    fn stage(&mut self, slot: &Slot) -> Option<&mut Stage> {
        let current = self.epoch == slot.epoch;
        self.delivered.get_mut(&slot.offset).filter(|_| current)
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

#[cfg(test)]
mod tests {
    use super::Windows;

    #[test]
    fn case_x35_a_done_of_an_earlier_assignment_counts_for_nothing() {
        let windows = Windows::new();
        let before = windows.deliver(3, 7);
        windows.forget(3);
        // The partition came back, and so did its record.
        let again = windows.deliver(3, 7);
        assert!(!windows.is_in_work(&before) && windows.is_in_work(&again));
        windows.done(&before);
        assert_eq!(windows.committable(3), None);
        windows.done(&again);
        assert_eq!(windows.committable(3), Some(7));
    }

    #[test]
    fn a_delivery_of_an_earlier_assignment_is_in_flight_until_it_is_dropped() {
        let windows = Windows::new();
        let before = windows.deliver(3, 7);
        windows.forget(3);
        assert!(!windows.has_room(3, 1));
        drop(before);
        assert!(windows.has_room(3, 1));
    }
}
