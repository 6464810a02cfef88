//! Takes commands out of the log, and remembers how far they are done.

use crate::embedded::Embedded;
use crate::kafka::{KafkaOptions, Reader};
use crate::{CommandLog, Delivery, Doorbell, Error, Payload, Sealer, schema};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The way out of the command log. Clones are the same consumer; an embedded log has one, Kafka's
/// has one per process, which share the partitions.
///
/// Each record is delivered once per start, in its partition's order, and again after a restart,
/// or to another process, until it was committed. What is delivered twice must have its effect
/// once: the order's expected version sees to that.
#[derive(Clone)]
pub struct Consumer {
    shared: Arc<Shared>,
    sealer: Sealer,
}

/// How much a consumer takes on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConsumerOptions {
    /// How many deliveries of one partition may be alive at a time. Counted per partition, so that
    /// one that is stuck can't starve the others. 0 counts as 1.
    pub in_flight_per_partition_max: usize,
    /// How long an idle consumer waits before it looks by itself, in milliseconds; a safety net
    /// under the doorbell.
    pub reread_ms: u64,
}

impl ConsumerOptions {
    /// 256 in flight per partition, and a look every second.
    pub fn standard() -> Self {
        Self {
            in_flight_per_partition_max: 256,
            reread_ms: 1_000,
        }
    }
}

struct Shared {
    way: Way,
    options: ConsumerOptions,
}

/// Where the commands come from.
enum Way {
    Embedded(Box<Embedded>),
    Kafka(Reader),
}

impl Consumer {
    /// A consumer of the log of this process, woken by its producer's bell.
    pub fn embedded(
        log: Arc<dyn CommandLog>,
        sealer: Sealer,
        doorbell: &Doorbell,
        options: ConsumerOptions,
    ) -> Self {
        let embedded = Embedded::new(log, sealer.clone(), doorbell, options.clone());
        let way = Way::Embedded(Box::new(embedded));
        Self {
            shared: Arc::new(Shared { way, options }),
            sealer,
        }
    }

    /// A member of Kafka's group, which is given its partitions there. It joins in the background:
    /// Kafka may be away. When the last clone is dropped it leaves, as by [`Consumer::close`].
    ///
    /// # Errors
    /// [`Error::Misconfigured`]; [`Error::Unavailable`] if the system gives it no thread.
    pub fn kafka(
        kafka: &KafkaOptions,
        sealer: Sealer,
        options: ConsumerOptions,
    ) -> Result<Self, Error> {
        let way = Way::Kafka(Reader::new(kafka, sealer.clone(), options.clone())?);
        Ok(Self {
            shared: Arc::new(Shared { way, options }),
            sealer,
        })
    }

    /// The next delivery, taking turns among the partitions; waits until there is one and its
    /// partition has room in flight. Dropping the future loses nothing.
    ///
    /// # Errors
    /// [`Error::Unavailable`]; [`Error::Misconfigured`] as long as Kafka's topic is not as it must be.
    /// After any of them, ask again: the rest goes on.
    pub async fn next(&self) -> Result<Delivery, Error> {
        match &self.shared.way {
            Way::Embedded(embedded) => embedded.next().await,
            Way::Kafka(reader) => reader.next().await,
        }
    }

    /// What a record says that was kept out of the log, to this process.
    pub fn read(&self, record: &[u8]) -> Payload {
        schema::read(record, &self.sealer)
    }

    /// Marks a delivery as done, and commits what is done without a gap before it: the embedded
    /// log at once, Kafka within a moment, together with all else. Nothing happens if its
    /// partition was given to another process since.
    ///
    /// # Errors
    /// [`Error::Unavailable`]: it is done all the same, and committed with the partition's next;
    /// after a restart it would come once more.
    pub async fn done(&self, delivery: &Delivery) -> Result<(), Error> {
        match &self.shared.way {
            Way::Embedded(embedded) => embedded.done(delivery).await,
            Way::Kafka(reader) => {
                reader.done(delivery);
                Ok(())
            }
        }
    }

    /// Puts a delivery among the dead letters, sealed as it came, and marks it as done. First
    /// account for its payment (decision 12). One that is done already stays as it is.
    ///
    /// # Errors
    /// [`Error::Unavailable`]: call it again. Kafka may then have the letter twice.
    pub async fn dead(&self, delivery: &Delivery) -> Result<(), Error> {
        let reason = match &delivery.payload {
            Payload::Poison { reason, .. } => reason.as_str(),
            Payload::Command(_) | Payload::Waits { .. } => "given up by its worker",
        };
        match &self.shared.way {
            Way::Embedded(embedded) => embedded.dead(delivery, reason).await,
            Way::Kafka(reader) => reader.dead(delivery, reason).await,
        }
    }

    /// Whether this process is the one that the partition's commands come to. A preference, not a
    /// proof: another may hold it by now (decision 14).
    pub fn holds(&self, partition: u16) -> bool {
        match &self.shared.way {
            Way::Embedded(_) => true,
            Way::Kafka(reader) => reader.holds(partition),
        }
    }

    /// Delivers nothing more, commits what is done and leaves the group. The embedded log needs
    /// none of it and goes on.
    ///
    /// # Errors
    /// [`Error::Unavailable`] after `bound`: it goes on closing, and what could not be committed
    /// is delivered again after the next start.
    pub async fn close(&self, bound: Duration) -> Result<(), Error> {
        match &self.shared.way {
            Way::Embedded(_) => Ok(()),
            Way::Kafka(reader) => reader.close(bound).await,
        }
    }
}

impl fmt::Debug for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = match self.shared.way {
            Way::Embedded(_) => "embedded",
            Way::Kafka(_) => "kafka",
        };
        f.debug_struct("Consumer")
            .field("way", &way)
            .field("options", &self.shared.options)
            .finish()
    }
}
