//! Waiting at a door, and what time alone changes.

use crate::house::{House, approved, ids, json_of, path, sale, soon};
use payment::{Call, Input};
use reqwest::StatusCode;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_that_is_over_answers_202_with_what_is_known() {
    let house = House::open().await;
    let request = house.pay("k-1", &sale("o-1")).header("Prefer", "wait=1");
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    assert_eq!(response.headers()["preference-applied"], "wait=1");
    assert_eq!(json_of(response).await["outcome"], "pending");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_get_waits_for_the_outcome_and_a_known_tag_waits_for_any_change() {
    let house = House::open().await;
    house.pay("k-1", &sale("o-1")).send().await.unwrap();
    let ids = ids("m-1", "k-1", "o-1");
    let here = path(ids, "");
    let first = house.get(&here).send().await.unwrap();
    let tag = first.headers()["etag"].to_str().unwrap().to_owned();
    let same = house.get(&here).header("If-None-Match", &tag);
    let same = same.send().await.unwrap();
    assert_eq!(same.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(same.headers()["etag"], tag.as_str());
    let change = house.get(&here).header("If-None-Match", &tag);
    let change = tokio::spawn(change.header("Prefer", "wait=20").send());
    let outcome = tokio::spawn(house.get(&here).header("Prefer", "wait=20").send());
    house.work().await;
    let change = soon(change).await;
    assert_eq!(change.status(), StatusCode::OK);
    assert_ne!(change.headers()["etag"], tag.as_str());
    assert_eq!(json_of(change).await["status"], "processing");
    house.answered(ids, approved(1988)).await;
    let outcome = json_of(soon(outcome).await).await;
    assert_eq!(outcome["outcome"], "paid");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_appended_without_any_news_is_found_by_reading_again() {
    let house = House::open().await;
    house.pay("k-1", &sale("o-1")).send().await.unwrap();
    house.work().await;
    let ids = ids("m-1", "k-1", "o-1");
    let waiting = house.get(&path(ids, "")).header("Prefer", "wait=20");
    let waiting = tokio::spawn(waiting.send());
    tokio::time::sleep(Duration::from_millis(20)).await;
    let input = Input::Cancel {
        payment: ids.payment,
    };
    let untold = store::execute(&house.store, ids.order, input, house.now(), 0);
    untold.await.unwrap();
    let body = json_of(soon(waiting).await).await;
    assert_eq!(body["outcome"], "not_paid");
    assert_eq!(body["reason"], "merchant_cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_x23_an_approval_nobody_asked_for_in_time_is_told_not_paid_at_every_door() {
    let house = House::open().await;
    house.pay("k-1", &sale("o-1")).send().await.unwrap();
    house.work().await;
    let ids = ids("m-1", "k-1", "o-1");
    house.answered(ids, approved(1988)).await;
    house.clock.advance(Duration::from_millis(43_001));
    let got = json_of(house.get(&path(ids, "")).send().await.unwrap()).await;
    assert_eq!(
        (&got["status"], &got["outcome"]),
        (&"closing".into(), &"not_paid".into())
    );
    assert!(got["paid_at"].is_null());
    let repeated = house.pay("k-1", &sale("o-1")).send().await.unwrap();
    assert_eq!(repeated.status(), StatusCode::OK);
    assert_eq!(json_of(repeated).await, got);
    let found = house.get("/v1/payments?order_id=o-1").send().await.unwrap();
    assert_eq!(json_of(found).await["payments"][0], got);
    let history = house.get(&path(ids, "/events")).send().await.unwrap();
    assert_eq!(json_of(history).await["payment"], got);
    let order = house.store.load(ids.order).await.unwrap();
    assert!(order.attempt(ids.payment).unwrap().released_at.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn case_x24_once_the_reversal_of_an_approval_has_begun_no_door_says_paid() {
    let house = House::open().await;
    house.pay("k-1", &sale("o-1")).send().await.unwrap();
    house.work().await;
    let ids = ids("m-1", "k-1", "o-1");
    house.answered(ids, approved(1988)).await;
    let cancel = Input::Cancel {
        payment: ids.payment,
    };
    house.take_in(ids.order, ids.payment, cancel).await;
    let got = json_of(house.get(&path(ids, "")).send().await.unwrap()).await;
    assert_eq!(got["outcome"], "not_paid");
    assert!(got["paid_at"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn case_x24_whatever_wins_is_what_every_waiting_door_tells() {
    let house = House::open().await;
    house.pay("k-1", &sale("o-1")).send().await.unwrap();
    house.work().await;
    let ids = ids("m-1", "k-1", "o-1");
    let doors: Vec<_> = (0..8)
        .map(|_| house.get(&path(ids, "")).header("Prefer", "wait=20"))
        .map(|door| tokio::spawn(door.send()))
        .collect();
    house.answered(ids, approved(1988)).await;
    let begin = Input::Begin {
        payment: ids.payment,
        call: Call::Cancel,
    };
    let late = house.now().plus_ms(43_001);
    let reversal = store::execute(&house.store, ids.order, begin, late, 0).await;
    for door in doors {
        let body = json_of(soon(door).await).await;
        let expected = if reversal.is_ok() { "not_paid" } else { "paid" };
        assert_eq!(body["outcome"], expected);
    }
    let order = house.store.load(ids.order).await.unwrap();
    let attempt = order.attempt(ids.payment).unwrap();
    assert_eq!(attempt.released_at.is_none(), reversal.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn case_x25_with_no_worker_at_all_a_request_is_told_not_paid_from_its_last_instant_on() {
    let house = House::open().await;
    house.pay("k-1", &sale("o-1")).send().await.unwrap();
    let here = path(ids("m-1", "k-1", "o-1"), "");
    house.clock.advance(Duration::from_millis(43_000));
    let before = json_of(house.get(&here).send().await.unwrap()).await;
    assert_eq!(before["outcome"], "pending");
    let waiting = tokio::spawn(house.get(&here).header("Prefer", "wait=20").send());
    tokio::time::sleep(Duration::from_millis(20)).await;
    house.clock.advance(Duration::from_millis(1));
    let after = json_of(soon(waiting).await).await;
    assert_eq!(after["outcome"], "not_paid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_gateway_answers_those_who_wait() {
    let mut house = House::open().await;
    let request = house.pay("k-1", &sale("o-1")).header("Prefer", "wait=60");
    let waiting = tokio::spawn(request.send());
    house.work().await;
    house.stop();
    let response = tokio::time::timeout(Duration::from_secs(30), waiting).await;
    let body = json_of(response.unwrap().unwrap().unwrap()).await;
    assert_eq!(body["outcome"], "pending");
}
