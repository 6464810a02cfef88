//! Kafka as the command log. Nothing of the embedded log is here: no bell, no pages. What both
//! ways share is how far a partition is done (`window.rs`).

mod group;
mod options;
mod partitions;
mod patience;
mod reader;
mod session;
pub mod topics;
mod writer;

pub use options::KafkaOptions;
pub(crate) use reader::Reader;
pub(crate) use writer::{Letter, Writer};
