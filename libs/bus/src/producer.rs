//! Puts commands into the log.

use crate::{Command, CommandLog, Doorbell, Error, Sealer, partition_of, schema};
use std::fmt;
use std::sync::Arc;

/// The way into the command log. Clones share it.
#[derive(Clone)]
pub struct Producer {
    way: Way,
    sealer: Sealer,
    doorbell: Doorbell,
}

/// Where the commands go. Kafka will be the second.
#[derive(Clone)]
enum Way {
    Embedded(Arc<dyn CommandLog>),
}

impl Producer {
    /// A producer for the log of this process.
    pub fn embedded(log: Arc<dyn CommandLog>, sealer: Sealer) -> Self {
        Self {
            way: Way::Embedded(log),
            sealer,
            doorbell: Doorbell::new(),
        }
    }

    /// The bell that this producer rings; for [`crate::Consumer::embedded`].
    pub fn doorbell(&self) -> Doorbell {
        self.doorbell.clone()
    }

    /// Seals the command and puts it into its order's partition. When this returns `Ok`, it is
    /// durable: it will be delivered, at least once, whatever process is killed.
    ///
    /// # Errors
    /// [`Error::Unavailable`], after which it may still be there; [`Error::NotSealable`].
    pub async fn produce(&self, command: &Command) -> Result<(), Error> {
        let record = schema::write(command, &self.sealer)?;
        let partition = partition_of(command.order);
        // Rings also when the caller stops waiting or the log reports an error: the record may
        // have been written all the same.
        let _ring = RingOnDrop {
            doorbell: &self.doorbell,
            partition,
        };
        match &self.way {
            Way::Embedded(log) => log
                .put(partition, command.order.as_uuid(), &record)
                .await
                .map(|_offset| ())
                .map_err(Error::Unavailable),
        }
    }
}

struct RingOnDrop<'a> {
    doorbell: &'a Doorbell,
    partition: u16,
}

impl Drop for RingOnDrop<'_> {
    fn drop(&mut self) {
        self.doorbell.ring(self.partition);
    }
}

impl fmt::Debug for Producer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = match self.way {
            Way::Embedded(_) => "embedded",
        };
        f.debug_struct("Producer")
            .field("way", &way)
            .field("sealer", &self.sealer)
            .finish()
    }
}
