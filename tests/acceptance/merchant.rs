//! A merchant's program, and the eyes of an auditor at Alipay.

use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;

/// The merchant's own time-out: whatever happens, the outcome is known by then.
pub(crate) const MERCHANT_TIMEOUT: Duration = Duration::from_secs(50);

#[derive(Clone)]
pub(crate) struct Merchant {
    http: Client,
    gateway: String,
    token: String,
}

impl Merchant {
    pub(crate) fn new(gateway: &str, token: &str) -> Self {
        Self {
            http: Client::builder().no_proxy().build().unwrap(),
            gateway: gateway.to_owned(),
            token: token.to_owned(),
        }
    }

    /// A request of this merchant, token and all.
    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = method.parse().unwrap();
        let url = format!("{}{path}", self.gateway);
        self.http.request(method, url).bearer_auth(&self.token)
    }

    /// The same without a token.
    pub(crate) fn anonymous(&self, method: &str, path: &str) -> RequestBuilder {
        let method = method.parse().unwrap();
        self.http.request(method, format!("{}{path}", self.gateway))
    }

    /// Scans a code; the answer to this one request.
    pub(crate) fn scan(&self, reference: &str, code: &str) -> RequestBuilder {
        self.request("POST", "/v1/payments")
            .header("Idempotency-Key", reference)
            .json(&sale(&format!("order-{reference}"), code))
    }

    /// Scans and waits for the outcome, as a till does.
    pub(crate) async fn sell(&self, reference: &str, code: &str) -> Value {
        let scan = self.scan(reference, code).header("Prefer", "wait=25");
        let (_, mut payment) = answer(scan).await;
        while payment["outcome"] == "pending" {
            payment = self.wait(payment["id"].as_str().unwrap()).await;
        }
        payment
    }

    /// One long-poll.
    pub(crate) async fn wait(&self, id: &str) -> Value {
        let asked = self.request("GET", &format!("/v1/payments/{id}"));
        answer(asked.header("Prefer", "wait=20")).await.1
    }

    /// The payment as it stands.
    pub(crate) async fn look(&self, id: &str) -> Value {
        answer(self.request("GET", &format!("/v1/payments/{id}")))
            .await
            .1
    }

    /// Waits until nothing more will happen.
    pub(crate) async fn settled(&self, id: &str, within: Duration) -> Value {
        let deadline = tokio::time::Instant::now() + within;
        loop {
            let payment = self.look(id).await;
            let status = payment["status"].as_str().unwrap_or("unknown").to_owned();
            let ended = ["paid", "failed", "cancelled", "reversed"].contains(&status.as_str());
            if ended || tokio::time::Instant::now() > deadline {
                return payment;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    /// The payment of this reference, if the gateway knows one.
    pub(crate) async fn find(&self, reference: &str) -> Option<Value> {
        let path = format!("/v1/payments?reference={reference}");
        let (_, found) = answer(self.request("GET", &path)).await;
        found["payments"].as_array().unwrap().first().cloned()
    }
}

/// A sale's body.
pub(crate) fn sale(order: &str, code: &str) -> Value {
    json!({
        "order_id": order, "terminal_id": "till-1", "payment_code": code,
        "amount_minor": 1280, "currency": "CNY",
    })
}

/// Status and body.
pub(crate) async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.unwrap();
    let status = response.status();
    let body = response.text().await.unwrap();
    (
        status,
        serde_json::from_str(&body).unwrap_or(Value::String(body)),
    )
}

/// What Alipay holds of one order: its payments.
pub(crate) async fn ledger(simulator: &str, order: &str) -> Vec<Value> {
    let url = format!("{simulator}/simulator/ledger?order={order}");
    let (_, body) = answer(Client::new().get(url)).await;
    body["payments"].as_array().unwrap().clone()
}

/// What the customers of one order are out of pocket.
pub(crate) fn charged_minor(payments: &[Value]) -> i64 {
    let minor = |payment: &Value, name: &str| payment[name].as_i64().unwrap();
    payments
        .iter()
        .map(|payment| minor(payment, "charged_minor") - minor(payment, "returned_minor"))
        .sum()
}
