//! A till of the counter: an ordinary API client that knows nothing of how Tidegate works inside.

use anyhow::Context;
use reqwest::{Client, StatusCode};
use serde::Deserialize;
use std::time::Duration;

/// How long one request waits for the final answer; the till asks again until its own time is up.
const WAIT_S: u64 = 20;

/// The merchant's own time-out.
pub(crate) const MERCHANT_TIMEOUT: Duration = Duration::from_secs(50);

/// A till with its token.
#[derive(Clone)]
pub(crate) struct Till {
    http: Client,
    base: String,
    token: String,
}

/// What the till was told.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Payment {
    pub(crate) id: String,
    pub(crate) status: String,
    pub(crate) outcome: String,
    pub(crate) payment_request_id: String,
}

/// What a request brought.
pub(crate) enum Reply {
    /// A payment as it stands.
    Payment(Payment),
    /// A problem's code.
    Refused(String),
}

/// A sale to be made.
pub(crate) struct Scan<'a> {
    pub(crate) key: &'a str,
    pub(crate) order: &'a str,
    pub(crate) terminal: &'a str,
    pub(crate) code: &'a str,
    pub(crate) amount_minor: i64,
}

#[derive(Deserialize)]
struct Problem {
    code: String,
}

impl Till {
    pub(crate) fn new(base: String, token: String) -> anyhow::Result<Self> {
        let http = Client::builder()
            .tcp_nodelay(true)
            .no_proxy()
            .timeout(Duration::from_secs(WAIT_S.saturating_add(10)))
            .build()
            .context("the till's HTTP client can't be made")?;
        Ok(Self { http, base, token })
    }

    /// Scans a code, and waits for the answer as long as one request may.
    pub(crate) async fn scan(&self, scan: &Scan<'_>) -> anyhow::Result<Reply> {
        let body = serde_json::json!({
            "order_id": scan.order,
            "terminal_id": scan.terminal,
            "payment_code": scan.code,
            "amount_minor": scan.amount_minor,
            "currency": "CNY",
            "description": "Lunch",
        });
        let request = self
            .http
            .post(format!("{}/v1/payments", self.base))
            .header("Idempotency-Key", scan.key)
            .json(&body);
        self.send(request).await
    }

    /// Asks again until the outcome is final or the till's time is up.
    pub(crate) async fn follow(&self, first: Reply) -> anyhow::Result<Reply> {
        let began = tokio::time::Instant::now();
        let mut reply = first;
        loop {
            let pending = match &reply {
                Reply::Payment(payment) if payment.outcome == "pending" => payment.id.clone(),
                Reply::Payment(_) | Reply::Refused(_) => return Ok(reply),
            };
            if began.elapsed() > MERCHANT_TIMEOUT {
                return Ok(reply);
            }
            let url = format!("{}/v1/payments/{pending}", self.base);
            reply = self.send(self.http.get(url)).await?;
        }
    }

    /// The payment as it stands now.
    pub(crate) async fn look(&self, id: &str) -> anyhow::Result<Reply> {
        let url = format!("{}/v1/payments/{id}", self.base);
        self.answer(self.http.get(url).bearer_auth(&self.token))
            .await
    }

    /// Cancels a sale by its id.
    pub(crate) async fn cancel(&self, id: &str) -> anyhow::Result<Reply> {
        let url = format!("{}/v1/payments/{id}/cancel", self.base);
        self.send(self.http.post(url)).await
    }

    /// The payment's id of an attempt, by the till's own reference.
    pub(crate) async fn find(&self, reference: &str) -> anyhow::Result<Option<String>> {
        #[derive(Deserialize)]
        struct Found {
            payments: Vec<Payment>,
        }
        let url = format!("{}/v1/payments?reference={reference}", self.base);
        let response = self.http.get(url).bearer_auth(&self.token).send().await?;
        let found: Found = response.json().await.context("the list can't be read")?;
        Ok(found.payments.into_iter().next().map(|payment| payment.id))
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> anyhow::Result<Reply> {
        let request = request
            .bearer_auth(&self.token)
            .header("Prefer", format!("wait={WAIT_S}"));
        self.answer(request).await
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> anyhow::Result<Reply> {
        let response = request
            .send()
            .await
            .context("the gateway does not answer")?;
        let status = response.status();
        let body = response.bytes().await.context("the answer broke off")?;
        if status == StatusCode::OK || status == StatusCode::ACCEPTED {
            let payment = serde_json::from_slice(&body).context("the answer can't be read")?;
            return Ok(Reply::Payment(payment));
        }
        let problem: Problem = serde_json::from_slice(&body)
            .with_context(|| format!("the gateway answered {status} without a problem body"))?;
        Ok(Reply::Refused(problem.code))
    }
}
