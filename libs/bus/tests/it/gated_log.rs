//! A log whose puts wait at a gate, and then fail if the test wants it; its reads take their time.

use bus::{CommandLog, LogError, LogFuture, MemoryLog};
use tokio::sync::Semaphore;
use uuid::Uuid;

pub(crate) struct GatedLog {
    pub(crate) log: MemoryLog,
    pub(crate) gate: Semaphore,
    pub(crate) answer: Result<(), LogError>,
}

impl CommandLog for GatedLog {
    fn put<'a>(&'a self, partition: u16, key: Uuid, record: &'a [u8]) -> LogFuture<'a, i64> {
        Box::pin(async move {
            let permit = self.gate.acquire().await;
            permit.map_err(|_| LogError("closed".to_owned()))?.forget();
            let offset = self.log.put(partition, key, record).await?;
            self.answer.clone().map(|()| offset)
        })
    }

    fn read(&self, partition: u16, after: i64, limit: u32) -> LogFuture<'_, Vec<(i64, Vec<u8>)>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            let records = self.log.read(partition, after, limit).await;
            tokio::task::yield_now().await;
            records
        })
    }

    fn commit(&self, partition: u16, offset: i64) -> LogFuture<'_, ()> {
        self.log.commit(partition, offset)
    }

    fn committed(&self, partition: u16) -> LogFuture<'_, i64> {
        self.log.committed(partition)
    }

    fn dead<'a>(
        &'a self,
        partition: u16,
        offset: i64,
        reason: &'a str,
        record: &'a [u8],
    ) -> LogFuture<'a, ()> {
        self.log.dead(partition, offset, reason, record)
    }
}
