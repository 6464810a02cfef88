//! Ten thousand commands from end to end; prints what a produce takes.

use crate::bench::{Bench, on_kafka};
use crate::world::{SOON, next_command, pay};
use bus::PARTITIONS;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

const COMMANDS: u32 = 10_000;
const AT_ONCE: usize = 256;

async fn ten_thousand(bench: &Bench) {
    let producer = bench.producer();
    let consumer = bench.consumer(256);
    let taking = tokio::spawn({
        let consumer = consumer.clone();
        async move {
            let mut found = BTreeSet::new();
            while found.len() < usize::try_from(COMMANDS).unwrap() {
                let (id, delivery) = next_command(&consumer).await;
                assert!(found.insert(id), "twice");
                consumer.done(&delivery).await.unwrap();
            }
        }
    });
    // The first one learns where the brokers are.
    producer.produce(&pay(0, 0)).await.unwrap();
    let began = Instant::now();
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut produces = JoinSet::new();
    for number in 1..COMMANDS {
        let place = Arc::clone(&places).acquire_owned().await.unwrap();
        let producer = producer.clone();
        produces.spawn(async move {
            let began = Instant::now();
            let produced = producer.produce(&pay(number, u128::from(number))).await;
            drop(place);
            produced.map(|()| began.elapsed())
        });
    }
    let took = produces.join_all().await.into_iter();
    let mut took: Vec<_> = took.map(Result::unwrap).collect();
    let produced_in = began.elapsed();
    tokio::time::timeout(SOON, taking).await.unwrap().unwrap();
    let taken_in = began.elapsed();
    for partition in 0..PARTITIONS {
        bench.left_becomes(partition, 0).await;
    }
    took.sort_unstable();
    let (p50, p99) = (took[took.len() / 2], took[took.len() * 99 / 100]);
    eprintln!(
        "{COMMANDS} commands, {AT_ONCE} at once: produced in {produced_in:?} (p50 {p50:?}, \
         p99 {p99:?}), taken in {taken_in:?}, all committed in {:?}",
        began.elapsed()
    );
    one_at_a_time(bench).await;
}

async fn one_at_a_time(bench: &Bench) {
    let producer = bench.producer();
    let mut took = Vec::new();
    for number in 0..200 {
        let began = Instant::now();
        let command = pay(number, u128::from(number));
        producer.produce(&command).await.unwrap();
        took.push(began.elapsed());
    }
    took.sort_unstable();
    eprintln!("one at a time: p50 {:?}, p99 {:?}", took[100], took[197]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_commands_go_in_and_come_out_once_each_and_none_is_left() {
    on_kafka(ten_thousand).await;
}
