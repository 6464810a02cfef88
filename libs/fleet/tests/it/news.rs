//! Every telling is heard by whoever watched before it, and nothing is left behind: in process and over Redis.

use crate::stand;
use fleet::{News, Watch};
use payment::PaymentId;
use std::time::Duration;
use uuid::Uuid;

/// Long enough for a busy machine; only reached when a test fails.
const SOON: Duration = Duration::from_secs(5);

fn payment(number: u128) -> PaymentId {
    PaymentId::from_uuid(Uuid::from_u128(number))
}

async fn hears(watch: &mut Watch) -> bool {
    tokio::time::timeout(SOON, watch.changed()).await.is_ok()
}

async fn is_quiet(watch: &mut Watch) -> bool {
    let patience = Duration::from_millis(10);
    tokio::time::timeout(patience, watch.changed())
        .await
        .is_err()
}

#[tokio::test]
async fn what_is_told_between_watching_and_awaiting_is_heard() {
    for news in stand::news("what is told between watching and awaiting is heard").await {
        let mut watch = news.watch(payment(1));
        news.tell(payment(1));
        assert!(hears(&mut watch).await);
        assert!(is_quiet(&mut watch).await);
        // Also by a watch that had given up waiting in between.
        news.tell(payment(1));
        news.tell(payment(1));
        assert!(hears(&mut watch).await);
        assert!(is_quiet(&mut watch).await);
    }
}

#[tokio::test]
async fn what_was_told_before_or_about_another_payment_is_not_heard() {
    for news in stand::news("what was told before or about another payment is").await {
        let mut early = news.watch(payment(1));
        news.tell(payment(1));
        let mut late = news.watch(payment(1));
        let mut other = news.watch(payment(2));
        assert!(is_quiet(&mut late).await);
        assert!(is_quiet(&mut other).await);
        assert!(hears(&mut early).await);
        assert_eq!(other.payment(), payment(2));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_watcher_of_many_hears_each_of_many_tellings() {
    for news in stand::news("every watcher of many hears each of many tellings").await {
        let (heard, mut hearing) = tokio::sync::mpsc::channel(64);
        let mut watchers = Vec::new();
        for _ in 0..20 {
            let mut watch = news.watch(payment(1));
            let heard = heard.clone();
            watchers.push(tokio::spawn(async move {
                for _ in 0..100 {
                    watch.changed().await;
                    heard.send(()).await.unwrap();
                }
            }));
        }
        for _ in 0..100 {
            news.tell(payment(1));
            for _ in 0..20 {
                let one = tokio::time::timeout(SOON, hearing.recv()).await;
                assert_eq!(one.expect("a lost wake-up"), Some(()));
            }
        }
        for watcher in watchers {
            watcher.await.unwrap();
        }
        assert_eq!(news.payments_watched(), 0);
    }
}

#[tokio::test]
async fn the_entry_goes_with_the_last_watcher_and_not_before() {
    for news in stand::news("the entry goes with the last watcher and not").await {
        let first = news.watch(payment(1));
        let mut second = news.watch(payment(1));
        drop(first);
        assert_eq!(news.payments_watched(), 1);
        news.tell(payment(1));
        assert!(hears(&mut second).await);
        drop(second);
        assert_eq!(news.payments_watched(), 0);
        // Telling nobody makes no entry.
        news.tell(payment(1));
        assert_eq!(news.payments_watched(), 0);
    }
}

#[test]
fn watchers_that_come_and_go_on_many_threads_leave_nothing_behind() {
    let news = News::in_process();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for number in 0..5_000 {
                    let watch = news.watch(payment(number % 3));
                    news.tell(payment(number % 3));
                    drop(watch);
                }
            });
        }
    });
    assert_eq!(news.payments_watched(), 0);
}
