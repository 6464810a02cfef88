//! What a merchant's developer gets wrong on the first afternoon: each gets a stable code and a
//! sentence that says what to do.

use crate::merchant::{answer, ledger, sale};
use crate::process::Standalone;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

/// The problem's status and code; it must say what to do, and where to read on.
async fn problem(request: RequestBuilder) -> (u16, String) {
    let (status, body) = answer(request).await;
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    assert!(text("detail").len() > 20, "{body}");
    assert!(text("type").contains(&text("code")), "{body}");
    assert!(!text("request_id").is_empty(), "{body}");
    (status.as_u16(), text("code"))
}

fn with(name: &str, value: Value) -> Value {
    let mut body = sale("order-x", "280000000000000009");
    body[name] = value;
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mistake_of_a_first_afternoon_is_answered_with_its_own_code_and_charges_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let standalone = Standalone::start(&dir.path().join("data")).await;
    let merchant = &standalone.merchant;
    let pay = || merchant.request("POST", "/v1/payments");
    let keyed = |key: &str| pay().header("Idempotency-Key", key);
    let good = sale("order-x", "280000000000000009");
    let none = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.";

    let anonymous = merchant.anonymous("POST", "/v1/payments").json(&good);
    assert_eq!(problem(anonymous).await, (401, "missing_token".into()));
    let unsigned = merchant
        .anonymous("POST", "/v1/payments")
        .bearer_auth(none)
        .json(&good);
    assert_eq!(problem(unsigned).await, (401, "wrong_algorithm".into()));
    assert_eq!(
        problem(pay().json(&good)).await,
        (400, "missing_idempotency_key".into())
    );
    for (key, body, expected) in [
        (
            "k-1",
            with("payment_code", json!("2800000000000009")),
            "invalid_payment_code",
        ),
        (
            "k-2",
            with("amount_minor", json!(12.8)),
            "amount_not_integer",
        ),
        ("k-3", with("currency", json!("XXQ")), "unknown_currency"),
        ("k-4", with("amount_minor", json!(0)), "invalid_amount"),
        ("k-5", with("tip", json!(1)), "unknown_field"),
    ] {
        let (status, code) = problem(keyed(key).json(&body)).await;
        assert_eq!((status, code.as_str()), (400, expected));
    }
    let large = keyed("k-6").header("Content-Type", "application/json");
    let large = large.body("x".repeat(10 * 1024 * 1024));
    // The server may close before ten megabytes are sent.
    if let Ok(response) = large.send().await {
        assert_eq!(response.status().as_u16(), 413);
    }
    let another = "/v1/payments/00000000-0000-5000-8000-000000000000";
    let unknown = problem(merchant.request("GET", another)).await;
    assert_eq!(unknown, (404, "payment_not_found".into()));

    assert!(ledger(&standalone.simulator, "order-x").await.is_empty());
    assert_eq!(standalone.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn case_x18_the_same_key_with_another_body_is_refused_and_the_first_attempt_untouched() {
    let dir = tempfile::tempdir().unwrap();
    let standalone = Standalone::start(&dir.path().join("data")).await;
    let paid = standalone.merchant.sell("once", "280000000000000001").await;
    assert_eq!(paid["outcome"], "paid");
    let other = sale("another-order", "280000000000000001");
    let again = standalone
        .merchant
        .request("POST", "/v1/payments")
        .header("Idempotency-Key", "once")
        .json(&other);
    assert_eq!(problem(again).await, (422, "idempotency_key_reused".into()));
    let repeat = standalone.merchant.sell("once", "280000000000000001").await;
    assert_eq!(repeat["id"], paid["id"]);
    assert_eq!(ledger(&standalone.simulator, "order-once").await.len(), 1);
    assert_eq!(standalone.stop().await, Some(0));
}
