//! What the embedded bus asks of its storage. The store's tables are the real one; whoever
//! composes the process joins the two.

use std::future::Future;
use std::pin::Pin;
use uuid::Uuid;

/// A call to the log under way.
pub type LogFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, LogError>> + Send + 'a>>;

/// The log could not do it; says why, for people. Trying again later may help.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct LogError(pub String);

/// A durable log of records in partitions. Offsets begin above 0 and grow within a partition, and
/// no record ever appears behind one that could already be read.
pub trait CommandLog: Send + Sync {
    /// Puts a record at the end of a partition and returns its offset; durable when it returns.
    /// `key` is the order's id. After an error the record may or may not be there.
    fn put<'a>(&'a self, partition: u16, key: Uuid, record: &'a [u8]) -> LogFuture<'a, i64>;

    /// The records behind offset `after`, oldest first, at most `limit`.
    fn read(&self, partition: u16, after: i64, limit: u32) -> LogFuture<'_, Vec<(i64, Vec<u8>)>>;

    /// Remembers that everything up to `offset` is done; it need not be kept. Never goes back.
    fn commit(&self, partition: u16, offset: i64) -> LogFuture<'_, ()>;

    /// The last committed offset; 0 before the first.
    fn committed(&self, partition: u16) -> LogFuture<'_, i64>;

    /// Keeps a record that nobody can work on, for a person. Once, however often it is called.
    fn dead<'a>(
        &'a self,
        partition: u16,
        offset: i64,
        reason: &'a str,
        record: &'a [u8],
    ) -> LogFuture<'a, ()>;
}
