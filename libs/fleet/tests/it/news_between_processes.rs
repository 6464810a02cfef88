//! News between processes: each has its own line to Redis, and nothing else in common.

use crate::stand::{self, SOON};
use fleet::{News, Watch};
use payment::PaymentId;
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

fn payment(number: u128) -> PaymentId {
    PaymentId::from_uuid(Uuid::from_u128(number))
}

async fn hears(watch: &mut Watch) -> bool {
    tokio::time::timeout(SOON, watch.changed()).await.is_ok()
}

/// Two processes of one fleet, both listening.
async fn two(test: &str) -> Option<(News, News)> {
    let options = stand::redis(test)?;
    let one = stand::hearing(&stand::link(&options).await).await;
    let other = stand::hearing(&stand::link(&options).await).await;
    Some((one, other))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn news_reach_a_watcher_of_another_process_in_well_under_100_ms() {
    let Some((one, other)) = two("how soon news arrive").await else {
        return;
    };
    let mut took = Vec::new();
    for number in 0..200 {
        let mut watch = other.watch(payment(number));
        let told_at = Instant::now();
        one.tell(payment(number));
        assert!(hears(&mut watch).await);
        took.push(told_at.elapsed());
    }
    let (median, slowest) = sorted(took);
    eprintln!("news between processes: median {median:?}, slowest {slowest:?}");
    assert!(median < Duration::from_millis(100));
}

/// 800 payments a second, each told of four times within its life.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_800_payments_a_second_news_still_arrive_in_under_100_ms() {
    const EVERY: Duration = Duration::from_millis(10);
    let Some((one, other)) = two("news at full load").await else {
        return;
    };
    let mut waiting = Vec::new();
    let mut beat = tokio::time::interval(EVERY);
    for number in 0..1_200_u128 {
        if number % 8 == 0 {
            beat.tick().await;
        }
        let mut watch = other.watch(payment(number));
        let told_at = Instant::now();
        waiting.push(tokio::spawn(async move {
            assert!(hears(&mut watch).await);
            told_at.elapsed()
        }));
        for ago in [0, 80, 160, 240] {
            one.tell(payment(number.saturating_sub(ago)));
        }
    }
    let mut took = Vec::new();
    for heard in waiting {
        took.push(heard.await.unwrap());
    }
    let (median, slowest) = sorted(took);
    eprintln!("news at 800 payments/s: median {median:?}, slowest {slowest:?}");
    assert!(median < Duration::from_millis(100));
}

fn sorted(mut took: Vec<Duration>) -> (Duration, Duration) {
    took.sort();
    (took[took.len() / 2], took[took.len() - 1])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_payment_of_thousands_told_at_once_is_heard() {
    let Some((one, other)) = two("many news at once").await else {
        return;
    };
    let mut watches: Vec<Watch> = (0..5_000).map(|n| other.watch(payment(n))).collect();
    for number in 0..5_000 {
        one.tell(payment(number));
    }
    for watch in &mut watches {
        assert!(hears(watch).await);
    }
}

#[tokio::test]
async fn a_process_hears_its_own_news_once() {
    let Some((one, other)) = two("own news").await else {
        return;
    };
    let (mut own, mut another) = (one.watch(payment(1)), other.watch(payment(1)));
    one.tell(payment(1));
    assert!(hears(&mut own).await && hears(&mut another).await);
    // What the other hears now went around after this process's own word did.
    one.tell(payment(2));
    let mut marker = one.watch(payment(3));
    other.tell(payment(3));
    assert!(hears(&mut marker).await);
    let again = tokio::time::timeout(Duration::from_millis(50), own.changed());
    assert!(again.await.is_err());
}

#[tokio::test]
async fn fleets_on_one_redis_do_not_hear_each_other() {
    let Some((one, _)) = two("one fleet").await else {
        return;
    };
    let Some((stranger, neighbor)) = two("another fleet").await else {
        return;
    };
    let mut watch = one.watch(payment(1));
    let mut near = neighbor.watch(payment(1));
    stranger.tell(payment(1));
    assert!(hears(&mut near).await);
    let quiet = tokio::time::timeout(Duration::from_millis(50), watch.changed());
    assert!(quiet.await.is_err());
}
