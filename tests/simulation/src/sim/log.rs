//! The command log as one process reaches it. Its partitions belong to workers; who has lost one
//! may go on reading it for a while without knowing (a zombie).

use super::process::Process;
use bus::{CommandLog, LogError, LogFuture, PARTITIONS};
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

/// What the log holds.
#[derive(Default)]
pub(crate) struct Records {
    last_offset: i64,
    partitions: BTreeMap<u16, Partition>,
}

#[derive(Default)]
struct Partition {
    records: BTreeMap<i64, Vec<u8>>,
    committed: i64,
    owner: usize,
    /// Who owned it before, and goes on reading until then.
    zombie: Option<(usize, i64)>,
    dead: BTreeMap<i64, String>,
}

impl Records {
    /// Gives a partition to a worker; its last owner may not know until `zombie_until_ms`.
    pub(crate) fn give(&mut self, partition: u16, owner: usize, zombie_until_ms: i64) {
        let partition = self.partitions.entry(partition).or_default();
        partition.zombie = Some((partition.owner, zombie_until_ms));
        partition.owner = owner;
    }

    /// Whether every record was done.
    pub(crate) fn done(&self) -> bool {
        self.partitions.values().all(|partition| {
            let last = partition.records.keys().next_back();
            last.is_none_or(|last| *last <= partition.committed)
        })
    }

    fn put(&mut self, partition: u16, record: &[u8]) -> i64 {
        self.last_offset = self.last_offset.saturating_add(1);
        let records = &mut self.partitions.entry(partition).or_default().records;
        records.insert(self.last_offset, record.to_vec());
        self.last_offset
    }
}

/// All partitions.
pub(crate) fn partitions() -> impl Iterator<Item = u16> {
    0..PARTITIONS
}

/// One process's way to the log.
pub(crate) struct SimLog(pub(crate) Arc<Process>);

impl SimLog {
    async fn reach(&self) -> Result<(), LogError> {
        let process = &self.0;
        process.gate().await;
        process.world.tarry(process.world.plan.log.slow_ms).await;
        process.gate().await;
        if process.world.log_is_away() || process.world.fails(process.world.plan.log.away) {
            return Err(LogError("the command log is away".to_owned()));
        }
        Ok(())
    }
}

impl CommandLog for SimLog {
    fn put<'a>(&'a self, partition: u16, _key: Uuid, record: &'a [u8]) -> LogFuture<'a, i64> {
        Box::pin(async move {
            self.reach().await?;
            let world = &self.0.world;
            if world.fails(world.plan.log.poison) {
                world.met.x(33);
                world
                    .records()
                    .put(partition, b"{\"v\":1,\"nonsense\":true}");
            }
            let offset = world.records().put(partition, record);
            let unheard = world.fails(world.plan.log.unheard);
            self.0.gate().await;
            if unheard {
                world.met.x(15);
                return Err(LogError("the log wrote it and did not say so".to_owned()));
            }
            Ok(offset)
        })
    }

    fn read(&self, partition: u16, after: i64, limit: u32) -> LogFuture<'_, Vec<(i64, Vec<u8>)>> {
        Box::pin(async move {
            // Most partitions are empty most of the time; only a look that brings something takes
            // its time.
            self.0.gate().await;
            let world = &self.0.world;
            let now_ms = world.now().as_ms();
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            let found: Vec<(i64, Vec<u8>)> = match world.records().partitions.get(&partition) {
                Some(held) if held.is_read_by(self.0.id, now_ms) => held
                    .records
                    .range(after.saturating_add(1)..)
                    .take(limit)
                    .map(|(offset, record)| (*offset, record.clone()))
                    .collect(),
                Some(_) | None => Vec::new(),
            };
            if !found.is_empty() {
                self.reach().await?;
            }
            Ok(found)
        })
    }

    fn commit(&self, partition: u16, offset: i64) -> LogFuture<'_, ()> {
        Box::pin(async move {
            self.reach().await?;
            let mut records = self.0.world.records();
            let partition = records.partitions.entry(partition).or_default();
            partition.committed = partition.committed.max(offset);
            Ok(())
        })
    }

    fn committed(&self, partition: u16) -> LogFuture<'_, i64> {
        Box::pin(async move {
            self.0.gate().await;
            let records = self.0.world.records();
            let partition = records.partitions.get(&partition);
            Ok(partition.map_or(0, |partition| partition.committed))
        })
    }

    fn dead<'a>(
        &'a self,
        partition: u16,
        offset: i64,
        reason: &'a str,
        _record: &'a [u8],
    ) -> LogFuture<'a, ()> {
        Box::pin(async move {
            self.reach().await?;
            let mut records = self.0.world.records();
            let partition = records.partitions.entry(partition).or_default();
            partition.dead.insert(offset, reason.to_owned());
            Ok(())
        })
    }
}

impl Partition {
    fn is_read_by(&self, worker: usize, now_ms: i64) -> bool {
        let zombie = self
            .zombie
            .is_some_and(|(zombie, until_ms)| zombie == worker && now_ms < until_ms);
        self.owner == worker || zombie
    }
}
