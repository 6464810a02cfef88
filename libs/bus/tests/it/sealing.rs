//! Keys that are missing or changed, records that are damaged.

use crate::world::{
    CODE, cancel, consumer, key, next, next_command, options, order_in, pay, producer, sealer,
};
use bus::{
    CommandBody, CommandLog, Consumer, Error, Lack, MemoryLog, Payload, Producer, Sealer,
    SealingKey,
};
use std::sync::Arc;

fn with_sealer(log: &MemoryLog, producer: &Producer, sealer: Sealer) -> Consumer {
    let log = Arc::new(log.clone());
    Consumer::embedded(log, sealer, &producer.doorbell(), options(8))
}

/// The record of a fresh pay, as text, changed, in partition 0.
async fn put_changed(log: &MemoryLog, change: impl Fn(&str) -> String) {
    let aside = MemoryLog::new();
    let command = pay(order_in(0, 0), 41);
    producer(&aside).produce(&command).await.unwrap();
    let (_, record) = aside.read(0, 0, 1).await.unwrap().remove(0);
    let changed = change(str::from_utf8(&record).unwrap());
    let key = command.order.as_uuid();
    log.put(0, key, changed.as_bytes()).await.unwrap();
}

#[tokio::test]
async fn case_x33_a_command_whose_key_is_not_here_waits_and_its_partition_goes_on() {
    let log = MemoryLog::new();
    let producer = producer(&log);
    let sale = pay(order_in(3, 1), 2);
    producer.produce(&cancel(order_in(3, 0), 1)).await.unwrap();
    producer.produce(&sale).await.unwrap();
    producer.produce(&cancel(order_in(3, 0), 3)).await.unwrap();
    let wrong = with_sealer(&log, &producer, Sealer::new(key(2), vec![key(3)]));
    assert_eq!(next_command(&wrong).await.0, 1);
    let delivery = next(&wrong).await.unwrap();
    let Payload::Waits {
        order,
        payment,
        kind,
        lacks,
    } = &delivery.payload
    else {
        panic!("{delivery:?}");
    };
    assert_eq!((*order, *payment), (Some(sale.order), Some(sale.payment)));
    let lacking = Lack::Key(key(1).id().to_owned());
    assert_eq!((kind.as_str(), lacks), ("pay", &lacking));
    assert_eq!(next_command(&wrong).await.0, 3);
    // What was kept out of the log is read by who has the key.
    let right = with_sealer(&log, &producer, Sealer::new(key(2), vec![key(1)]));
    assert_eq!(right.read(delivery.record()), Payload::Command(sale));
}

#[tokio::test]
async fn a_code_sealed_with_the_last_key_is_opened_after_the_key_was_changed() {
    let log = MemoryLog::new();
    let producer = producer(&log);
    producer.produce(&pay(order_in(3, 0), 1)).await.unwrap();
    let changed = Sealer::new(key(2), vec![key(1)]);
    let consumer = with_sealer(&log, &producer, changed.clone());
    Producer::embedded(Arc::new(log.clone()), changed)
        .produce(&pay(order_in(3, 0), 2))
        .await
        .unwrap();
    for expected in 1..=2 {
        let (id, delivery) = next_command(&consumer).await;
        assert_eq!(id, expected);
        let Payload::Command(command) = &delivery.payload else {
            panic!();
        };
        let CommandBody::Pay { code, .. } = &command.body else {
            panic!();
        };
        assert_eq!(code.expose(), CODE);
    }
}

#[tokio::test]
async fn case_x33_a_poison_record_is_handed_out_with_what_it_is_about_and_kept_as_dead_letter() {
    let log = MemoryLog::new();
    let producer = producer(&log);
    let consumer = consumer(&log, &producer, 8);
    put_changed(&log, |text| {
        text.replace("\"accepted_at_ms\"", "\"accepted\"")
    })
    .await;
    producer.produce(&cancel(order_in(0, 1), 2)).await.unwrap();
    let delivery = next(&consumer).await.unwrap();
    let about = pay(order_in(0, 0), 41);
    let Payload::Poison {
        order,
        payment,
        reason,
    } = &delivery.payload
    else {
        panic!("{delivery:?}");
    };
    assert_eq!((*order, *payment), (Some(about.order), Some(about.payment)));
    assert!(reason.starts_with("a field is missing"), "{reason}");
    consumer.dead(&delivery).await.unwrap();
    let dead = log.dead_letters(0);
    assert_eq!((dead.len(), &dead[0].1), (1, reason));
    assert_eq!(log.committed(0).await.unwrap(), delivery.offset);
    assert_eq!(next_command(&consumer).await.0, 2);
}

#[tokio::test]
async fn a_sealed_code_that_was_changed_or_moved_to_another_command_is_poison() {
    let log = MemoryLog::new();
    let producer = producer(&log);
    let consumer = consumer(&log, &producer, 8);
    let id = "00000000-0000-0000-0000-000000000029";
    put_changed(&log, |text| {
        let (head, sealed) = text.split_once("\"sealed\":\"").unwrap();
        let first = if sealed.starts_with('A') { 'B' } else { 'A' };
        format!("{head}\"sealed\":\"{first}{}", &sealed[1..])
    })
    .await;
    put_changed(&log, |text| text.replace(id, &id.replace("29", "30"))).await;
    put_changed(&log, |text| text.replace("\"sealed\":\"", "\"sealed\":\"!")).await;
    put_changed(&log, |text| text.replace(sealer_id().as_str(), "no key")).await;
    for _ in 0..4 {
        let delivery = next(&consumer).await.unwrap();
        let Payload::Poison { reason, .. } = &delivery.payload else {
            panic!("{delivery:?}");
        };
        assert!(reason.contains("tampered"), "{reason}");
    }
}

fn sealer_id() -> String {
    key(1).id().to_owned()
}

#[tokio::test]
async fn a_later_releases_record_waits_and_is_no_poison() {
    let log = MemoryLog::new();
    let producer = producer(&log);
    let consumer = consumer(&log, &producer, 8);
    put_changed(&log, |text| text.replace("\"version\":1", "\"version\":2")).await;
    let delivery = next(&consumer).await.unwrap();
    let Payload::Waits { lacks, .. } = &delivery.payload else {
        panic!("{delivery:?}");
    };
    assert_eq!(*lacks, Lack::Version(2));
}

#[test]
fn a_key_is_read_from_hex_or_base64_and_names_itself() {
    let hex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";
    let base64 = " AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8= ";
    let (from_hex, from_base64) = (SealingKey::parse(hex), SealingKey::parse(base64));
    assert_eq!(from_hex.unwrap().id(), from_base64.unwrap().id());
    assert_ne!(key(1).id(), key(2).id());
    let debug = format!("{:?} {:?}", SealingKey::parse(hex), sealer());
    assert!(!debug.contains("0c0d0e"), "{debug}");
    let zeros = "0".repeat(64);
    let bad = ["", "short", "AAEC", &zeros, &"zz".repeat(32)];
    for text in bad {
        let refused = SealingKey::parse(text);
        assert!(matches!(refused, Err(Error::BadKey(_))), "{text}");
    }
}
