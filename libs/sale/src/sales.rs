//! What every operation on a sale works with. The operations stand in files of their own.

use crate::{Identities, Records};
use bus::Producer;
use chassis::clock::Clock;
use fleet::News;
use payment::Timestamp;
use std::sync::Arc;

/// The merchant's side of all sales at one gateway. Clones share everything.
#[derive(Clone)]
pub struct Sales<R> {
    pub(crate) records: R,
    pub(crate) producer: Producer,
    pub(crate) news: News,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) identities: Identities,
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
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.clock.now_ms())
    }
}
