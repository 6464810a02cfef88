//! What `Ok` and `Err` of produce mean.

use crate::gated_log::GatedLog;
use crate::world::{
    CODE, SOON, cancel, consumer, next_command, options, order_in, pay, producer, sealer,
};
use bus::{CommandLog, Consumer, ConsumerOptions, Error, LogError, MemoryLog, Producer};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

fn gated(permits: usize, answer: Result<(), LogError>) -> Arc<GatedLog> {
    Arc::new(GatedLog {
        log: MemoryLog::new(),
        gate: Semaphore::new(permits),
        answer,
    })
}

#[tokio::test]
async fn produce_is_ok_only_once_the_record_is_in_the_log() {
    let log = gated(0, Ok(()));
    let producer = Producer::embedded(log.clone(), sealer());
    let command = pay(order_in(3, 0), 1);
    let produce = tokio::spawn(async move { producer.produce(&command).await });
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    assert!(!produce.is_finished());
    log.gate.add_permits(1);
    produce.await.unwrap().unwrap();
    assert_eq!(log.read(3, 0, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn case_x15_a_produce_that_failed_may_have_been_written_and_is_then_delivered() {
    let log = gated(1, Err(LogError("the disk did not answer".to_owned())));
    let producer = Producer::embedded(log.clone(), sealer());
    // Only the bell can wake this consumer within the test's time.
    let patient = ConsumerOptions {
        reread_ms: 600_000,
        ..options(8)
    };
    let consumer = Consumer::embedded(log.clone(), sealer(), &producer.doorbell(), patient);
    let waiting = tokio::spawn(async move { next_command(&consumer).await.0 });
    let produced = producer.produce(&pay(1, 77)).await;
    assert!(
        matches!(produced, Err(Error::Unavailable(_))),
        "{produced:?}"
    );
    assert_eq!(waiting.await.unwrap(), 77);
}

#[tokio::test]
async fn a_log_that_is_down_is_reported_and_nothing_is_there() {
    let log = MemoryLog::new();
    let producer = producer(&log);
    log.set_outage(Some("database is locked"));
    let produced = producer.produce(&cancel(1, 1)).await;
    let reason = LogError("database is locked".to_owned());
    assert_eq!(produced, Err(Error::Unavailable(reason)));
    log.set_outage(None);
    producer.produce(&cancel(1, 2)).await.unwrap();
    let consumer = consumer(&log, &producer, 8);
    assert_eq!(next_command(&consumer).await.0, 2);
}

#[tokio::test]
async fn a_producer_wakes_the_consumer_of_its_process_without_waiting_for_a_look() {
    let log = MemoryLog::new();
    let producer = producer(&log);
    let patient = ConsumerOptions {
        reread_ms: 600_000,
        ..options(8)
    };
    let bell = producer.doorbell();
    let consumer = Consumer::embedded(Arc::new(log.clone()), sealer(), &bell, patient);
    for id in 0..100 {
        let (consumer, producer) = (consumer.clone(), producer.clone());
        let waiting = tokio::spawn(async move {
            let (found, delivery) = next_command(&consumer).await;
            consumer.done(&delivery).await.unwrap();
            found
        });
        producer.produce(&cancel(1, id)).await.unwrap();
        let found = tokio::time::timeout(SOON, waiting).await;
        assert_eq!(found.unwrap().unwrap(), id);
    }
}

#[tokio::test]
async fn a_record_of_another_process_is_found_by_looking() {
    let log = MemoryLog::new();
    let here = producer(&log);
    let consumer = consumer(&log, &here, 8);
    let waiting = tokio::spawn(async move { next_command(&consumer).await.0 });
    tokio::time::sleep(Duration::from_millis(5)).await;
    // Its bell is another one.
    producer(&log).produce(&cancel(1, 5)).await.unwrap();
    assert_eq!(waiting.await.unwrap(), 5);
}

#[tokio::test]
async fn no_payment_code_stands_in_a_record_or_in_any_debug_text() {
    let log = MemoryLog::new();
    let producer = producer(&log);
    let consumer = consumer(&log, &producer, 8);
    let command = pay(order_in(0, 0), 1);
    producer.produce(&command).await.unwrap();
    let records = log.read(0, 0, 10).await.unwrap();
    let record = String::from_utf8(records[0].1.clone()).unwrap();
    let (_, delivery) = next_command(&consumer).await;
    let texts = [
        record,
        format!("{command:?}"),
        format!("{delivery:?}"),
        format!("{producer:?} {consumer:?} {:?}", sealer()),
    ];
    for text in texts {
        assert!(!text.contains(CODE), "{text}");
        assert!(!text.contains(&CODE[4..14]), "{text}");
    }
}
