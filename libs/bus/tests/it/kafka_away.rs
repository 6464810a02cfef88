//! Kafka away: what a door is told and when, and that everyone comes back. Runs everywhere: the
//! broker is librdkafka's own imitation of one.

use crate::world::{SOON, cancel, next_command, options, order_in, sealer};
use bus::{Consumer, Error, KafkaOptions, Producer};
use rdkafka::mocking::MockCluster;
use std::time::Duration;
use tokio::task::JoinSet;

/// What a door has to have answered by.
const DOOR: Duration = Duration::from_secs(2);

fn away() -> KafkaOptions {
    // Nobody listens there.
    KafkaOptions::at(vec!["127.0.0.1:9".to_owned()])
}

fn imitation(cluster: &MockCluster<'_, rdkafka::producer::DefaultProducerContext>) -> KafkaOptions {
    let options = KafkaOptions::at(vec![cluster.bootstrap_servers()]);
    for topic in [&options.commands_topic, &options.dead_topic] {
        cluster.create_topic(topic, 12, 1).unwrap();
    }
    options
}

async fn produce_in_time(producer: &Producer, id: u128) -> Result<(), Error> {
    let command = cancel(order_in(3, 0), id);
    let produced = tokio::time::timeout(DOOR, producer.produce(&command)).await;
    produced.expect("an answer within two seconds")
}

#[tokio::test]
async fn a_produce_with_no_broker_there_fails_within_two_seconds() {
    let producer = Producer::kafka(&away(), sealer()).unwrap();
    for id in 0..2 {
        let produced = produce_in_time(&producer, id).await;
        assert!(
            matches!(produced, Err(Error::Unavailable(_))),
            "{produced:?}"
        );
    }
}

#[tokio::test]
async fn a_full_queue_is_told_at_once() {
    let producer = Producer::kafka(&away(), sealer()).unwrap();
    let mut produces = JoinSet::new();
    for id in 0..10_001 {
        let producer = producer.clone();
        produces.spawn(async move { producer.produce(&cancel(1, id)).await });
    }
    // Long before the first of those that wait is given up.
    let first = tokio::time::timeout(Duration::from_millis(1_200), produces.join_next()).await;
    let Some(Ok(Err(Error::Unavailable(reason)))) = first.unwrap() else {
        panic!("not refused");
    };
    assert!(reason.0.contains("Queue full"), "{reason}");
}

#[tokio::test]
async fn what_could_not_be_produced_while_the_broker_was_away_succeeds_once_it_is_back() {
    let cluster = MockCluster::new(1).unwrap();
    let producer = Producer::kafka(&imitation(&cluster), sealer()).unwrap();
    let mut first = Err(Error::NotSealable("not asked yet"));
    // The imitation takes its time to start on a busy machine.
    for id in 0..10 {
        first = produce_in_time(&producer, id).await;
        if first.is_ok() {
            break;
        }
    }
    assert_eq!(first, Ok(()));
    cluster.broker_down(1).unwrap();
    let mut produces = JoinSet::new();
    for id in 100..120 {
        let producer = producer.clone();
        produces.spawn(async move { produce_in_time(&producer, id).await });
    }
    while let Some(produced) = produces.join_next().await {
        let produced = produced.unwrap();
        assert!(
            matches!(produced, Err(Error::Unavailable(_))),
            "{produced:?}"
        );
    }
    cluster.broker_up(1).unwrap();
    let back = async { while produce_in_time(&producer, 100).await.is_err() {} };
    tokio::time::timeout(SOON, back).await.unwrap();
}

#[tokio::test]
async fn a_consumer_tells_an_outage_and_comes_back_by_itself() {
    let cluster = MockCluster::new(1).unwrap();
    let kafka = imitation(&cluster);
    cluster.broker_down(1).unwrap();
    let consumer = Consumer::kafka(&kafka, sealer(), options(8)).unwrap();
    let told = tokio::time::timeout(SOON, consumer.next()).await.unwrap();
    assert!(matches!(told, Err(Error::Unavailable(_))), "{told:?}");
    cluster.broker_up(1).unwrap();
    let producer = Producer::kafka(&kafka, sealer()).unwrap();
    let back = async { while produce_in_time(&producer, 7).await.is_err() {} };
    tokio::time::timeout(SOON, back).await.unwrap();
    let found = loop {
        match tokio::time::timeout(SOON, consumer.next()).await.unwrap() {
            Ok(delivery) => break delivery,
            Err(error) => assert!(matches!(error, Error::Unavailable(_)), "{error}"),
        }
    };
    assert_eq!(found.partition, 3);
    drop(found);
    producer.produce(&cancel(order_in(3, 0), 8)).await.unwrap();
    let mut id = 7;
    // A produce that was given up may have been written (X15).
    while id == 7 {
        id = next_command(&consumer).await.0;
    }
    assert_eq!(id, 8);
}
