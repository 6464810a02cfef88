//! Order, redelivery, fairness, and the bound in flight.

use crate::gated_log::GatedLog;
use crate::world::{
    SOON, cancel, consumer, is_quiet, next, next_command, options, order_in, producer, sealer,
};
use bus::{CommandLog, Consumer, Error, MemoryLog, PARTITIONS, Payload, Producer};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::Semaphore;

#[tokio::test]
async fn a_partition_is_delivered_in_the_order_it_was_produced() {
    let log = MemoryLog::new();
    let producer = producer(&log);
    let consumer = consumer(&log, &producer, 1_000);
    let orders = [order_in(2, 0), order_in(2, 1), order_in(2, 2)];
    for id in 0..200_u128 {
        let order = orders[usize::try_from(id % 3).unwrap()];
        producer.produce(&cancel(order, id)).await.unwrap();
    }
    for id in 0..200 {
        let (found, delivery) = next_command(&consumer).await;
        assert_eq!((found, delivery.partition), (id, 2));
        consumer.done(&delivery).await.unwrap();
    }
    assert!(is_quiet(&consumer).await);
    assert_eq!(log.read(2, 0, 10).await.unwrap(), Vec::new());
}

#[tokio::test]
async fn what_was_not_done_before_a_restart_is_delivered_again() {
    let log = MemoryLog::new();
    let producer = producer(&log);
    let order = order_in(4, 0);
    for id in 1..=5 {
        producer.produce(&cancel(order, id)).await.unwrap();
    }
    let first = consumer(&log, &producer, 8);
    let mut deliveries = Vec::new();
    for _ in 1..=5 {
        deliveries.push(next_command(&first).await.1);
    }
    // 3 is still worked on when the process is killed; 4 was done, but stands behind it.
    for done in [0, 1, 3] {
        first.done(&deliveries[done]).await.unwrap();
    }
    drop((first, deliveries));
    let second = consumer(&log, &producer, 8);
    for id in 3..=5 {
        assert_eq!(next_command(&second).await.0, id);
    }
    assert!(is_quiet(&second).await);
}

#[tokio::test]
async fn done_in_any_order_commits_only_what_has_no_gap_before_it() {
    let log = MemoryLog::new();
    let producer = producer(&log);
    let order = order_in(4, 0);
    for id in 1..=3 {
        producer.produce(&cancel(order, id)).await.unwrap();
    }
    let consumer = consumer(&log, &producer, 8);
    let mut deliveries = Vec::new();
    for _ in 1..=3 {
        deliveries.push(next_command(&consumer).await.1);
    }
    consumer.done(&deliveries[2]).await.unwrap();
    consumer.done(&deliveries[1]).await.unwrap();
    assert_eq!(log.committed(4).await.unwrap(), 0);
    consumer.done(&deliveries[0]).await.unwrap();
    assert_eq!(log.committed(4).await.unwrap(), deliveries[2].offset);
    // Once more changes nothing.
    consumer.done(&deliveries[1]).await.unwrap();
    assert_eq!(log.committed(4).await.unwrap(), deliveries[2].offset);
}

#[tokio::test]
async fn a_slow_payment_holds_neither_its_partition_nor_the_others() {
    let log = MemoryLog::new();
    let producer = producer(&log);
    let consumer = consumer(&log, &producer, 4);
    let (same, other) = (order_in(1, 1), order_in(7, 0));
    producer.produce(&cancel(order_in(1, 0), 0)).await.unwrap();
    let (_, slow) = next_command(&consumer).await;
    for id in 1..=50 {
        let order = if id % 2 == 0 { same } else { other };
        producer.produce(&cancel(order, id)).await.unwrap();
        let (found, delivery) = next_command(&consumer).await;
        assert_eq!(found, id);
        consumer.done(&delivery).await.unwrap();
    }
    assert_eq!(log.committed(1).await.unwrap(), 0);
    consumer.done(&slow).await.unwrap();
    assert_eq!(log.read(1, 0, 1).await.unwrap(), Vec::new());
}

