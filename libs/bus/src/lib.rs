//! The only room with a command log: what the doors ask of the orchestrator, sealed, durable and
//! in order. Embedded, or Kafka's, behind the same `Producer` and `Consumer`.
//!
//! Knows nothing of SQL: whoever composes a process hands it a [`CommandLog`].

mod command;
mod consumer;
mod delivery;
mod doorbell;
mod embedded;
mod error;
mod kafka;
mod log;
mod memory_log;
mod pages;
mod partition;
mod producer;
mod schema;
mod seal;
mod window;

pub use command::{Command, CommandBody};
pub use consumer::{Consumer, ConsumerOptions};
pub use delivery::{Delivery, Payload};
pub use doorbell::Doorbell;
pub use error::{Error, Lack};
pub use kafka::{KafkaOptions, topics};
pub use log::{CommandLog, LogError, LogFuture};
pub use memory_log::MemoryLog;
pub use partition::{PARTITIONS, partition_of};
pub use producer::Producer;
pub use seal::{Sealer, SealingKey};
