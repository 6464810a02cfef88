//! One at a time, first come first served, and nothing left behind: in process and over Redis.

use crate::stand;
use payment::OrderId;
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use uuid::Uuid;

/// Long enough for a busy machine; only reached when a test fails.
const SOON: Duration = Duration::from_secs(5);

fn order(number: u128) -> OrderId {
    OrderId::from_uuid(Uuid::from_u128(number))
}

async fn turns(count: usize) {
    for _ in 0..count {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_leased_to_one_worker_at_a_time() {
    for leases in stand::leases("an order is leased to one worker at a").await {
        let inside = Arc::new(AtomicUsize::new(0));
        let owners = Arc::new(Mutex::new(HashSet::new()));
        let mut workers = Vec::new();
        for worker in 0..40 {
            let (leases, inside) = (leases.clone(), Arc::clone(&inside));
            let owners = Arc::clone(&owners);
            workers.push(tokio::spawn(async move {
                for _ in 0..25 {
                    let lease = leases.lease(order(1), SOON).await;
                    assert!(lease.held());
                    assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                    turns(worker % 3).await;
                    inside.fetch_sub(1, Ordering::SeqCst);
                    assert!(owners.lock().unwrap().insert(lease.owner()));
                }
            }));
        }
        for worker in workers {
            worker.await.unwrap();
        }
        assert_eq!(owners.lock().unwrap().len(), 1_000);
        assert_eq!(leases.orders_busy(), 0);
    }
}

#[tokio::test]
async fn another_orders_lease_is_free() {
    for leases in stand::leases("another orders lease is free").await {
        let first = leases.lease(order(1), SOON).await;
        let second = leases.lease(order(2), Duration::ZERO).await;
        assert!(first.held() && second.held());
        assert_eq!((first.order(), second.order()), (order(1), order(2)));
        assert_eq!(leases.orders_busy(), 2);
    }
}

#[tokio::test]
async fn who_asks_first_is_served_first_even_if_the_last_holder_asks_again() {
    for leases in stand::leases("who asks first is served first even if the").await {
        let served = Arc::new(Mutex::new(Vec::new()));
        let holder = leases.lease(order(1), SOON).await;
        let mut waiting = Vec::new();
        for number in 0..10 {
            let (leases, served) = (leases.clone(), Arc::clone(&served));
            waiting.push(tokio::spawn(async move {
                let _lease = leases.lease(order(1), SOON).await;
                served.lock().unwrap().push(number);
                turns(3).await;
            }));
            turns(2).await;
        }
        drop(holder);
        assert!(leases.try_lease(order(1)).is_none());
        let again = leases.lease(order(1), SOON).await;
        assert_eq!(*served.lock().unwrap(), (0..10).collect::<Vec<_>>());
        drop(again);
        for task in waiting {
            task.await.unwrap();
        }
    }
}

#[tokio::test]
async fn case_x31_who_waited_its_ttl_goes_on_without_a_lease() {
    for leases in stand::leases("case x31 who waited its ttl goes on without").await {
        let stuck = leases.lease(order(1), SOON).await;
        let without = leases.lease(order(1), Duration::from_millis(5)).await;
        assert!(stuck.held() && !without.held());
        // Dropping one that was never held gives nothing back.
        drop(without);
        assert!(leases.try_lease(order(1)).is_none());
        drop(stuck);
        assert!(leases.lease(order(1), SOON).await.held());
        assert_eq!(leases.orders_busy(), 0);
    }
}

#[tokio::test]
async fn a_waiter_that_is_given_up_leaves_no_entry_and_blocks_nobody() {
    for leases in stand::leases("a waiter that is given up leaves no entry").await {
        let holder = leases.lease(order(1), SOON).await;
        let given_up = tokio::spawn({
            let leases = leases.clone();
            async move { leases.lease(order(1), SOON).await.held() }
        });
        turns(3).await;
        given_up.abort();
        assert!(given_up.await.unwrap_err().is_cancelled());
        drop(holder);
        assert_eq!(leases.orders_busy(), 0);
        assert!(leases.try_lease(order(1)).is_some());
    }
}

#[tokio::test]
async fn a_worker_that_panics_gives_its_lease_back() {
    for leases in stand::leases("a worker that panics gives its lease back").await {
        let worker = tokio::spawn({
            let leases = leases.clone();
            async move {
                let _lease = leases.lease(order(1), SOON).await;
                panic!("this worker's own trouble");
            }
        });
        assert!(worker.await.unwrap_err().is_panic());
        assert!(leases.lease(order(1), SOON).await.held());
        assert_eq!(leases.orders_busy(), 0);
    }
}
