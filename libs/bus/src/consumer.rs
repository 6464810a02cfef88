//! Takes commands out of the log, and remembers how far they are done.

use crate::pages::Pages;
use crate::window::Windows;
use crate::{CommandLog, Delivery, Doorbell, Error, Payload, Sealer, schema};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync;

/// The way out of the command log. Clones are the same consumer; a log has one.
///
/// Each record is delivered once per start, in its partition's order, and again after a restart
/// until it was committed. What is delivered twice must have its effect once: the order's expected
/// version sees to that.
#[derive(Clone)]
pub struct Consumer {
    shared: Arc<Shared>,
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
    sealer: Sealer,
    options: ConsumerOptions,
    pages: sync::Mutex<Pages>,
    windows: Arc<Windows>,
    /// One commit at a time per partition; whoever waits finds it done for it.
    commits: [sync::Mutex<()>; crate::doorbell::PARTITIONS_LEN],
    stopped: Mutex<BTreeMap<u16, Error>>,
}

/// Where the commands come from. Kafka will be the second.
enum Way {
    Embedded(Arc<dyn CommandLog>),
}

impl Consumer {
    /// A consumer of the log of this process, woken by its producer's bell.
    pub fn embedded(
        log: Arc<dyn CommandLog>,
        sealer: Sealer,
        doorbell: &Doorbell,
        options: ConsumerOptions,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                way: Way::Embedded(log),
                sealer,
                options,
                pages: sync::Mutex::new(Pages::new(doorbell)),
                windows: Windows::new(),
                commits: Default::default(),
                stopped: Mutex::new(BTreeMap::new()),
            }),
        }
    }

    /// The next delivery, taking turns among the partitions; waits until there is one and its
    /// partition has room in flight. Dropping the future loses nothing.
    ///
    /// # Errors
    /// [`Error::PartitionStopped`], once per partition; [`Error::Unavailable`]. After either, ask
    /// again: the rest goes on.
    pub async fn next(&self) -> Result<Delivery, Error> {
        let shared = &*self.shared;
        let Way::Embedded(log) = &shared.way;
        let mut pages = shared.pages.lock().await;
        loop {
            let filled = pages.fill(&**log).await;
            let room = |partition| {
                let max = shared.options.in_flight_per_partition_max.max(1);
                shared.windows.has_room(partition, max)
            };
            if let Some((partition, offset, record)) = pages.take(room) {
                return shared.deliver(&mut pages, partition, (offset, record));
            }
            filled.map_err(Error::Unavailable)?;
            let patience = Duration::from_millis(shared.options.reread_ms);
            pages.wait(&shared.windows.freed, patience).await;
        }
    }

    /// Marks a delivery as done, and commits what is done without a gap before it.
    ///
    /// # Errors
    /// [`Error::Unavailable`]: it is done all the same, and committed with the partition's next;
    /// after a restart it would come once more.
    pub async fn done(&self, delivery: &Delivery) -> Result<(), Error> {
        let shared = &*self.shared;
        shared.windows.done(delivery.partition, delivery.offset);
        let Some(commit) = shared.commits.get(usize::from(delivery.partition)) else {
            return Ok(());
        };
        let _one_at_a_time = commit.lock().await;
        let Some(offset) = shared.windows.committable(delivery.partition) else {
            return Ok(());
        };
        let Way::Embedded(log) = &shared.way;
        log.commit(delivery.partition, offset)
            .await
            .map_err(Error::Unavailable)?;
        shared.windows.committed(delivery.partition, offset);
        Ok(())
    }

    /// Puts a delivery among the dead letters, sealed as it came, and marks it as done. First
    /// account for its payment (decision 12).
    ///
    /// # Errors
    /// [`Error::Unavailable`]: call it again.
    pub async fn dead(&self, delivery: &Delivery) -> Result<(), Error> {
        let reason = match &delivery.payload {
            Payload::Poison { reason, .. } => reason.as_str(),
            Payload::Command(_) => "given up by its worker",
        };
        let Way::Embedded(log) = &self.shared.way;
        log.dead(
            delivery.partition,
            delivery.offset,
            reason,
            &delivery.record,
        )
        .await
        .map_err(Error::Unavailable)?;
        self.done(delivery).await
    }

    /// The partitions that stopped, each as its [`Error::PartitionStopped`]; for readiness.
    pub fn stopped(&self) -> Vec<Error> {
        self.shared.stopped().values().cloned().collect()
    }
}

impl Shared {
    fn deliver(
        &self,
        pages: &mut Pages,
        partition: u16,
        (offset, record): (i64, Vec<u8>),
    ) -> Result<Delivery, Error> {
        match schema::read(&record, &self.sealer) {
            Ok(payload) => Ok(Delivery {
                partition,
                offset,
                payload,
                record,
                _slot: self.windows.deliver(partition, offset),
            }),
            Err(reason) => {
                let error = Error::PartitionStopped {
                    partition,
                    offset,
                    reason,
                };
                pages.stop(partition);
                self.stopped().insert(partition, error.clone());
                Err(error)
            }
        }
    }

    fn stopped(&self) -> MutexGuard<'_, BTreeMap<u16, Error>> {
        self.stopped.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = match self.shared.way {
            Way::Embedded(_) => "embedded",
        };
        f.debug_struct("Consumer")
            .field("way", &way)
            .field("options", &self.shared.options)
            .field("stopped", &self.stopped())
            .finish()
    }
}
