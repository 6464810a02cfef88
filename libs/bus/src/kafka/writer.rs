//! Puts records into Kafka, each within its bound. Knows nothing of commands.

use super::KafkaOptions;
use super::patience::Patience;
use crate::{Error, LogError};
use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// The way into Kafka. Clones share it.
#[derive(Clone)]
pub(crate) struct Writer {
    shared: Arc<Shared>,
}

struct Shared {
    config: ClientConfig,
    patience: Patience,
    line: RwLock<Line>,
}

/// A producer of librdkafka, and how many were before it.
#[derive(Clone)]
struct Line {
    producer: FutureProducer,
    number: u64,
}

/// What is to be written.
pub(crate) struct Letter<'a> {
    pub(crate) topic: &'a str,
    /// `None` leaves it to the key.
    pub(crate) partition: Option<u16>,
    pub(crate) key: String,
    pub(crate) record: &'a [u8],
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Writer {
    /// Connects in the background; Kafka may be away.
    pub(crate) fn new(options: &KafkaOptions) -> Result<Self, Error> {
        let config = options.checked()?.producing();
        let producer = config.create().map_err(misconfigured)?;
        Ok(Self {
            shared: Arc::new(Shared {
                config,
                patience: Patience::of(Duration::from_millis(options.produce_timeout_ms)),
                line: RwLock::new(Line {
                    producer,
                    number: 0,
                }),
            }),
        })
    }

    /// Writes it, and waits until all in-sync replicas have it; less long where the last one was
    /// not acknowledged either. Dropping the future takes nothing back.
    ///
    /// # Errors
    /// It may have been written all the same.
    pub(crate) async fn write(&self, letter: Letter<'_>) -> Result<(), LogError> {
        let line = self.line();
        let partition = letter.partition.map(i32::from);
        let mut record = FutureRecord::to(letter.topic)
            .key(&letter.key)
            .payload(letter.record);
        record.partition = partition;
        record.headers = headers(&letter.headers);
        let sent = line.producer.send_result(record);
        let written = match sent {
            // Among these: the queue is full. Nothing was written then.
            Err((error, _record)) => Err(LogError(error.to_string())),
            Ok(delivery) => match self.shared.patience.wait(delivery).await {
                Ok(Ok(Ok(_place))) => Ok(()),
                Ok(Ok(Err((error, _record)))) => Err(LogError(error.to_string())),
                Ok(Err(_closed)) => Err(LogError("the producer was closed".to_owned())),
                Err(_elapsed) => Err(LogError("Kafka did not acknowledge in time".to_owned())),
            },
        };
        if written.is_err() && line.producer.client().fatal_error().is_some() {
            self.renew(&line);
        }
        written
    }

    fn line(&self) -> Line {
        let line = self.shared.line.read();
        line.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// After a fatal error librdkafka's producer refuses everything; only another one helps.
    fn renew(&self, broken: &Line) {
        let line = self.shared.line.write();
        let mut line = line.unwrap_or_else(PoisonError::into_inner);
        if line.number != broken.number {
            return;
        }
        if let Ok(producer) = self.shared.config.create() {
            line.producer = producer;
            line.number = line.number.wrapping_add(1);
        }
    }
}

fn headers(pairs: &[(&'static str, String)]) -> Option<OwnedHeaders> {
    let none = OwnedHeaders::new_with_capacity(pairs.len());
    let all = pairs.iter().fold(none, |headers, (key, value)| {
        headers.insert(Header {
            key,
            value: Some(value),
        })
    });
    (!pairs.is_empty()).then_some(all)
}

fn misconfigured(error: rdkafka::error::KafkaError) -> Error {
    Error::Misconfigured(error.to_string())
}
