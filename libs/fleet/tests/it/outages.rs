//! Redis slow, flushed or gone, and back: everything goes on, only slower, and says so.

use crate::stand::{self, SOON, Server};
use fleet::{Budget, BudgetOptions, Leases, Link, News, RedisOptions, Standing};
use payment::{OrderId, PaymentId, Timestamp};
use secrecy::SecretString;
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

fn order(number: u128) -> OrderId {
    OrderId::from_uuid(Uuid::from_u128(number))
}

fn payment(number: u128) -> PaymentId {
    PaymentId::from_uuid(Uuid::from_u128(number))
}

#[tokio::test]
async fn case_x31_a_flushed_redis_breaks_nothing_and_both_processes_go_on() {
    let Some(server) = Server::start("flushed").await else {
        return;
    };
    let options = server.options();
    let one = Leases::redis(&stand::link(&options).await);
    let other = Leases::redis(&stand::link(&options).await);
    let held = one.lease(order(1), SOON).await;
    assert!(held.held());
    server.command(&["FLUSHALL"]).await;
    server.command(&["SCRIPT", "FLUSH"]).await;
    // Two hold it now: the order's version decides.
    let second = other.lease(order(1), SOON).await;
    assert!(second.held());
    drop(held);
    let third = one.lease(order(1), Duration::from_millis(100)).await;
    assert!(
        !third.held(),
        "the first one's end took the second's lease away"
    );
    drop((second, third));
    assert!(one.lease(order(1), SOON).await.held());
    assert!(other.lease(order(1), SOON).await.held());
}

#[tokio::test]
async fn case_x31_a_redis_that_stands_still_costs_one_time_out_and_then_nothing() {
    let Some(server) = Server::start("standing still").await else {
        return;
    };
    let link = stand::link(&server.options()).await;
    let (leases, news) = (Leases::redis(&link), News::redis(&link));
    assert!(leases.lease(order(1), SOON).await.held());
    server.pause().await;
    let began = Instant::now();
    let lease = leases.lease(order(2), SOON).await;
    let first = began.elapsed();
    assert!(!lease.held());
    // The time-out is 100 ms; the rest is a busy machine's.
    assert!(first < Duration::from_millis(400), "{first:?}");
    assert_eq!(*link.standing().borrow(), Standing::Away);
    let began = Instant::now();
    for number in 10..1_010 {
        let lease = leases.lease(order(number), SOON).await;
        assert!(!lease.held());
        news.tell(payment(number));
    }
    let rest = began.elapsed();
    assert!(rest < Duration::from_millis(400), "{rest:?}");
    eprintln!("Redis stands still: the first lease {first:?}, a thousand after it {rest:?}");
    server.resume().await;
    stand::until(&link, Standing::Up).await;
    assert!(leases.lease(order(3), SOON).await.held());
}

#[tokio::test]
async fn a_lease_is_handed_on_within_a_process_without_asking_redis() {
    let Some(server) = Server::start("handing on").await else {
        return;
    };
    let leases = Leases::redis(&stand::link(&server.options()).await);
    let first = leases.lease(order(1), SOON).await;
    let second = leases.lease(order(1), SOON);
    tokio::pin!(second);
    let early = tokio::time::timeout(Duration::from_millis(20), &mut second);
    assert!(early.await.is_err());
    // From here on Redis answers nobody.
    server.pause().await;
    drop(first);
    assert!(second.await.held());
}

#[tokio::test]
async fn workers_of_one_process_wait_for_each_other_while_redis_is_away() {
    let Some(mut server) = Server::start("in process meanwhile").await else {
        return;
    };
    let link = stand::link(&server.options()).await;
    let leases = Leases::redis(&link);
    server.kill().await;
    let first = leases.lease(order(1), SOON).await;
    assert!(!first.held());
    let second = leases.lease(order(1), SOON);
    tokio::pin!(second);
    let early = tokio::time::timeout(Duration::from_millis(20), &mut second);
    assert!(early.await.is_err());
    drop(first);
    let second = tokio::time::timeout(SOON, second).await.unwrap();
    assert_eq!(second.order(), order(1));
}

#[tokio::test]
async fn a_redis_that_was_killed_and_comes_back_is_used_again_by_itself() {
    let Some(mut server) = Server::start("killed").await else {
        return;
    };
    let options = server.options();
    let (near, far) = (stand::link(&options).await, stand::link(&options).await);
    let (one, other) = (stand::hearing(&near).await, stand::hearing(&far).await);
    let leases = Leases::redis(&near);
    let before = leases.lease(order(1), SOON).await;
    let mut waiting: Vec<_> = (0..50).map(|number| other.watch(payment(number))).collect();
    server.kill().await;
    stand::until(&near, Standing::Away).await;
    stand::until(&far, Standing::Away).await;
    // Told while nobody can hear it.
    one.tell(payment(7));
    assert!(!leases.lease(order(2), SOON).await.held());
    drop(before);
    server.start_again();
    stand::until(&near, Standing::Up).await;
    stand::until(&far, Standing::Up).await;
    assert!(leases.lease(order(1), SOON).await.held());
    // News may have been missed: everyone looks once.
    for watch in &mut waiting {
        tokio::time::timeout(SOON, watch.changed()).await.unwrap();
    }
    let mut later = other.watch(payment(99));
    one.tell(payment(99));
    tokio::time::timeout(SOON, later.changed()).await.unwrap();
}

#[tokio::test]
async fn without_redis_a_worker_has_its_fixed_share_of_the_budget() {
    let Some(mut server) = Server::start("the share").await else {
        return;
    };
    let link = stand::link(&server.options()).await;
    let budget_options: BudgetOptions =
        serde_json::from_str(r#"{"inquiries_per_second":400,"workers":4}"#).unwrap();
    let budget = Budget::redis(&link, "client", &budget_options);
    server.kill().await;
    stand::until(&link, Standing::Away).await;
    let began = Instant::now();
    for _ in 0..60 {
        budget.acquire(Timestamp::from_ms(0)).await.spend();
    }
    // 100 a second, ten of them at once: half a second.
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(490), "{took:?}");
    assert!(took < Duration::from_millis(900), "{took:?}");
}

#[tokio::test]
async fn an_address_where_nothing_is_costs_nothing_and_breaks_nothing() {
    for scheme in ["redis", "rediss"] {
        let url = format!("{scheme}://fleet:hush@127.0.0.1:{}", stand::free_port());
        let link = Link::open(&RedisOptions::at(SecretString::from(url))).unwrap();
        let leases = Leases::redis(&link);
        let began = Instant::now();
        assert!(!leases.lease(order(1), SOON).await.held());
        assert!(began.elapsed() < Duration::from_millis(100));
        assert_eq!(*link.standing().borrow(), Standing::Away);
        assert!(!format!("{link:?}").contains("hush"));
    }
}

#[tokio::test]
async fn over_tls_too_who_does_not_answer_is_tried_again() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("rediss://{}", nobody.local_addr().unwrap());
    let link = Link::open(&RedisOptions::at(SecretString::from(url))).unwrap();
    for _ in 0..2 {
        let tried = tokio::time::timeout(SOON, nobody.accept()).await;
        drop(tried.unwrap().unwrap());
    }
    assert_eq!(*link.standing().borrow(), Standing::Away);
}
