//! What was read from each partition and not yet delivered, and whose turn it is.

use crate::doorbell::Rings;
use crate::{CommandLog, Doorbell, LogError, PARTITIONS};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// How many records of one partition are read at a time.
const PAGE_RECORDS: u32 = 64;

/// The pages of all partitions.
pub(crate) struct Pages {
    pages: VecDeque<Page>,
    rings: watch::Receiver<Rings>,
}

struct Page {
    partition: u16,
    records: VecDeque<(i64, Vec<u8>)>,
    /// The last offset read; `None` before the first read.
    read_to: Option<i64>,
    rings_heard: u64,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// There may be more in the log.
    Stale,
    /// Everything was read.
    Fresh,
}

impl Pages {
    pub(crate) fn new(doorbell: &Doorbell) -> Self {
        let page = |partition| Page {
            partition,
            records: VecDeque::new(),
            read_to: None,
            rings_heard: 0,
            state: State::Stale,
        };
        Self {
            pages: (0..PARTITIONS).map(page).collect(),
            rings: doorbell.listen(),
        }
    }

    /// Reads what is empty and may have more. A partition that can't be read leaves the others
    /// as they are; the first fault is returned at the end.
    pub(crate) async fn fill(&mut self, log: &dyn CommandLog) -> Result<(), LogError> {
        // Heard before reading: what is put after this moment rings again.
        let rings = *self.rings.borrow_and_update();
        let mut first_fault = Ok(());
        for page in &mut self.pages {
            page.hear(&rings);
            if page.state == State::Stale && page.records.is_empty() {
                first_fault = first_fault.and(page.read(log).await);
            }
        }
        first_fault
    }

    /// The next record of the first partition in turn that has one and has room.
    pub(crate) fn take(&mut self, has_room: impl Fn(u16) -> bool) -> Option<(u16, i64, Vec<u8>)> {
        let ready = |page: &Page| !page.records.is_empty() && has_room(page.partition);
        let place = self.pages.iter().position(ready)?;
        let mut page = self.pages.remove(place)?;
        let taken = page.records.pop_front();
        let partition = page.partition;
        // To the end of the line.
        self.pages.push_back(page);
        taken.map(|(offset, record)| (partition, offset, record))
    }

    /// Waits for something to change: a ring, a place in flight, or `patience`.
    pub(crate) async fn wait(&mut self, freed: &Notify, patience: Duration) {
        let silence = async {
            tokio::select! {
                // In this order, so that a simulated run can be run again.
                biased;
                rung = self.rings.changed() => {
                    if rung.is_err() {
                        // The bell is gone with its producer; patience is all there is.
                        std::future::pending::<()>().await;
                    }
                }
                () = freed.notified() => {}
            }
        };
        if tokio::time::timeout(patience, silence).await.is_err() {
            for page in &mut self.pages {
                page.doubt();
            }
        }
    }
}

impl Page {
    fn hear(&mut self, rings: &Rings) {
        let Some(ring) = rings.get(usize::from(self.partition)) else {
            return;
        };
        if *ring != self.rings_heard {
            self.rings_heard = *ring;
            self.doubt();
        }
    }

    fn doubt(&mut self) {
        if self.state == State::Fresh {
            self.state = State::Stale;
        }
    }

    async fn read(&mut self, log: &dyn CommandLog) -> Result<(), LogError> {
        let after = match self.read_to {
            Some(offset) => offset,
            None => log.committed(self.partition).await?,
        };
        let records = log.read(self.partition, after, PAGE_RECORDS).await?;
        let full = u32::try_from(records.len()).is_ok_and(|count| count >= PAGE_RECORDS);
        self.state = if full { State::Stale } else { State::Fresh };
        self.read_to = Some(records.last().map_or(after, |(offset, _)| *offset));
        self.records.extend(records);
        Ok(())
    }
}
