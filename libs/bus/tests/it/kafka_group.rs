//! Several consumers on one Kafka: who has a partition, who takes it over, and whose word counts.

use crate::bench::{Bench, on_kafka};
use crate::world::{SOON, cancel, next_command, options, order_in, sealer};
use bus::{Consumer, Delivery, Error, KafkaOptions, PARTITIONS, Payload, Producer};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::sync::mpsc;

/// Takes what comes and marks it done, and tells who had what.
fn work(name: &'static str, consumer: &Consumer, found: &mpsc::Sender<(&'static str, u128)>) {
    let (consumer, found) = (consumer.clone(), found.clone());
    tokio::spawn(async move {
        while let Ok(delivery) = consumer.next().await {
            consumer.done(&delivery).await.unwrap();
            let Payload::Command(command) = &delivery.payload else {
                panic!("{delivery:?}");
            };
            let _over = found.send((name, command.id.as_u128())).await;
        }
    });
}

/// One command for each partition, numbered from `first`.
async fn one_for_each(producer: &Producer, first: u128) {
    for partition in 0..PARTITIONS {
        let command = cancel(order_in(partition, 0), first + u128::from(partition));
        producer.produce(&command).await.unwrap();
    }
}

fn member(bench: &Bench, instance_id: &str) -> Consumer {
    let kafka = KafkaOptions {
        instance_id: Some(instance_id.to_owned()),
        ..bench.options().clone()
    };
    Consumer::kafka(&kafka, sealer(), options(8)).unwrap()
}

/// What a consumer has, by partition, once it has been quiet.
async fn all_of(bench: &Bench, consumer: &Consumer) -> BTreeMap<u16, Delivery> {
    let mut all = BTreeMap::new();
    let first = next_command(consumer).await.1;
    all.insert(first.partition, first);
    while let Ok(Ok(delivery)) = tokio::time::timeout(Duration::from_secs(2), consumer.next()).await
    {
        all.insert(delivery.partition, delivery);
    }
    assert!(bench.is_quiet(consumer).await);
    all
}

async fn taken_over(bench: &Bench) {
    let producer = bench.producer();
    let (found, mut finding) = mpsc::channel(100_000);
    let (one, other) = (bench.consumer(8), bench.consumer(8));
    work("one", &one, &found);
    work("other", &other, &found);
    let mut wanted = BTreeSet::new();
    let mut seen = BTreeMap::<u128, BTreeSet<&str>>::new();
    let mut first = 0;
    // Until both have some of it.
    while seen.values().flatten().collect::<BTreeSet<_>>().len() < 2 {
        one_for_each(&producer, first).await;
        wanted.extend(first..first + 12);
        first += 12;
        assert!(first < 12 * 200, "they do not share");
        tokio::time::sleep(Duration::from_millis(50)).await;
        while let Ok((name, id)) = finding.try_recv() {
            seen.entry(id).or_default().insert(name);
        }
    }
    // One leaves with commands on their way.
    let leaving = async {
        one.close(SOON).await.unwrap();
    };
    let producing = async {
        for round in 0..20 {
            one_for_each(&producer, first + 12 * round).await;
        }
    };
    tokio::join!(leaving, producing);
    wanted.extend(first..first + 12 * 20);
    while !wanted.iter().all(|id| seen.contains_key(id)) {
        let (name, id) = tokio::time::timeout(SOON, finding.recv())
            .await
            .expect("a lost command")
            .unwrap();
        seen.entry(id).or_default().insert(name);
    }
    for partition in 0..PARTITIONS {
        bench.left_becomes(partition, 0).await;
    }
    assert!(matches!(one.next().await, Err(Error::Unavailable(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_share_the_partitions_and_when_one_leaves_the_other_has_them_and_nothing_is_lost() {
    on_kafka(taken_over).await;
}

async fn revoked(bench: &Bench) {
    let (producer, one) = (bench.producer(), bench.consumer(8));
    one_for_each(&producer, 0).await;
    let mine = all_of(bench, &one).await;
    assert_eq!(mine.len(), 12);
    let other = bench.consumer(8);
    let theirs = all_of(bench, &other).await;
    assert!(!theirs.is_empty() && theirs.len() < 12);
    // It is late for some, and in time for those it still has.
    for delivery in mine.values() {
        one.done(delivery).await.unwrap();
    }
    for partition in 0..PARTITIONS {
        if !theirs.contains_key(&partition) {
            bench.left_becomes(partition, 0).await;
        }
    }
    for (partition, delivery) in &theirs {
        assert_eq!(bench.left(*partition).await, 1, "partition {partition}");
        other.done(delivery).await.unwrap();
        bench.left_becomes(*partition, 0).await;
    }
}

#[tokio::test]
async fn case_x35_a_late_done_for_a_partition_that_was_given_away_commits_nothing() {
    on_kafka(revoked).await;
}

async fn restarted(bench: &Bench) {
    let producer = bench.producer();
    let (one, other) = (member(bench, "one"), member(bench, "other"));
    // Until the group has settled: all are given out, and both have some.
    let mut first = 0;
    let ones = loop {
        one_for_each(&producer, first).await;
        first += 12;
        let (ones, others) = (all_of(bench, &one).await, all_of(bench, &other).await);
        for (consumer, deliveries) in [(&one, &ones), (&other, &others)] {
            for delivery in deliveries.values() {
                consumer.done(delivery).await.unwrap();
            }
        }
        if ones.len() + others.len() == 12 {
            break ones;
        }
    };
    one.close(SOON).await.unwrap();
    one_for_each(&producer, 10_000).await;
    let again = member(bench, "one");
    let mut kept = BTreeSet::new();
    for _ in 0..ones.len() {
        kept.insert(next_command(&again).await.1.partition);
    }
    assert_eq!(kept, ones.keys().copied().collect());
    let others = all_of(bench, &other).await;
    assert!(others.keys().all(|partition| !kept.contains(partition)));
}

#[tokio::test]
async fn a_process_that_restarts_under_its_own_name_has_its_partitions_again() {
    on_kafka(restarted).await;
}

async fn unreleased(bench: &Bench) {
    let producer = bench.producer();
    let first = member(bench, "only");
    one_for_each(&producer, 0).await;
    for delivery in all_of(bench, &first).await.values() {
        first.done(delivery).await.unwrap();
    }
    // What a process meets that is back before Kafka knows that it was gone: fatal to librdkafka.
    let second = member(bench, "only");
    let refused = tokio::time::timeout(SOON, second.next()).await.unwrap();
    assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
    first.close(SOON).await.unwrap();
    one_for_each(&producer, 100).await;
    let mut found = BTreeSet::new();
    while found.len() < 12 {
        match tokio::time::timeout(SOON, second.next()).await.unwrap() {
            Ok(delivery) => {
                found.insert(delivery.partition);
            }
            // Once more for each time it is refused.
            Err(error) => assert!(matches!(error, Error::Unavailable(_)), "{error}"),
        }
    }
}

#[tokio::test]
async fn a_name_that_is_still_taken_is_asked_for_until_it_is_free() {
    on_kafka(unreleased).await;
}
