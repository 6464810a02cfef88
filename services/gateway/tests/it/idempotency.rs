//! One key, one attempt.

use crate::house::{House, approved, ids, json_of, problem, sale, soon};
use reqwest::StatusCode;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_answers_with_the_payment_as_it_now_stands() {
    let house = House::open().await;
    let ids = house.paid("k-1", "o-1").await;
    let again = house.pay("\"k-1\"", &sale("o-1")).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::OK);
    let body = json_of(again).await;
    assert_eq!(body["id"], ids.payment.to_string());
    assert_eq!(body["outcome"], "paid");
    assert!(house.idle().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_x16_a_repeat_of_a_pending_key_produces_again() {
    let house = House::open().await;
    house.pay("k-1", &sale("o-1")).send().await.unwrap();
    house.pay("k-1", &sale("o-1")).send().await.unwrap();
    let first = house.work().await;
    assert_eq!(first.events.len(), 2);
    let second = house.work().await;
    assert!(
        second.events.is_empty(),
        "the second command changes nothing"
    );
    house.pay("k-1", &sale("o-1")).send().await.unwrap();
    assert!(
        house.idle().await,
        "once accepted, nothing more is produced"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn case_x17_ten_copies_at_once_are_one_attempt_with_ten_same_answers() {
    let house = House::open().await;
    let copies: Vec<_> = (0..10)
        .map(|_| {
            let request = house.pay("k-1", &sale("o-1")).header("Prefer", "wait=20");
            tokio::spawn(request.send())
        })
        .collect();
    house.work().await;
    let ids = ids("m-1", "k-1", "o-1");
    house.answered(ids, approved(1988)).await;
    let mut answers = Vec::new();
    for copy in copies {
        answers.push(json_of(soon(copy).await).await);
    }
    assert_eq!(answers[0]["outcome"], "paid");
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    let order = house.store.load(ids.order).await.unwrap();
    assert_eq!(order.attempts.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_x18_another_body_under_the_same_key_is_refused_and_the_first_is_untouched() {
    let house = House::open().await;
    house.pay("k-1", &sale("o-1")).send().await.unwrap();
    for (field, value) in [
        ("amount_minor", json!(1989)),
        ("order_id", json!("o-2")),
        ("terminal_id", json!("till-4")),
        ("payment_code", json!("281012020262467129")),
        ("currency", json!("JPY")),
        ("description", json!("Tea")),
    ] {
        let mut other = sale("o-1");
        other[field] = value;
        let response = house.pay("k-1", &other).send().await.unwrap();
        problem(response, 422, "idempotency_key_reused").await;
    }
    let taken = house.work().await;
    let attempt = taken.order.attempt(ids("m-1", "k-1", "o-1").payment);
    assert_eq!(attempt.unwrap().terms.amount.amount_minor(), 1988);
    assert!(house.idle().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_merchants_may_use_the_same_key() {
    let house = House::open().await;
    house.paid("k-1", "o-1").await;
    let theirs = house
        .bare("POST", "/v1/payments")
        .bearer_auth(house.token("m-2"))
        .header("Idempotency-Key", "k-1")
        .json(&sale("o-1"));
    let body = json_of(theirs.send().await.unwrap()).await;
    assert_eq!(body["outcome"], "pending");
    let id = ids("m-2", "k-1", "o-1").payment.to_string();
    assert_eq!(body["id"], id);
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_d1_rule_d2_each_attempt_has_its_own_request_id_with_time_terminal_amount_and_sequence()
 {
    let house = House::open().await;
    let mut seen = Vec::new();
    for number in 1..=3 {
        let (key, order) = (format!("k-{number}"), format!("o-{number}"));
        let response = house.pay(&key, &sale(&order)).send().await.unwrap();
        let body = json_of(response).await;
        let id = body["payment_request_id"].as_str().unwrap().to_owned();
        assert!(id.contains(&format!("till3a1988s{number}r")), "{id}");
        assert!(!id.contains(&order) && !seen.contains(&id));
        seen.push(id);
    }
}
