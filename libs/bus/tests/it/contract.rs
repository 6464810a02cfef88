//! What holds of the bus whichever log is behind it: each case runs in memory and on Kafka.

use crate::bench::{Bench, on_kafka};
use crate::world::{SOON, cancel, key, next, next_command, order_in, pay, producer};
use bus::{CommandLog, Lack, MemoryLog, Payload, Sealer};
use std::collections::BTreeSet;

async fn in_order(bench: &Bench) {
    let (producer, consumer) = (bench.producer(), bench.consumer(1_000));
    let orders = [order_in(2, 0), order_in(2, 1), order_in(2, 2)];
    for id in 0..100_u128 {
        let order = orders[usize::try_from(id % 3).unwrap()];
        producer.produce(&cancel(order, id)).await.unwrap();
    }
    for id in 0..100 {
        let (found, delivery) = next_command(&consumer).await;
        assert_eq!((found, delivery.partition), (id, 2));
        consumer.done(&delivery).await.unwrap();
    }
    assert!(bench.is_quiet(&consumer).await);
    bench.left_becomes(2, 0).await;
}

#[tokio::test]
async fn in_memory_a_partition_is_delivered_in_its_order() {
    in_order(&Bench::memory()).await;
}

#[tokio::test]
async fn on_kafka_a_partition_is_delivered_in_its_order() {
    on_kafka(in_order).await;
}

async fn redelivered(bench: &Bench) {
    let producer = bench.producer();
    for id in 1..=5 {
        let command = cancel(order_in(4, 0), id);
        producer.produce(&command).await.unwrap();
    }
    let first = bench.consumer(8);
    let mut deliveries = Vec::new();
    for _ in 1..=5 {
        deliveries.push(next_command(&first).await.1);
    }
    // 3 is still worked on when its worker dies; 4 was done, but stands behind it.
    for done in [0, 1, 3] {
        first.done(&deliveries[done]).await.unwrap();
    }
    bench.left_becomes(4, 3).await;
    drop((first, deliveries));
    let second = bench.consumer(8);
    for id in 3..=5 {
        assert_eq!(next_command(&second).await.0, id);
    }
    assert!(bench.is_quiet(&second).await);
}

#[tokio::test]
async fn in_memory_what_was_not_done_by_one_that_died_is_delivered_again() {
    redelivered(&Bench::memory()).await;
}

#[tokio::test]
async fn on_kafka_what_was_not_done_by_one_that_died_is_delivered_again() {
    on_kafka(redelivered).await;
}

async fn committed_in_order(bench: &Bench) {
    let (producer, consumer) = (bench.producer(), bench.consumer(8));
    for id in 1..=3 {
        let command = cancel(order_in(4, 0), id);
        producer.produce(&command).await.unwrap();
    }
    producer.produce(&cancel(order_in(5, 0), 4)).await.unwrap();
    let (mut deliveries, mut other) = (Vec::new(), None);
    for _ in 1..=4 {
        let delivery = next_command(&consumer).await.1;
        if delivery.partition == 4 {
            deliveries.push(delivery);
        } else {
            other = Some(delivery);
        }
    }
    consumer.done(&deliveries[2]).await.unwrap();
    consumer.done(&deliveries[1]).await.unwrap();
    // Once this one is committed, those would have been too.
    consumer.done(&other.unwrap()).await.unwrap();
    bench.left_becomes(5, 0).await;
    assert_eq!(bench.left(4).await, 3);
    consumer.done(&deliveries[0]).await.unwrap();
    bench.left_becomes(4, 0).await;
}

#[tokio::test]
async fn in_memory_done_in_any_order_commits_only_what_has_no_gap_before_it() {
    committed_in_order(&Bench::memory()).await;
}

#[tokio::test]
async fn on_kafka_done_in_any_order_commits_only_what_has_no_gap_before_it() {
    on_kafka(committed_in_order).await;
}

async fn one_is_stuck(bench: &Bench) {
    let (producer, consumer) = (bench.producer(), bench.consumer(4));
    let (same, other) = (order_in(1, 1), order_in(7, 0));
    producer.produce(&cancel(order_in(1, 0), 0)).await.unwrap();
    let (_, stuck) = next_command(&consumer).await;
    for id in 1..=30 {
        let order = if id % 2 == 0 { same } else { other };
        producer.produce(&cancel(order, id)).await.unwrap();
        let (found, delivery) = next_command(&consumer).await;
        assert_eq!(found, id);
        consumer.done(&delivery).await.unwrap();
    }
    bench.left_becomes(7, 0).await;
    assert_eq!(bench.left(1).await, 16);
    consumer.done(&stuck).await.unwrap();
    bench.left_becomes(1, 0).await;
}

#[tokio::test]
async fn in_memory_a_stuck_delivery_holds_neither_its_partition_nor_the_others() {
    one_is_stuck(&Bench::memory()).await;
}

#[tokio::test]
async fn on_kafka_a_stuck_delivery_holds_neither_its_partition_nor_the_others() {
    on_kafka(one_is_stuck).await;
}

async fn at_most_two(bench: &Bench) {
    let (producer, consumer) = (bench.producer(), bench.consumer(2));
    for id in 1..=4 {
        let command = cancel(order_in(5, 0), id);
        producer.produce(&command).await.unwrap();
    }
    let first = next_command(&consumer).await.1;
    let second = next_command(&consumer).await.1;
    assert!(bench.is_quiet(&consumer).await);
    producer.produce(&cancel(order_in(6, 0), 9)).await.unwrap();
    assert_eq!(next_command(&consumer).await.0, 9);
    // A place is free when the delivery is dropped, even if its worker panicked.
    drop(second);
    let (found, third) = next_command(&consumer).await;
    assert_eq!(found, 3);
    assert!(bench.is_quiet(&consumer).await);
    consumer.done(&first).await.unwrap();
    drop(first);
    assert_eq!(next_command(&consumer).await.0, 4);
    drop(third);
}

