//! What the group tells this process: which partitions it has, which it has no more, and what was
//! committed. Called on the session's thread while it polls.

use super::partitions::Partitions;
use crate::PARTITIONS;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::KafkaResult;
use rdkafka::{ClientContext, Offset, TopicPartitionList};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};

/// This process's place in the group.
pub(crate) struct Group {
    topic: String,
    partitions: Arc<Partitions>,
    consumer: OnceLock<Weak<BaseConsumer<Group>>>,
    /// Whether a commit was sent and not yet answered.
    committing: AtomicBool,
}

impl Group {
    pub(super) fn new(topic: &str, partitions: Arc<Partitions>) -> Self {
        Self {
            topic: topic.to_owned(),
            partitions,
            consumer: OnceLock::new(),
            committing: AtomicBool::new(false),
        }
    }

    /// Makes the consumer known to the group's own callbacks.
    pub(super) fn belongs_to(&self, consumer: &Arc<BaseConsumer<Self>>) {
        let _known_already = self.consumer.set(Arc::downgrade(consumer));
    }

    /// Whether a commit is under way.
    pub(super) fn is_committing(&self) -> bool {
        self.committing.load(Ordering::Acquire)
    }

    /// Sends what is done without a gap, of all partitions in one request; its answer comes while
    /// polling. Whether there was anything.
    pub(super) fn commit(&self, consumer: &BaseConsumer<Self>) -> bool {
        let done = self.done(0..PARTITIONS);
        if done.count() == 0 {
            return false;
        }
        self.committing.store(true, Ordering::Release);
        if consumer.commit(&done, CommitMode::Async).is_err() {
            self.committing.store(false, Ordering::Release);
        }
        true
    }

    /// Commits what of these is done without a gap, and waits for the answer. What could not be
    /// committed is delivered again, to whoever has the partition then.
    pub(super) fn commit_now(
        &self,
        consumer: &BaseConsumer<Self>,
        partitions: impl Iterator<Item = u16>,
    ) {
        let done = self.done(partitions);
        if done.count() > 0 && consumer.commit(&done, CommitMode::Sync).is_ok() {
            self.note_committed(&done);
        }
    }

    /// No answer will come any more.
    pub(super) fn forget_commit(&self) {
        self.committing.store(false, Ordering::Release);
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
                let revoked = self.ours(list);
                for partition in &revoked {
                    self.partitions.release(*partition);
                }
                // Those that were lost are another's already; its commits must stand.
                if !consumer.assignment_lost() {
                    self.commit_now(consumer, revoked.iter().copied());
                }
                for partition in revoked {
                    self.partitions.windows.forget(partition);
                }
            }
            Rebalance::Error(_) => {}
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, offsets: &TopicPartitionList) {
        self.forget_commit();
        // What failed is still committable, and goes with the next.
        if result.is_ok() {
            self.note_committed(offsets);
        }
    }
}
