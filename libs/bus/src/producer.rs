//! Puts commands into the log.

use crate::kafka::{KafkaOptions, Letter, Writer};
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

/// Where the commands go.
#[derive(Clone)]
enum Way {
    Embedded(Arc<dyn CommandLog>),
    Kafka { writer: Writer, topic: Arc<str> },
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

    /// A producer for Kafka's topic of commands. It connects in the background: Kafka may be away.
    ///
    /// # Errors
    /// [`Error::Misconfigured`].
    pub fn kafka(options: &KafkaOptions, sealer: Sealer) -> Result<Self, Error> {
        Ok(Self {
            way: Way::Kafka {
                writer: Writer::new(options)?,
                topic: options.commands_topic.as_str().into(),
            },
            sealer,
            doorbell: Doorbell::new(),
        })
    }

    /// The bell that this producer rings; for [`crate::Consumer::embedded`]. Kafka's is silent.
    pub fn doorbell(&self) -> Doorbell {
        self.doorbell.clone()
    }

    /// Seals the command and puts it into its order's partition. When this returns `Ok`, it is
    /// durable: it will be delivered, at least once, whatever process is killed. Dropping the
    /// future takes nothing back. Kafka's way returns within its `produce_timeout_ms`.
    ///
    /// # Errors
    /// [`Error::Unavailable`], after which it may still be there, or come to be there a little
    /// later (X15); [`Error::NotSealable`].
    pub async fn produce(&self, command: &Command) -> Result<(), Error> {
        let record = schema::write(command, &self.sealer)?;
        let partition = partition_of(command.order);
        match &self.way {
            Way::Embedded(log) => {
                // Rings also when the caller stops waiting or the log reports an error: the record
                // may have been written all the same.
                let _ring = RingOnDrop {
                    doorbell: &self.doorbell,
                    partition,
                };
                let put = log.put(partition, command.order.as_uuid(), &record);
                put.await.map(|_offset| ())
            }
            Way::Kafka { writer, topic } => {
                let traceparent = command.traceparent.clone();
                let trace = traceparent.map(|value| ("traceparent", value));
                let letter = Letter {
                    topic,
                    // Said, not left to the key: the store and the log must agree.
                    partition: Some(partition),
                    key: command.order.to_string(),
                    record: &record,
                    headers: trace.into_iter().collect(),
                };
                writer.write(letter).await
            }
        }
        .map_err(Error::Unavailable)
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
            Way::Kafka { .. } => "kafka",
        };
        f.debug_struct("Producer")
            .field("way", &way)
            .field("sealer", &self.sealer)
            .finish()
    }
}
