//! What every operation on a sale works with. The operations stand in files of their own.

use crate::follow::Board;
use crate::{Error, Identities, Records};
use bus::Producer;
use chassis::clock::Clock;
use fleet::News;
use payment::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The merchant's side of all sales at one gateway. Clones share everything.
#[derive(Clone)]
pub struct Sales<R> {
    pub(crate) records: R,
    pub(crate) producer: Producer,
    pub(crate) news: News,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) identities: Identities,
    pub(crate) board: Board,
    /// What goes on although its caller has gone.
    pub(crate) tasks: TaskTracker,
    /// Cancelled when the gateway stops: every waiter answers with what is known.
    pub(crate) stopping: CancellationToken,
}

impl<R: Records> Sales<R> {
    /// The merchant's side over these records, this command log and this process's clock.
    pub fn new(
        records: R,
        producer: Producer,
        news: News,
        clock: Arc<dyn Clock>,
        identities: Identities,
    ) -> Self {
        Self {
            records,
            producer,
            news,
            clock,
            identities,
            board: Board::default(),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
        }
    }

    /// Ends all waits: each waiter answers with what is known.
    pub fn stop(&self) {
        self.stopping.cancel();
    }

    /// Cancelled once all waits are to end.
    pub fn stopping(&self) -> CancellationToken {
        self.stopping.clone()
    }

    /// Whether the waits were ended.
    pub fn is_stopping(&self) -> bool {
        self.stopping.is_cancelled()
    }

    /// Returns once everything that goes on without its caller has ended, or `longest` is over.
    pub async fn settle(&self, longest: Duration) {
        self.tasks.close();
        let _settled = tokio::time::timeout(longest, self.tasks.wait()).await;
    }

    /// Does `work` to its end, whether or not the caller still waits for it: a client that hangs
    /// up ends its own wait and nothing else.
    pub(crate) async fn to_its_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        match self.tasks.spawn(work).await {
            Ok(done) => done,
            Err(failed) => Err(Error::TaskEnded(failed)),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.clock.now_ms())
    }
}
