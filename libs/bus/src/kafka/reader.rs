//! What a consumer asks of Kafka: the next record, done, dead, close. The talking is the
//! session's, on a thread of its own.

use super::partitions::{Partitions, Taken};
use super::session::Session;
use super::{KafkaOptions, Letter, Writer};
use crate::{ConsumerOptions, Delivery, Error, LogError, Sealer, schema};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;
use tokio::sync::{Mutex, watch};

/// The way out of Kafka.
pub(crate) struct Reader {
    partitions: Arc<Partitions>,
    sealer: Sealer,
    options: ConsumerOptions,
    /// One at a time: a bell wakes one.
    turn: Mutex<()>,
    dead_letters: Writer,
    dead_topic: String,
    stop: mpsc::Sender<()>,
    closed: watch::Receiver<bool>,
}

impl Reader {
    /// Joins the group in the background; Kafka may be away.
    pub(crate) fn new(
        kafka: &KafkaOptions,
        sealer: Sealer,
        options: ConsumerOptions,
    ) -> Result<Self, Error> {
        let dead_letters = Writer::new(kafka)?;
        // The session makes it anew each time; a fault in it shall not wait till then.
        let config = kafka.consuming().create_native_config();
        config.map_err(|error| Error::Misconfigured(error.to_string()))?;
        let partitions = Arc::new(Partitions::new());
        let (stop, stopping) = mpsc::channel();
        let (closing, closed) = watch::channel(false);
        let session = Session {
            options: kafka.clone(),
            partitions: Arc::clone(&partitions),
            stop: stopping,
            closed: closing,
        };
        std::thread::Builder::new()
            .name("commands".to_owned())
            .spawn(move || session.run())
            .map_err(|error| unavailable(&error.to_string()))?;
        Ok(Self {
            partitions,
            sealer,
            options,
            turn: Mutex::new(()),
            dead_letters,
            dead_topic: kafka.dead_topic.clone(),
            stop,
            closed,
        })
    }

    pub(crate) async fn next(&self) -> Result<Delivery, Error> {
        let _one_at_a_time = self.turn.lock().await;
        let in_flight_max = self.options.in_flight_per_partition_max.max(1);
        let patience = Duration::from_millis(self.options.reread_ms);
        let mut closed = self.closed.clone();
        loop {
            if let Some(taken) = self.partitions.take(in_flight_max)? {
                return Ok(self.deliver(taken));
            }
            if *closed.borrow_and_update() {
                return Err(unavailable("the consumer was closed"));
            }
            tokio::select! {
                () = self.partitions.news.notified() => {}
                () = self.partitions.windows.freed.notified() => {}
                told = closed.changed() => {
                    // It says so before it ends, unless it panicked.
                    told.map_err(|_| unavailable("the consumer's thread is gone; restart"))?;
                }
                () = tokio::time::sleep(patience) => {}
            }
        }
    }

    /// Committed by the session, with all else that is done by then.
    pub(crate) fn done(&self, delivery: &Delivery) {
        self.partitions.windows.done(&delivery.slot);
    }

    pub(crate) async fn dead(&self, delivery: &Delivery, reason: &str) -> Result<(), Error> {
        // One that was settled, or is another's now, is not written again.
        if !self.partitions.windows.is_in_work(&delivery.slot) {
            return Ok(());
        }
        let (partition, offset) = (delivery.partition, delivery.offset);
        let letter = Letter {
            topic: &self.dead_topic,
            partition: None,
            // Where a letter is there twice, this shows it.
            key: format!("{partition}-{offset}"),
            record: &delivery.record,
            headers: vec![
                ("reason", reason.to_owned()),
                ("partition", partition.to_string()),
                ("offset", offset.to_string()),
            ],
        };
        let written = self.dead_letters.write(letter).await;
        written.map_err(Error::Unavailable)?;
        self.done(delivery);
        Ok(())
    }

    pub(crate) fn holds(&self, partition: u16) -> bool {
        self.partitions.holds(partition)
    }

    pub(crate) async fn close(&self, bound: Duration) -> Result<(), Error> {
        // It may have ended already.
        let _gone = self.stop.send(());
        let mut closed = self.closed.clone();
        let waited = tokio::time::timeout(bound, closed.wait_for(|closed| *closed)).await;
        match waited {
            Ok(_closed) => Ok(()),
            Err(_elapsed) => Err(unavailable("Kafka did not take the last commit in time")),
        }
    }

    fn deliver(&self, taken: Taken) -> Delivery {
        let Taken {
            partition,
            offset,
            record,
            slot,
        } = taken;
        Delivery {
            partition,
            offset,
            payload: schema::read(&record, &self.sealer),
            record,
            slot,
        }
    }
}

fn unavailable(reason: &str) -> Error {
    Error::Unavailable(LogError(reason.to_owned()))
}
