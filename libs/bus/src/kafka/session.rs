//! The thread that keeps this process in the group: it polls however busy the workers are, so that
//! nobody is thrown out for being slow, commits what is done, and begins anew after what
//! librdkafka calls fatal.

use super::KafkaOptions;
use super::group::Group;
use super::partitions::Partitions;
use crate::{Error, LogError, PARTITIONS};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;
use tokio::sync::watch;

/// How often it polls, and at most how often it commits.
const TURN: Duration = Duration::from_millis(25);
/// How many events are taken per turn.
const EVENTS_PER_TURN: usize = 16;
/// How long it waits before it begins anew.
const PAUSE: Duration = Duration::from_secs(1);
/// How long it waits for word of the topic.
const METADATA_PATIENCE: Duration = Duration::from_secs(2);

/// What the thread works with. It ends when the other end of `stop` is dropped or rung, and says
/// so to `closed`.
pub(super) struct Session {
    pub(super) options: KafkaOptions,
    pub(super) partitions: Arc<Partitions>,
    pub(super) stop: Receiver<()>,
    pub(super) closed: watch::Sender<bool>,
}

impl Session {
    /// Takes part until told to stop.
    pub(super) fn run(&self) {
        loop {
            // A panic ends one consumer's life, not this process's way to commands.
            let ended = std::panic::catch_unwind(AssertUnwindSafe(|| self.take_part()))
                .unwrap_or_else(|_payload| Err(panicked()));
            // Also after a fatal error: another consumer may have these partitions now.
            for partition in 0..PARTITIONS {
                self.partitions.windows.forget(partition);
            }
            let Err(fault) = ended else { break };
            self.partitions.fault(fault);
            if self.is_stopped_within(PAUSE) {
                break;
            }
        }
        // Nobody listens after a drop.
        let _unheard = self.closed.send(true);
    }

    /// One consumer's life.
    fn take_part(&self) -> Result<(), Error> {
        let topic = &self.options.commands_topic;
        let group = Group::new(topic, Arc::clone(&self.partitions));
        let config = self.options.consuming();
        let consumer: BaseConsumer<Group> = config
            .create_with_context(group)
            .map_err(|error| Error::Misconfigured(error.to_string()))?;
        check_topic(&consumer, topic)?;
        let consumer = Arc::new(consumer);
        consumer.context().belongs_to(&consumer);
        consumer.subscribe(&[topic]).map_err(unavailable)?;
        let ended = self.work(&consumer);
        if ended.is_ok() {
            // If it fails, what it would have said is delivered again.
            let _committed = consumer.context().commit(&consumer);
        }
        // The queues keep the consumer; the last of them closes it, which leaves the group.
        self.partitions.release_all();
        ended
    }

    /// Polls here and commits on another thread: while Kafka is away a commit takes long.
    fn work(&self, consumer: &BaseConsumer<Group>) -> Result<(), Error> {
        thread::scope(|scope| {
            let (running, over) = mpsc::channel();
            thread::Builder::new()
                .name("commits".to_owned())
                .spawn_scoped(scope, move || commit_until(&over, consumer))
                .map_err(|error| Error::Unavailable(LogError(error.to_string())))?;
            let ended = self.turns(consumer);
            drop(running);
            ended
        })
    }

    fn turns(&self, consumer: &BaseConsumer<Group>) -> Result<(), Error> {
        loop {
            for _ in 0..EVENTS_PER_TURN {
                match consumer.poll(Duration::ZERO) {
                    None => {}
                    Some(Ok(_)) => return Err(strayed()),
                    Some(Err(error @ KafkaError::MessageConsumptionFatal(_))) => {
                        return Err(unavailable(error));
                    }
                    Some(Err(error)) => self.partitions.fault(unavailable(error)),
                }
            }
            if self.is_stopped_within(TURN) {
                return Ok(());
            }
        }
    }

    fn is_stopped_within(&self, patience: Duration) -> bool {
        is_over_within(patience, &self.stop)
    }
}

fn commit_until(over: &Receiver<()>, consumer: &BaseConsumer<Group>) {
    let mut patience = TURN;
    while !is_over_within(patience, over) {
        let committed = consumer.context().commit(consumer);
        patience = if committed { TURN } else { PAUSE };
    }
}

fn is_over_within(patience: Duration, over: &Receiver<()>) -> bool {
    match over.recv_timeout(patience) {
        Ok(()) | Err(RecvTimeoutError::Disconnected) => true,
        Err(RecvTimeoutError::Timeout) => false,
    }
}

/// An order that had another partition here than in the store would be worked on in two places.
fn check_topic(consumer: &BaseConsumer<Group>, topic: &str) -> Result<(), Error> {
    let metadata = consumer.fetch_metadata(Some(topic), METADATA_PATIENCE);
    let metadata = metadata.map_err(unavailable)?;
    let found = metadata.topics().iter().find(|known| known.name() == topic);
    let count = found.map_or(0, |known| known.partitions().len());
    super::topics::check_partitions(topic, count)
}

fn panicked() -> Error {
    Error::Unavailable(LogError("the consumer panicked and begins anew".to_owned()))
}

fn strayed() -> Error {
    let reason = "a record came by the common queue; reading anew from what was committed";
    Error::Unavailable(LogError(reason.to_owned()))
}

fn unavailable(error: KafkaError) -> Error {
    Error::Unavailable(LogError(error.to_string()))
}
