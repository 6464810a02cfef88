//! What a consumer asks of the log of its own process, page by page; each commit at once.

use crate::pages::Pages;
use crate::window::Windows;
use crate::{CommandLog, ConsumerOptions, Delivery, Doorbell, Error, Sealer, schema};
use std::sync::Arc;
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
                return Ok(self.deliver(partition, (offset, record)));
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

    fn deliver(&self, partition: u16, (offset, record): (i64, Vec<u8>)) -> Delivery {
        Delivery {
            partition,
            offset,
            payload: schema::read(&record, &self.sealer),
            record,
            slot: self.windows.deliver(partition, offset),
        }
    }
}
