//! The budget of inquiries: its rate, whose turn it is, and that nothing of it is lost.

use crate::stand;
use fleet::{Budget, BudgetOptions, Permit};
use payment::Timestamp;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

fn options(per_second: u32) -> BudgetOptions {
    let json = format!(r#"{{"inquiries_per_second":{per_second}}}"#);
    serde_json::from_str(&json).unwrap()
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(ms)
}

/// Takes what may be spent at once.
async fn drain(budget: &Budget, burst: usize) {
    for _ in 0..burst {
        budget.acquire(at(0)).await.spend();
    }
}

#[tokio::test(start_paused = true)]
async fn decision_17_the_budget_of_a_process_is_its_rate_and_a_tenth_of_a_second_at_once() {
    let budget = Budget::in_process(&options(100));
    let began = Instant::now();
    drain(&budget, 10).await;
    assert_eq!(began.elapsed(), Duration::ZERO);
    drain(&budget, 200).await;
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(2_000), "{took:?}");
    assert!(took < Duration::from_millis(2_250), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn the_nearest_deadline_is_served_first_whoever_came_first() {
    let budget = Budget::in_process(&options(10));
    drain(&budget, 1).await;
    let served = Arc::new(Mutex::new(Vec::new()));
    let mut waiting = Vec::new();
    for deadline in [50, 30, 10, 40, 20, 10] {
        let (budget, served) = (budget.clone(), Arc::clone(&served));
        waiting.push(tokio::spawn(async move {
            budget.acquire(at(deadline)).await.spend();
            served.lock().unwrap().push(deadline);
        }));
        tokio::task::yield_now().await;
    }
    assert_eq!(budget.waiting(), 6);
    for waiter in waiting {
        waiter.await.unwrap();
    }
    assert_eq!(*served.lock().unwrap(), [10, 10, 20, 30, 40, 50]);
    assert_eq!(budget.waiting(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_leaves_the_place_to_the_next() {
    let budget = Budget::in_process(&options(10));
    drain(&budget, 1).await;
    let began = Instant::now();
    let first = tokio::spawn({
        let budget = budget.clone();
        async move { budget.acquire(at(1)).await.spend() }
    });
    let second = tokio::spawn({
        let budget = budget.clone();
        async move { budget.acquire(at(2)).await.spend() }
    });
    while budget.waiting() < 2 {
        tokio::task::yield_now().await;
    }
    // A notification came.
    first.abort();
    second.await.unwrap();
    let took = began.elapsed();
    assert!(took <= Duration::from_millis(110), "{took:?}");
    assert_eq!(budget.waiting(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_permit_that_was_not_used_serves_another_at_once() {
    let budget = Budget::in_process(&options(10));
    let unused: Permit = budget.acquire(at(1)).await;
    let began = Instant::now();
    let waiter = tokio::spawn({
        let budget = budget.clone();
        async move { budget.acquire(at(1)).await.spend() }
    });
    while budget.waiting() < 1 {
        tokio::task::yield_now().await;
    }
    drop(unused);
    waiter.await.unwrap();
    assert!(began.elapsed() < Duration::from_millis(10));
}

/// Two processes that together want far more than there is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn decision_17_two_processes_together_keep_to_the_fleets_rate() {
    const PER_SECOND: u32 = 400;
    let Some(redis) = stand::redis("the fleet's rate") else {
        return;
    };
    let mut spenders = Vec::new();
    let began = Instant::now();
    let spent: Arc<Mutex<Vec<Duration>>> = Arc::default();
    for _ in 0..2 {
        let link = stand::link(&redis).await;
        let budget = Budget::redis(&link, "client", &options(PER_SECOND));
        for _ in 0..20 {
            let (budget, spent) = (budget.clone(), Arc::clone(&spent));
            spenders.push(tokio::spawn(async move {
                while began.elapsed() < Duration::from_secs(3) {
                    budget.acquire(at(1)).await.spend();
                    spent.lock().unwrap().push(began.elapsed());
                }
            }));
        }
    }
    for spender in spenders {
        spender.await.unwrap();
    }
    // The burst is over after half a second.
    let (from, to) = (Duration::from_millis(500), Duration::from_millis(3_000));
    let spent = spent.lock().unwrap();
    let steady = spent.iter().filter(|at| (from..to).contains(at)).count();
    eprintln!("two processes on {PER_SECOND}/s: {steady} in 2.5 s, 1000 expected");
    assert!((930..=1_070).contains(&steady), "{steady}");
}

#[tokio::test]
async fn over_redis_too_what_nobody_spends_does_not_pile_up() {
    let Some(redis) = stand::redis("an idle budget") else {
        return;
    };
    let budget = Budget::redis(&stand::link(&redis).await, "client", &options(50));
    drain(&budget, 5).await;
    // Redis's clock can't be paused: enough for fifteen more, of which five are kept.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let began = Instant::now();
    drain(&budget, 10).await;
    assert!(began.elapsed() >= Duration::from_millis(75));
}

#[tokio::test]
async fn over_redis_too_the_nearest_deadline_is_first_and_nothing_is_lost() {
    let Some(redis) = stand::redis("whose turn it is") else {
        return;
    };
    let link = stand::link(&redis).await;
    let budget = Budget::redis(&link, "client", &options(20));
    drain(&budget, 2).await;
    let served = Arc::new(Mutex::new(Vec::new()));
    let mut waiting = Vec::new();
    for deadline in [30, 10, 15, 20] {
        let (budget, served) = (budget.clone(), Arc::clone(&served));
        waiting.push(tokio::spawn(async move {
            budget.acquire(at(deadline)).await.spend();
            served.lock().unwrap().push(deadline);
        }));
    }
    while budget.waiting() < 4 {
        tokio::task::yield_now().await;
    }
    waiting.swap_remove(2).abort();
    for waiter in waiting {
        waiter.await.unwrap();
    }
    assert_eq!(*served.lock().unwrap(), [10, 20, 30]);
    assert_eq!(budget.waiting(), 0);
    drop(budget.acquire(at(1)).await);
    let began = Instant::now();
    budget.acquire(at(1)).await.spend();
    assert!(began.elapsed() < Duration::from_millis(40));
}
