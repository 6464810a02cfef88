//! A command log that lives as long as the process: for tests and simulations. Real processes use
//! the store's tables.

use crate::{CommandLog, LogError, LogFuture};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use uuid::Uuid;

/// A command log in memory, for tests and simulations. Clones share it, so a simulated restart
/// keeps a clone and makes a new consumer of it.
#[derive(Clone, Debug, Default)]
pub struct MemoryLog {
    contents: Arc<Mutex<Contents>>,
}

#[derive(Debug, Default)]
struct Contents {
    last_offset: i64,
    partitions: BTreeMap<u16, Partition>,
    outage: Option<LogError>,
}

#[derive(Debug, Default)]
struct Partition {
    records: BTreeMap<i64, Vec<u8>>,
    committed: i64,
    dead: BTreeMap<i64, (String, Vec<u8>)>,
}

impl MemoryLog {
    /// An empty log.
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on every call fails with this reason, or with `None` works again.
    pub fn set_outage(&self, reason: Option<&str>) {
        self.contents().outage = reason.map(|reason| LogError(reason.to_owned()));
    }

    /// The dead letters of a partition: offset, reason, record.
    pub fn dead_letters(&self, partition: u16) -> Vec<(i64, String, Vec<u8>)> {
        let contents = self.contents();
        let Some(partition) = contents.partitions.get(&partition) else {
            return Vec::new();
        };
        partition
            .dead
            .iter()
            .map(|(offset, (reason, record))| (*offset, reason.clone(), record.clone()))
            .collect()
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run<'a, T: Send + 'a>(
        &'a self,
        partition: u16,
        act: impl FnOnce(&mut i64, &mut Partition) -> T + Send + 'a,
    ) -> LogFuture<'a, T> {
        Box::pin(async move {
            let mut contents = self.contents();
            let contents = &mut *contents;
            match &contents.outage {
                Some(outage) => Err(outage.clone()),
                None => Ok(act(
                    &mut contents.last_offset,
                    contents.partitions.entry(partition).or_default(),
                )),
            }
        })
    }
}

impl CommandLog for MemoryLog {
    fn put<'a>(&'a self, partition: u16, _key: Uuid, record: &'a [u8]) -> LogFuture<'a, i64> {
        self.run(partition, |last_offset, partition| {
            *last_offset = last_offset.saturating_add(1);
            partition.records.insert(*last_offset, record.to_vec());
            *last_offset
        })
    }

    fn read(&self, partition: u16, after: i64, limit: u32) -> LogFuture<'_, Vec<(i64, Vec<u8>)>> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.run(partition, move |_, partition| {
            let behind = partition.records.range(after.saturating_add(1)..);
            behind
                .take(limit)
                .map(|(offset, record)| (*offset, record.clone()))
                .collect()
        })
    }

    fn commit(&self, partition: u16, offset: i64) -> LogFuture<'_, ()> {
        self.run(partition, move |_, partition| {
            partition.committed = partition.committed.max(offset);
            partition.records.retain(|at, _| *at > offset);
        })
    }

    fn committed(&self, partition: u16) -> LogFuture<'_, i64> {
        self.run(partition, |_, partition| partition.committed)
    }

    fn dead<'a>(
        &'a self,
        partition: u16,
        offset: i64,
        reason: &'a str,
        record: &'a [u8],
    ) -> LogFuture<'a, ()> {
        self.run(partition, move |_, partition| {
            partition
                .dead
                .entry(offset)
                .or_insert_with(|| (reason.to_owned(), record.to_vec()));
        })
    }
}
