//! What the group tells this process: which partitions it has, and which it has no more; and what
//! it is told: how far they are done. The former comes on the session's thread while it polls.

use super::partitions::Partitions;
use crate::PARTITIONS;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance};
use rdkafka::{ClientContext, Offset, TopicPartitionList};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

/// This process's place in the group.
pub(crate) struct Group {
    topic: String,
    partitions: Arc<Partitions>,
    consumer: OnceLock<Weak<BaseConsumer<Group>>>,
    /// Held from the look at what is done until it is committed. Nothing is given away in between:
    /// a commit that came after the next owner's would take that one's back.
    committing: Mutex<()>,
}

impl Group {
    pub(super) fn new(topic: &str, partitions: Arc<Partitions>) -> Self {
        Self {
            topic: topic.to_owned(),
            partitions,
            consumer: OnceLock::new(),
            committing: Mutex::new(()),
        }
    }

    /// Makes the consumer known to the group's own callbacks.
    pub(super) fn belongs_to(&self, consumer: &Arc<BaseConsumer<Self>>) {
        let _known_already = self.consumer.set(Arc::downgrade(consumer));
    }

    /// Commits what is done without a gap, of all partitions in one request, and waits for the
    /// answer: librdkafka reports none on a commit that is not waited for. Whether it succeeded,
    /// or there was nothing to commit; what failed goes with the next.
    pub(super) fn commit(&self, consumer: &BaseConsumer<Self>) -> bool {
        let _held = self
            .committing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        self.commit_of(consumer, 0..PARTITIONS)
    }

    fn commit_of(
        &self,
        consumer: &BaseConsumer<Self>,
        partitions: impl Iterator<Item = u16>,
    ) -> bool {
        let done = self.done(partitions);
        if done.count() == 0 {
            return true;
        }
        let committed = consumer.commit(&done, CommitMode::Sync).is_ok();
        if committed {
            self.note_committed(&done);
        }
        committed
    }

    fn revoke(&self, consumer: &BaseConsumer<Self>, revoked: &[u16]) {
        for partition in revoked {
            self.partitions.release(*partition);
        }
        let _held = self
            .committing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // Those that were lost are another's already; its commits must stand. What could not be
        // committed is delivered again, there.
        if !consumer.assignment_lost() {
            let _committed = self.commit_of(consumer, revoked.iter().copied());
        }
        for partition in revoked {
            self.partitions.windows.forget(*partition);
        }
    }

    /// Kafka wants the next offset to read; the windows know the last one done.
    fn done(&self, partitions: impl Iterator<Item = u16>) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        for partition in partitions {
            if let Some(offset) = self.partitions.windows.committable(partition) {
                let next = Offset::Offset(offset.saturating_add(1));
                // Refused only if it were not an offset.
                let _added = list.add_partition_offset(&self.topic, i32::from(partition), next);
            }
        }
        list
    }

    fn note_committed(&self, committed: &TopicPartitionList) {
        for element in committed.elements_for_topic(&self.topic) {
            if let (Ok(()), Offset::Offset(next), Ok(partition)) = (
                element.error(),
                element.offset(),
                u16::try_from(element.partition()),
            ) {
                let last = next.saturating_sub(1);
                self.partitions.windows.committed(partition, last);
            }
        }
    }

    fn ours(&self, list: &TopicPartitionList) -> Vec<u16> {
        let ours = list.elements_for_topic(&self.topic);
        let ours = ours.iter().map(|element| element.partition());
        ours.filter_map(|partition| u16::try_from(partition).ok())
            .collect()
    }
}

impl ClientContext for Group {}

impl ConsumerContext for Group {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(list) => {
                let Some(consumer) = self.consumer.get().and_then(Weak::upgrade) else {
                    return;
                };
                for partition in self.ours(list) {
                    // Before fetching begins, so that no record goes by the common queue.
                    let queue = consumer.split_partition_queue(&self.topic, i32::from(partition));
                    if let Some(queue) = queue {
                        self.partitions.hold(partition, queue);
                    }
                }
            }
            Rebalance::Revoke(list) => {
                self.revoke(consumer, &self.ours(list));
            }
            Rebalance::Error(_) => {}
        }
    }
}
