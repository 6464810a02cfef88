//! Joins the bus to the store: the embedded command log lives in the same SQLite file as the
//! history. Neither room knows the other.

use bus::{CommandLog, LogError, LogFuture};
use store::{EmbeddedCommands, Error};
use uuid::Uuid;

/// The store's command tables, as the bus asks for them.
pub(crate) struct EmbeddedLog(pub(crate) EmbeddedCommands);

impl CommandLog for EmbeddedLog {
    fn put<'a>(&'a self, partition: u16, key: Uuid, record: &'a [u8]) -> LogFuture<'a, i64> {
        Box::pin(async move { self.0.put(partition, key, record).await.map_err(away) })
    }

    fn read(&self, partition: u16, after: i64, limit: u32) -> LogFuture<'_, Vec<(i64, Vec<u8>)>> {
        Box::pin(async move { self.0.read(partition, after, limit).await.map_err(away) })
    }

    fn commit(&self, partition: u16, offset: i64) -> LogFuture<'_, ()> {
        Box::pin(async move { self.0.commit(partition, offset).await.map_err(away) })
    }

    fn committed(&self, partition: u16) -> LogFuture<'_, i64> {
        Box::pin(async move { self.0.committed(partition).await.map_err(away) })
    }

    fn dead<'a>(
        &'a self,
        partition: u16,
        offset: i64,
        reason: &'a str,
        record: &'a [u8],
    ) -> LogFuture<'a, ()> {
        Box::pin(async move {
            let dead = self.0.dead(partition, offset, reason, record);
            dead.await.map_err(away)
        })
    }
}

fn away(error: Error) -> LogError {
    LogError(error.to_string())
}