#[tokio::test]
async fn a_full_partition_waits_for_a_place_while_the_others_go_on() {
    let log = MemoryLog::new();
    let producer = producer(&log);
    let consumer = consumer(&log, &producer, 2);
    for id in 1..=3 {
        producer.produce(&cancel(order_in(5, 0), id)).await.unwrap();
    }
    let first = next_command(&consumer).await.1;
    let second = next_command(&consumer).await.1;
    assert!(is_quiet(&consumer).await);
    producer.produce(&cancel(order_in(6, 0), 9)).await.unwrap();
    assert_eq!(next_command(&consumer).await.0, 9);
    // A place is free when the delivery is dropped, even if its worker panicked.
    drop(second);
    assert_eq!(next_command(&consumer).await.0, 3);
    drop(first);
}

#[tokio::test]
async fn partitions_take_turns_however_long_one_of_them_is() {
    let log = MemoryLog::new();
    let producer = producer(&log);
    for id in 0..200 {
        producer.produce(&cancel(order_in(0, 0), id)).await.unwrap();
    }
    for partition in 1..12 {
        let command = cancel(order_in(partition, 0), 1_000);
        producer.produce(&command).await.unwrap();
    }
    let consumer = consumer(&log, &producer, 1_000);
    let mut seen = BTreeSet::new();
    for _ in 0..12 {
        seen.insert(next_command(&consumer).await.1.partition);
    }
    assert_eq!(seen.len(), 12);
}

#[tokio::test]
async fn a_next_that_was_given_up_at_any_moment_loses_nothing() {
    let log = Arc::new(GatedLog {
        log: MemoryLog::new(),
        gate: Semaphore::new(Semaphore::MAX_PERMITS),
        answer: Ok(()),
    });
    let producer = Producer::embedded(log.clone(), sealer());
    let doorbell = producer.doorbell();
    let consumer = Consumer::embedded(log.clone(), sealer(), &doorbell, options(1_000));
    let order = order_in(8, 0);
    let mut found = Vec::new();
    for id in 0..300 {
        producer.produce(&cancel(order, id)).await.unwrap();
        tokio::select! {
            biased;
            delivery = next_command(&consumer) => found.push(delivery.0),
            () = turns(id % 40) => {}
        }
    }
    while found.len() < 300 {
        found.push(next_command(&consumer).await.0);
    }
    assert_eq!(found, (0..300).collect::<Vec<_>>());
}

async fn turns(count: u128) {
    for _ in 0..count {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_outage_is_reported_and_what_was_done_meanwhile_is_committed_afterwards() {
    let log = MemoryLog::new();
    let producer = producer(&log);
    let consumer = consumer(&log, &producer, 8);
    for id in 1..=2 {
        producer.produce(&cancel(order_in(9, 0), id)).await.unwrap();
    }
    let first = next_command(&consumer).await.1;
    log.set_outage(Some("disk full"));
    let failed = consumer.done(&first).await;
    assert!(matches!(failed, Err(Error::Unavailable(_))));
    // Already read, so the outage does not hold it.
    let second = next_command(&consumer).await.1;
    let failed = next(&consumer).await;
    assert!(matches!(failed, Err(Error::Unavailable(_))));
    log.set_outage(None);
    consumer.done(&second).await.unwrap();
    assert_eq!(log.committed(9).await.unwrap(), second.offset);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_workers_get_each_command_once_and_leave_nothing_in_the_log() {
    let log = MemoryLog::new();
    let producer = producer(&log);
    let consumer = consumer(&log, &producer, 3);
    let (found, mut finding) = tokio::sync::mpsc::channel(1_000);
    let mut workers = Vec::new();
    for worker in 0..8 {
        let (consumer, found) = (consumer.clone(), found.clone());
        workers.push(tokio::spawn(async move {
            loop {
                let Ok(delivery) = consumer.next().await else {
                    continue;
                };
                let Payload::Command(command) = &delivery.payload else {
                    continue;
                };
                turns(worker * 3).await;
                consumer.done(&delivery).await.unwrap();
                found.send(command.id.as_u128()).await.unwrap();
            }
        }));
    }
    for id in 0..600 {
        let order = order_in(u16::try_from(id % 12).unwrap(), 0);
        producer.produce(&cancel(order, id)).await.unwrap();
    }
    let mut ids = Vec::new();
    while ids.len() < 600 {
        let one = tokio::time::timeout(SOON, finding.recv()).await;
        ids.push(one.expect("a lost command").unwrap());
    }
    for worker in workers {
        worker.abort();
    }
    ids.sort_unstable();
    assert_eq!(ids, (0..600).collect::<Vec<_>>());
    for partition in 0..PARTITIONS {
        assert_eq!(log.read(partition, 0, 1).await.unwrap(), Vec::new());
    }
}
