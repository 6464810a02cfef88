//! Finding a payment by the merchant's own words, or by a receipt's.

use crate::house::{House, approved, ids, json_of, path, problem, sale};
use reqwest::StatusCode;

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_found_by_each_of_its_words_and_by_its_own_merchant_only() {
    let house = House::open().await;
    let ids = house.paid("k-1", "o-1").await;
    let view = house.get(&format!("/v1/payments/{}", ids.payment));
    let view = json_of(view.send().await.unwrap()).await;
    for (name, word) in [
        ("order_id", "o-1"),
        ("reference", "k-1"),
        ("terminal_id", "till-3"),
        (
            "payment_request_id",
            view["payment_request_id"].as_str().unwrap(),
        ),
        (
            "alipay_payment_id",
            view["alipay_payment_id"].as_str().unwrap(),
        ),
    ] {
        let query = format!("/v1/payments?{name}={word}");
        let found = json_of(house.get(&query).send().await.unwrap()).await;
        assert_eq!(found["payments"][0], view, "{name}");
        let theirs = house.bare("GET", &query).bearer_auth(house.token("m-2"));
        let theirs = json_of(theirs.send().await.unwrap()).await;
        assert_eq!(theirs["payments"].as_array().unwrap().len(), 0, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebooted_till_finds_its_last_payment_first_and_is_told_paid_properly() {
    let house = House::open().await;
    house.paid("k-1", "o-1").await;
    house.clock.advance(std::time::Duration::from_secs(1));
    house.pay("k-2", &sale("o-2")).send().await.unwrap();
    house.work().await;
    let ids = ids("m-1", "k-2", "o-2");
    house.answered(ids, crate::house::approved(1988)).await;
    let found = house
        .get("/v1/payments?terminal_id=till-3")
        .send()
        .await
        .unwrap();
    let found = json_of(found).await;
    assert_eq!(found["payments"][0]["order_id"], "o-2");
    // A search only looks: nobody is there yet to hand the answer to (K6b).
    assert_eq!(found["payments"][0]["outcome"], "pending");
    assert_eq!(found["payments"][1]["order_id"], "o-1");
    let order = house.store.load(ids.order).await.unwrap();
    assert!(order.attempt(ids.payment).unwrap().released_at.is_none());
    let asked = json_of(house.get(&path(ids, "")).send().await.unwrap()).await;
    assert_eq!(asked["outcome"], "paid");
    let order = house.store.load(ids.order).await.unwrap();
    assert!(order.attempt(ids.payment).unwrap().released_at.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_without_an_event_yet_is_found_by_its_reference() {
    let house = House::open().await;
    house.pay("k-1", &sale("o-1")).send().await.unwrap();
    let found = house
        .get("/v1/payments?reference=k-1")
        .send()
        .await
        .unwrap();
    assert_eq!(found.status(), StatusCode::OK);
    let found = json_of(found).await;
    assert_eq!(found["payments"][0]["status"], "accepted");
    let other = house
        .get("/v1/payments?reference=k-2")
        .send()
        .await
        .unwrap();
    assert_eq!(
        json_of(other).await["payments"].as_array().unwrap().len(),
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn exactly_one_word_is_searched_by() {
    let house = House::open().await;
    for query in [
        "",
        "?",
        "?order_id=o-1&reference=k-1",
        "?amount=5",
        "?order_id=",
        "?order_id=a%20b",
    ] {
        let response = house.get(&format!("/v1/payments{query}"));
        problem(response.send().await.unwrap(), 400, "invalid_query").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_x32_a_projector_that_never_ran_changes_nothing_at_any_door() {
    let house = House::open().await;
    house.pay("k-1", &sale("o-1")).send().await.unwrap();
    house.work().await;
    let ids = ids("m-1", "k-1", "o-1");
    house.answered(ids, approved(1988)).await;
    let one = json_of(house.get(&path(ids, "")).send().await.unwrap()).await;
    assert_eq!(one["outcome"], "paid");
    for query in ["order_id=o-1", "reference=k-1", "terminal_id=till-3"] {
        let found = house.get(&format!("/v1/payments?{query}")).send().await;
        let found = json_of(found.unwrap()).await;
        assert_eq!(found["payments"][0], one, "{query}");
    }
    let behind = house.store.projection().cursor().await.unwrap();
    assert_eq!(behind, 0, "nothing was projected");
    assert!(house.store.last_position().await.unwrap() > 0);
}
