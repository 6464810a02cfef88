//! What a consumer asks of the log of its own process, page by page; each commit at once.

use crate::pages::Pages;
use crate::window::Windows;
use crate::{CommandLog, ConsumerOptions, Delivery, Doorbell, Error, Sealer, schema};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync;

/// The way out of the embedded log.
pub(crate) struct Embedded {
    log: Arc<dyn CommandLog>,
    sealer: Sealer,
    options: ConsumerOptions,
    pages: sync::Mutex<Pages>,
    windows: Arc<Windows>,
    /// One commit at a time per partition; whoever waits finds it done for it.
    commits: [sync::Mutex<()>; crate::doorbell::PARTITIONS_LEN],
    stopped: Mutex<BTreeMap<u16, Error>>,
}

impl Embedded {
    pub(crate) fn new(
        log: Arc<dyn CommandLog>,
        sealer: Sealer,
        doorbell: &Doorbell,
        options: ConsumerOptions,
    ) -> Self {
        Self {
            log,
            sealer,
            options,
            pages: sync::Mutex::new(Pages::new(doorbell)),
            windows: Windows::new(),
            commits: Default::default(),
            stopped: Mutex::new(BTreeMap::new()),
        }
    }

    pub(crate) async fn next(&self) -> Result<Delivery, Error> {
        let mut pages = self.pages.lock().await;
        loop {
            let filled = pages.fill(&*self.log).await;
            let room = |partition| {
                let max = self.options.in_flight_per_partition_max.max(1);
                self.windows.has_room(partition, max)
            };
            if let Some((partition, offset, record)) = pages.take(room) {
                return self.deliver(&mut pages, partition, (offset, record));
            }
            filled.map_err(Error::Unavailable)?;
            let patience = Duration::from_millis(self.options.reread_ms);
            pages.wait(&self.windows.freed, patience).await;
        }
    }

    pub(crate) async fn done(&self, delivery: &Delivery) -> Result<(), Error> {
        self.windows.done(&delivery.slot);
        let Some(commit) = self.commits.get(usize::from(delivery.partition)) else {
            return Ok(());
        };
        let _one_at_a_time = commit.lock().await;
        let Some(offset) = self.windows.committable(delivery.partition) else {
            return Ok(());
        };
        self.log
            .commit(delivery.partition, offset)
            .await
            .map_err(Error::Unavailable)?;
        self.windows.committed(delivery.partition, offset);
        Ok(())
    }

    pub(crate) async fn dead(&self, delivery: &Delivery, reason: &str) -> Result<(), Error> {
        let (partition, offset) = (delivery.partition, delivery.offset);
        let put = self.log.dead(partition, offset, reason, &delivery.record);
        put.await.map_err(Error::Unavailable)?;
        self.done(delivery).await
    }

    pub(crate) fn stopped(&self) -> Vec<Error> {
        self.stops().values().cloned().collect()
    }

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
                slot: self.windows.deliver(partition, offset),
            }),
            Err(reason) => {
                let error = Error::PartitionStopped {
                    partition,
                    offset,
                    reason,
                };
                pages.stop(partition);
                self.stops().insert(partition, error.clone());
                Err(error)
            }
        }
    }

    fn stops(&self) -> MutexGuard<'_, BTreeMap<u16, Error>> {
        self.stopped.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
