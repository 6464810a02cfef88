//! The merchant cancels, and the merchant confirms.

use crate::house::{House, approved, ids, json_of, path, problem, sale, soon};
use payment::Stage;
use reqwest::StatusCode;

#[tokio::test(flavor = "multi_thread")]
async fn rule_k5_a_cancel_is_told_not_paid_as_soon_as_it_is_taken_in() {
    let house = House::open().await;
    house.pay("k-1", &sale("o-1")).send().await.unwrap();
    house.work().await;
    let ids = ids("m-1", "k-1", "o-1");
    let cancel = house
        .post(&path(ids, "/cancel"))
        .header("Prefer", "wait=20");
    let cancel = tokio::spawn(cancel.send());
    house.work().await;
    let response = soon(cancel).await;
    assert_eq!(response.status(), StatusCode::OK);
    let body = json_of(response).await;
    assert_eq!(body["status"], "closing");
    assert_eq!(body["reason"], "merchant_cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_h2_the_door_that_cancels_does_not_release_an_approval() {
    let house = House::open().await;
    house.pay("k-1", &sale("o-1")).send().await.unwrap();
    house.work().await;
    let ids = ids("m-1", "k-1", "o-1");
    house.answered(ids, approved(1988)).await;
    let response = house.post(&path(ids, "/cancel")).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    assert_eq!(json_of(response).await["outcome"], "pending");
    house.work().await;
    let body = json_of(house.get(&path(ids, "")).send().await.unwrap()).await;
    assert_eq!(body["outcome"], "not_paid");
    assert!(body["paid_at"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn case_x26_a_paid_and_released_sale_can_be_cancelled_and_every_door_says_so() {
    let house = House::open().await;
    let ids = house.paid("k-1", "o-1").await;
    let response = house.post(&path(ids, "/cancel")).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    house.work().await;
    let body = json_of(house.get(&path(ids, "")).send().await.unwrap()).await;
    assert_eq!(body["status"], "closing");
    assert!(body["paid_at"].is_string());
    let history = house.get(&path(ids, "/events")).send().await.unwrap();
    let history = json_of(history).await;
    let kinds: Vec<&str> = history["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "accepted",
            "asked",
            "answered",
            "approved",
            "paid",
            "cancel_requested",
            "closing"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_that_can_not_be_written_down_is_to_be_asked_again() {
    let house = House::open().await;
    house.pay("k-1", &sale("o-1")).send().await.unwrap();
    house.log.set_outage(Some("the disk is full"));
    let here = path(ids("m-1", "k-1", "o-1"), "/cancel");
    let response = house.post(&here).send().await.unwrap();
    let body = problem(response, 503, "service_unavailable").await;
    assert!(!body.to_string().contains("disk"));
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_b2_a_cancel_that_overtakes_its_payment_is_kept_and_nothing_is_sent() {
    let house = House::open().await;
    house.pay("k-1", &sale("o-1")).send().await.unwrap();
    let ids = ids("m-1", "k-1", "o-1");
    let pay = house.command().await;
    house.post(&path(ids, "/cancel")).send().await.unwrap();
    house.work().await;
    let bus::Payload::Command(command) = &pay.payload else {
        panic!("poison");
    };
    let bus::CommandBody::Pay { terms, .. } = command.body.clone() else {
        panic!("not a pay");
    };
    let input = payment::Input::Pay(terms);
    house.take_in(ids.order, ids.payment, input).await;
    let body = json_of(house.get(&path(ids, "")).send().await.unwrap()).await;
    assert_eq!(body["status"], "cancelled");
    assert_eq!(body["reason"], "cancelled_first");
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_k6_a_merchant_confirms_a_paid_answer_once_and_again() {
    let house = House::open().await;
    let ids = house.paid("k-1", "o-1").await;
    let here = path(ids, "/acknowledgement");
    let confirmed = house.post(&here).send().await.unwrap();
    assert_eq!(confirmed.status(), StatusCode::OK);
    // It stands in history before the answer, and no command waits for a worker.
    assert!(house.idle().await);
    let order = house.store.load(ids.order).await.unwrap();
    let stage = &order.attempt(ids.payment).unwrap().stage;
    assert!(
        matches!(
            stage,
            Stage::Paid {
                acknowledged: true,
                ..
            }
        ),
        "{stage:?}"
    );
    let again = house.post(&here).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::OK);
    assert!(house.idle().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_told_paid_can_not_be_confirmed() {
    let house = House::open().await;
    house.pay("k-1", &sale("o-1")).send().await.unwrap();
    let here = path(ids("m-1", "k-1", "o-1"), "/acknowledgement");
    let early = house.post(&here).send().await.unwrap();
    problem(early, 409, "not_acknowledgeable").await;
    house.work().await;
    let pending = house.post(&here).send().await.unwrap();
    problem(pending, 409, "not_acknowledgeable").await;
    assert!(house.idle().await);
}