#[tokio::test]
async fn in_memory_no_more_of_a_partition_are_alive_than_is_allowed() {
    at_most_two(&Bench::memory()).await;
}

#[tokio::test]
async fn on_kafka_no_more_of_a_partition_are_alive_than_is_allowed() {
    on_kafka(at_most_two).await;
}

async fn taking_turns(bench: &Bench) {
    let producer = bench.producer();
    for id in 0..60 {
        let command = cancel(order_in(0, 0), id);
        producer.produce(&command).await.unwrap();
    }
    for partition in 1..12 {
        let command = cancel(order_in(partition, 0), 1_000);
        producer.produce(&command).await.unwrap();
    }
    let consumer = bench.consumer(40);
    let mut seen = BTreeSet::new();
    let mut alive = Vec::new();
    for _ in 0..51 {
        let delivery = next_command(&consumer).await.1;
        seen.insert(delivery.partition);
        alive.push(delivery);
    }
    assert_eq!(seen.len(), 12);
}

#[tokio::test]
async fn in_memory_a_long_partition_keeps_no_other_waiting() {
    taking_turns(&Bench::memory()).await;
}

#[tokio::test]
async fn on_kafka_a_long_partition_keeps_no_other_waiting() {
    on_kafka(taking_turns).await;
}

async fn closed(bench: &Bench) {
    let (producer, consumer) = (bench.producer(), bench.consumer(8));
    for id in 0..3 {
        let command = cancel(order_in(8, 0), id);
        producer.produce(&command).await.unwrap();
    }
    let mut deliveries = Vec::new();
    for _ in 0..3 {
        deliveries.push(next_command(&consumer).await.1);
    }
    for delivery in &deliveries {
        consumer.done(delivery).await.unwrap();
    }
    consumer.close(SOON).await.unwrap();
    assert_eq!(bench.left(8).await, 0);
    // Once more does no harm, nor does a done that is too late.
    consumer.close(SOON).await.unwrap();
    consumer.done(&deliveries[0]).await.unwrap();
}

#[tokio::test]
async fn in_memory_what_is_done_when_the_consumer_closes_is_committed() {
    closed(&Bench::memory()).await;
}

#[tokio::test]
async fn on_kafka_what_is_done_when_the_consumer_closes_is_committed() {
    on_kafka(closed).await;
}

/// A pay's record with a field that is missing.
async fn poison() -> Vec<u8> {
    let aside = MemoryLog::new();
    let command = pay(order_in(0, 0), 41);
    producer(&aside).produce(&command).await.unwrap();
    let (_, record) = aside.read(0, 0, 1).await.unwrap().remove(0);
    let text = String::from_utf8(record).unwrap();
    let changed = text.replace("\"accepted_at_ms\"", "\"accepted\"");
    changed.into_bytes()
}

async fn poisoned(bench: &Bench) {
    let (producer, consumer) = (bench.producer(), bench.consumer(8));
    let (about, record) = (pay(order_in(0, 0), 41), poison().await);
    bench.put(about.order, &record).await;
    producer.produce(&cancel(order_in(0, 1), 2)).await.unwrap();
    let delivery = next(&consumer).await.unwrap();
    let Payload::Poison {
        payment, reason, ..
    } = &delivery.payload
    else {
        panic!("{delivery:?}");
    };
    assert_eq!(*payment, Some(about.payment));
    // It blocks nobody.
    let (found, after) = next_command(&consumer).await;
    assert_eq!(found, 2);
    consumer.done(&after).await.unwrap();
    consumer.dead(&delivery).await.unwrap();
    // Once more changes nothing.
    consumer.dead(&delivery).await.unwrap();
    bench.left_becomes(0, 0).await;
    let letters = bench.dead_letters().await;
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].0["reason"], *reason);
    assert_eq!(letters[0].1, record);
}

#[tokio::test]
async fn case_x33_in_memory_poison_becomes_one_dead_letter_with_its_reason() {
    poisoned(&Bench::memory()).await;
}

#[tokio::test]
async fn case_x33_on_kafka_poison_becomes_one_dead_letter_with_its_reason() {
    on_kafka(poisoned).await;
}

async fn waiting_for_a_key(bench: &Bench) {
    let producer = bench.producer();
    let sale = pay(order_in(3, 1), 2);
    producer.produce(&sale).await.unwrap();
    producer.produce(&cancel(order_in(3, 0), 3)).await.unwrap();
    let wrong = bench.consumer_with(Sealer::new(key(2), vec![key(3)]), 8);
    let waits = next(&wrong).await.unwrap();
    let Payload::Waits { lacks, .. } = &waits.payload else {
        panic!("{waits:?}");
    };
    assert_eq!(*lacks, Lack::Key(key(1).id().to_owned()));
    let (id, after) = next_command(&wrong).await;
    assert_eq!(id, 3);
    for delivery in [&waits, &after] {
        wrong.done(delivery).await.unwrap();
    }
    bench.left_becomes(3, 0).await;
}

#[tokio::test]
async fn case_x33_in_memory_a_command_without_its_key_waits_and_its_partition_goes_on() {
    waiting_for_a_key(&Bench::memory()).await;
}

#[tokio::test]
async fn case_x33_on_kafka_a_command_without_its_key_waits_and_its_partition_goes_on() {
    on_kafka(waiting_for_a_key).await;
}
