//! Tills that hang up: nothing is handed over to a connection that is known to be gone (K6b), and
//! what was begun for it is finished.

use crate::house::{House, Ids, approved, ids, path, sale};
use payment::{Fact, Stage};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A till by hand: it says `head`, and may hang up by FIN as `curl --max-time` does.
async fn till(house: &House, head: &str, body: &str) -> TcpStream {
    let addr = house.base.trim_start_matches("http://");
    let mut till = TcpStream::connect(addr).await.unwrap();
    let token = house.token("m-1");
    let request = format!(
        "{head} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {token}\r\n\
         Idempotency-Key: k-1\r\nContent-Type: application/json\r\nPrefer: wait=25\r\n\
         Accept: {}\r\nContent-Length: {}\r\n\r\n{body}",
        if head.ends_with("/events") {
            "text/event-stream"
        } else {
            "application/json"
        },
        body.len()
    );
    till.write_all(request.as_bytes()).await.unwrap();
    till
}

/// Hangs up by FIN and waits until the gateway has closed its side too.
async fn hang_up(mut till: TcpStream) {
    till.shutdown().await.unwrap();
    let mut rest = Vec::new();
    let closed = till.read_to_end(&mut rest);
    let closed = tokio::time::timeout(Duration::from_secs(10), closed).await;
    assert!(
        closed.is_ok(),
        "the gateway kept a connection that was hung up"
    );
}

async fn released(house: &House, ids: Ids) -> bool {
    let events = house
        .store
        .history(ids.order, ids.payment, 0)
        .await
        .unwrap();
    events
        .iter()
        .any(|recorded| recorded.event.fact == Fact::Released)
}

/// Approves the payment and sees that no door releases it, until a till asks that is there.
async fn approved_for_nobody(house: &House, ids: Ids) {
    house.answered(ids, approved(1988)).await;
    // A gateway that still waits would be woken by the news, and read every half second besides.
    let looked = house
        .get("/v1/payments?reference=k-1")
        .send()
        .await
        .unwrap();
    let looked = crate::house::json_of(looked).await;
    assert_eq!(looked["payments"][0]["outcome"], "pending");
    assert!(!released(house, ids).await);
    let order = house.store.load(ids.order).await.unwrap();
    let stage = &order.attempt(ids.payment).unwrap().stage;
    assert_eq!(*stage, Stage::Approved);
    let asked = house.get(&path(ids, "")).send().await.unwrap();
    let asked = crate::house::json_of(asked).await;
    assert_eq!(asked["outcome"], "paid");
    assert!(released(house, ids).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_k6b_a_till_that_hangs_up_while_it_waits_for_its_payment_is_handed_nothing() {
    let house = House::open().await;
    let body = sale("o-1").to_string();
    let till = till(&house, "POST /v1/payments", &body).await;
    house.work().await;
    hang_up(till).await;
    approved_for_nobody(&house, ids("m-1", "k-1", "o-1")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_k6b_a_till_that_hangs_up_while_it_asks_is_handed_nothing() {
    let house = House::open().await;
    let ids = ids("m-1", "k-1", "o-1");
    house.pay("k-1", &sale("o-1")).send().await.unwrap();
    house.work().await;
    let till = till(&house, &format!("GET {}", path(ids, "")), "").await;
    hang_up(till).await;
    approved_for_nobody(&house, ids).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_k6b_a_stream_whose_reader_hangs_up_hands_nothing_over() {
    let house = House::open().await;
    let ids = ids("m-1", "k-1", "o-1");
    house.pay("k-1", &sale("o-1")).send().await.unwrap();
    house.work().await;
    let mut till = till(&house, &format!("GET {}", path(ids, "/events")), "").await;
    // Its first events have come, so that it streams.
    let mut some = [0_u8; 256];
    assert!(till.read(&mut some).await.unwrap() > 0);
    hang_up(till).await;
    approved_for_nobody(&house, ids).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_till_hangs_up_at_once_is_taken_all_the_same() {
    let house = House::open().await;
    let body = sale("o-1").to_string();
    let till = till(&house, "POST /v1/payments", &body).await;
    drop(till);
    // Taken wholly, or not at all: then the same request takes it.
    let again = house.pay("k-1", &sale("o-1")).send().await.unwrap();
    assert_eq!(again.status().as_u16(), 202);
    house.work().await;
    let found = ids("m-1", "k-1", "o-1");
    let order = house.store.load(found.order).await.unwrap();
    assert_eq!(order.attempts.len(), 1);
}
