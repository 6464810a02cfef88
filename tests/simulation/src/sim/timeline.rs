//! All events in one line, as PostgreSQL has them: an append takes its positions when it begins and
//! shows its events when it commits, so that a lower one may turn up after a higher one. Who is
//! killed or refused leaves a hole.

use super::process::Process;
use payment::{OrderId, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The line.
#[derive(Default)]
pub(crate) struct Timeline {
    last_taken: i64,
    /// Appends that have begun and not ended, by their first position.
    open: BTreeMap<i64, Arc<Process>>,
    committed: BTreeMap<i64, Entry>,
}

/// Where an event stands in its order, and since when everyone can see it.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) order: OrderId,
    /// From 1.
    pub(crate) version: u64,
    seen_from: Timestamp,
}

impl Timeline {
    /// An append begins: its first position.
    pub(crate) fn begin(&mut self, by: &Arc<Process>, events: usize) -> i64 {
        let first = self.last_taken.saturating_add(1);
        let events = i64::try_from(events).unwrap_or(i64::MAX);
        self.last_taken = self.last_taken.saturating_add(events.max(1));
        self.open.insert(first, Arc::clone(by));
        first
    }

    /// It has ended, written or not.
    pub(crate) fn end(&mut self, first: i64) {
        self.open.remove(&first);
    }

    /// No append that is open will ever end.
    pub(crate) fn abandon(&mut self) {
        self.open.clear();
    }

    pub(crate) fn commit(&mut self, position: i64, order: OrderId, version: u64, now: Timestamp) {
        let entry = Entry {
            order,
            version,
            seen_from: now,
        };
        self.committed.insert(position, entry);
    }

    /// Events behind `position` and before every one that may still turn up.
    pub(crate) fn after(&self, position: i64) -> impl Iterator<Item = (i64, Entry)> + '_ {
        let until = self.surely_committed();
        self.committed
            .range(position.saturating_add(1)..)
            .take_while(move |(position, _)| **position <= until)
            .map(|(position, entry)| (*position, *entry))
    }

    /// The place from which on an append may still commit, less one. The database ends the
    /// transactions of a killed process; those of a stopped one stay open.
    fn surely_committed(&self) -> i64 {
        let open = self.open.iter().find(|(_, by)| !by.is_killed());
        open.map_or(self.last_taken, |(first, _)| first.saturating_sub(1))
    }

    /// Whether anyone can see an event between these two.
    pub(crate) fn shows_between(&self, after: i64, before: i64) -> bool {
        let next = self.committed.range(after.saturating_add(1)..).next();
        next.is_some_and(|(position, _)| *position < before)
    }

    pub(crate) fn at(&self, position: i64) -> Option<Entry> {
        self.committed.get(&position).copied()
    }

    /// Since when who stands at `cursor` is behind.
    pub(crate) fn behind_since(&self, cursor: i64) -> Option<Timestamp> {
        let next = self.committed.range(cursor.saturating_add(1)..).next();
        next.map(|(_, entry)| entry.seen_from)
    }
}
