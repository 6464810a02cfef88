//! Leases between processes: each has its own line to Redis, and nothing else in common.

use crate::stand::{self, SOON};
use fleet::{Lease, Leases};
use payment::OrderId;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

fn order(number: u128) -> OrderId {
    OrderId::from_uuid(Uuid::from_u128(number))
}

/// Two processes of one fleet.
async fn two(test: &str) -> Option<(Leases, Leases)> {
    let options = stand::redis(test)?;
    let one = Leases::redis(&stand::link(&options).await);
    let other = Leases::redis(&stand::link(&options).await);
    Some((one, other))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_h3_an_order_is_leased_to_one_worker_of_all_processes_at_a_time() {
    let Some((one, other)) = two("mutual exclusion").await else {
        return;
    };
    let inside = Arc::new(AtomicUsize::new(0));
    let mut workers = Vec::new();
    for worker in 0..8 {
        let leases = if worker % 2 == 0 { &one } else { &other }.clone();
        let inside = Arc::clone(&inside);
        workers.push(tokio::spawn(async move {
            for _ in 0..25 {
                let lease = leases.lease(order(1), SOON).await;
                assert!(lease.held());
                assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                tokio::task::yield_now().await;
                inside.fetch_sub(1, Ordering::SeqCst);
            }
        }));
    }
    for worker in workers {
        worker.await.unwrap();
    }
    assert_eq!((one.orders_busy(), other.orders_busy()), (0, 0));
}

#[tokio::test]
async fn case_x31_a_lease_whose_owner_died_ends_with_its_ttl() {
    let Some((one, other)) = two("a dead owner").await else {
        return;
    };
    let ttl = Duration::from_millis(300);
    let lease = one.lease(order(1), ttl).await;
    assert!(lease.held());
    let began = Instant::now();
    // Its process died: nobody gives it back.
    std::mem::forget(lease);
    let short = other.lease(order(1), Duration::from_millis(100)).await;
    assert!(!short.held(), "it went on without");
    drop(short);
    assert!(other.lease(order(1), SOON).await.held());
    let stood = began.elapsed();
    assert!(
        stood >= Duration::from_millis(250) && stood < SOON,
        "{stood:?}"
    );
}

#[tokio::test]
async fn a_lease_that_is_given_back_late_takes_nobody_elses_away() {
    let Some((one, other)) = two("a late release").await else {
        return;
    };
    let late = one.lease(order(1), Duration::from_millis(50)).await;
    let now = other.lease(order(1), SOON).await;
    assert!(late.held() && now.held());
    drop(late);
    let third = one.lease(order(1), Duration::from_millis(200)).await;
    assert!(!third.held());
    drop((now, third));
    assert!(one.lease(order(1), SOON).await.held());
}

#[tokio::test]
async fn the_next_holder_learns_at_which_version_the_order_was_left() {
    let Some((one, other)) = two("versions").await else {
        return;
    };
    let mut first = one.lease(order(1), SOON).await;
    assert!(!first.is_past(0));
    first.leave_at(7);
    drop(first);
    for _ in 0..2 {
        // Also if one in between appended nothing.
        let next = other.lease(order(1), SOON).await;
        assert!(next.held() && next.is_past(6) && !next.is_past(7));
    }
    assert!(one.lease(order(1), SOON).await.is_past(6));
    assert!(!one.lease(order(2), SOON).await.is_past(0));
}

#[tokio::test]
async fn a_waiter_that_is_given_up_leaves_the_lease_to_others() {
    let Some((one, other)) = two("a waiter that gives up").await else {
        return;
    };
    let holder = one.lease(order(1), SOON).await;
    for patience_ms in [1, 7, 13] {
        let waiting = other.lease(order(1), SOON);
        let patience = Duration::from_millis(patience_ms);
        assert!(tokio::time::timeout(patience, waiting).await.is_err());
    }
    drop(holder);
    let began = Instant::now();
    assert!(one.lease(order(1), SOON).await.held());
    assert!(other.lease(order(1), SOON).await.held());
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "someone still had it"
    );
    assert_eq!(other.orders_busy(), 0);
}

#[tokio::test]
async fn a_lease_goes_from_worker_to_worker_within_a_process_and_back_to_the_others_after() {
    let Some((one, other)) = two("handing on").await else {
        return;
    };
    let first = one.lease(order(1), SOON).await;
    let second = tokio::spawn({
        let one = one.clone();
        async move { one.lease(order(1), SOON).await }
    });
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    drop(first);
    let second = second.await.unwrap();
    assert!(second.held());
    let outside = other.lease(order(1), Duration::from_millis(30)).await;
    assert!(!outside.held());
    drop((outside, second));
    assert!(other.lease(order(1), SOON).await.held());
    assert!(
        one.try_lease(order(1))
            .as_ref()
            .is_some_and(|lease| !Lease::held(lease))
    );
}
