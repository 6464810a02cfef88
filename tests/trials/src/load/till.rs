//! A till: scans, waits, asks again with the same key after a broken connection or a 503, and goes
//! to the next gateway when its own does not answer. An ordinary client of the merchants' API.

use super::sale::{Asked, Heard, NOT_TAKEN, Said, Sale};
use super::{AMOUNT_MINOR, retry_after, understood};
use crate::clock::Clock;
use anyhow::Context;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// The merchant's own time-out: its till gives up then.
pub const MERCHANT_TIMEOUT: Duration = Duration::from_secs(50);

/// How long one request waits for the outcome.
const WAIT_S: u64 = 20;

/// How long a till waits for any answer at all, beyond what it asked to wait.
const PATIENCE: Duration = Duration::from_secs(5);

/// Between two tries, where no door said how long to wait.
const PAUSE: Duration = Duration::from_millis(250);

/// All tills of a merchant.
#[derive(Clone)]
pub struct Tills {
    http: Client,
    gateways: Arc<[String]>,
    pub(super) token: Arc<str>,
    pub(super) clock: Clock,
}

/// One till.
#[derive(Clone)]
pub struct Till {
    pub(super) tills: Tills,
    /// The gateway it turns to, from 0.
    pub(super) gateway: usize,
}

impl Tills {
    /// Tills of the merchant with this token, spread over these gateways.
    ///
    /// # Errors
    /// If no HTTP client can be made.
    pub fn new(gateways: Vec<String>, token: &str) -> anyhow::Result<Self> {
        Self::counting(gateways, token, Clock::start())
    }

    /// The same, timed by a clock that counts already.
    ///
    /// # Errors
    /// If no HTTP client can be made.
    pub fn counting(gateways: Vec<String>, token: &str, clock: Clock) -> anyhow::Result<Self> {
        let http = Client::builder()
            .no_proxy()
            .tcp_nodelay(true)
            .connect_timeout(Duration::from_secs(2))
            .pool_max_idle_per_host(256)
            .build()
            .context("the tills' HTTP client can't be made")?;
        Ok(Self {
            http,
            gateways: gateways.into(),
            token: token.into(),
            clock,
        })
    }

    /// The clock that everything heard is timed by.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// The till with this number.
    pub fn till(&self, number: usize) -> Till {
        Till {
            tills: self.clone(),
            gateway: number % self.gateways.len().max(1),
        }
    }
}

impl Till {
    /// Carries the sale to its final answer, or until the merchant's own time-out.
    pub async fn carry(mut self, sale: &mut Sale) {
        sale.began_us = self.tills.clock.now_us();
        let mut cancel_after = sale.cancel_after;
        // Every other sale that is to be cancelled is cancelled before its outcome is known.
        let wait_s = match cancel_after {
            Some(_) if sale.number.is_multiple_of(2) => 0,
            // From its answer on it is known to within a moment by when the outcome is final.
            Some(_) | None if sale.types_after.is_some() => 0,
            Some(_) | None => WAIT_S,
        };
        let scan = json!({
            "order_id": sale.order, "terminal_id": format!("till-{}", sale.number % 100),
            "payment_code": sale.code(), "amount_minor": AMOUNT_MINOR, "currency": "CNY",
        });
        if let Some(up) = sale.hangs_up
            && !self.leave(sale, up, &scan).await
        {
            return;
        }
        while !self.is_late(sale) {
            let Some(id) = sale.id.clone() else {
                let scan = self.pay(sale, &scan);
                let step = self.ask(sale, Asked::Pay, scan, wait_s).await;
                if step == Step::Told && (cancel_after.is_none() || sale.id.is_none()) {
                    return;
                }
                if sale.gives_up && sale.was_turned_away() {
                    return;
                }
                continue;
            };
            if let Some(after) = cancel_after.take() {
                tokio::time::sleep(after).await;
                self.cancel(sale, &id).await;
            }
            let look = self.get(&format!("/v1/payments/{id}"));
            if self.ask(sale, Asked::Look, look, WAIT_S).await == Step::Told {
                return;
            }
        }
    }

    pub(super) fn pay(&self, sale: &Sale, scan: &Value) -> RequestBuilder {
        self.post("/v1/payments")
            .header("Idempotency-Key", &sale.reference)
            .json(scan)
    }

    /// Cancels until a gateway has taken it, or the merchant's time is up.
    async fn cancel(&mut self, sale: &mut Sale, id: &str) {
        while !self.is_late(sale) {
            let cancel = self.post(&format!("/v1/payments/{id}/cancel"));
            if self.ask(sale, Asked::Cancel, cancel, 5).await != Step::Again {
                return;
            }
        }
    }

    /// Asks once, notes what is heard, and turns to another gateway where this one fails.
    pub(super) async fn ask(
        &mut self,
        sale: &mut Sale,
        asked: Asked,
        request: RequestBuilder,
        wait_s: u64,
    ) -> Step {
        let asked_us = self.tills.clock.now_us();
        let Word { said, id, pause } = word(request, wait_s).await;
        let step = match &said {
            said if said.is_final() => Step::Told,
            Said::Payment { .. } => Step::Pending,
            Said::AskAgain(_) | Said::Refused(_) | Said::Broken(_) => Step::Again,
        };
        sale.id = sale.id.take().or(id);
        sale.heard.push(Heard {
            asked,
            gateway: self.gateway,
            asked_us,
            heard_us: self.tills.clock.now_us(),
            said,
        });
        if step == Step::Again {
            self.gateway = self.gateway.wrapping_add(1) % self.tills.gateways.len().max(1);
            tokio::time::sleep(pause).await;
        }
        step
    }

    fn is_late(&self, sale: &Sale) -> bool {
        let since_us = self.tills.clock.now_us().saturating_sub(sale.began_us);
        Duration::from_micros(since_us) > MERCHANT_TIMEOUT
    }

    /// What a `GET` of any gateway answers: the first that gives 200 or 404 wins.
    ///
    /// # Errors
    /// If none does.
    pub async fn read(&self, path: &str) -> anyhow::Result<(StatusCode, Value)> {
        let mut last = anyhow::anyhow!("there is no gateway");
        let mut till = self.clone();
        for _ in 0..self.tills.gateways.len() {
            match answer(till.get(path).timeout(PATIENCE)).await {
                Ok((status, body)) if status != StatusCode::SERVICE_UNAVAILABLE => {
                    return Ok((status, body));
                }
                Ok((status, body)) if is_not_taken(&body) => return Ok((status, body)),
                Ok((status, body)) => last = anyhow::anyhow!("{path}: {status} {body}"),
                Err(error) => last = error,
            }
            till.gateway = till.gateway.wrapping_add(1) % self.tills.gateways.len().max(1);
        }
        Err(last)
    }

    /// A `GET` to this till's gateway.
    pub fn get(&self, path: &str) -> RequestBuilder {
        self.tills
            .http
            .get(self.url(path))
            .bearer_auth(&self.tills.token)
    }

    /// A `POST` to this till's gateway.
    pub fn post(&self, path: &str) -> RequestBuilder {
        self.tills
            .http
            .post(self.url(path))
            .bearer_auth(&self.tills.token)
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address())
    }

    pub(super) fn address(&self) -> &str {
        let gateway = self.tills.gateways.get(self.gateway);
        gateway.map_or("", String::as_str)
    }
}

/// Where a sale is after an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// The outcome is known.
    Told,
    /// Taken; wait on.
    Pending,
    /// Nobody said anything that counts.
    Again,
}

/// What one request brought.
struct Word {
    said: Said,
    id: Option<String>,
    /// How long to wait before it is sent again.
    pause: Duration,
}

impl Word {
    fn of(said: Said) -> Self {
        Self {
            said,
            id: None,
            pause: PAUSE,
        }
    }
}

async fn word(request: RequestBuilder, wait_s: u64) -> Word {
    let request = match wait_s {
        0 => request,
        _ => request.header("Prefer", format!("wait={wait_s}")),
    };
    let patience = Duration::from_secs(wait_s).saturating_add(PATIENCE);
    match request.timeout(patience).send().await {
        Ok(response) => heard(response).await,
        Err(error) => Word::of(Said::Broken(format!("{error:#}"))),
    }
}

async fn heard(response: Response) -> Word {
    let retry_after = retry_after(response.headers());
    let status = response.status();
    let body = match response.bytes().await {
        Ok(body) => body,
        Err(error) => return Word::of(Said::Broken(format!("{error:#}"))),
    };
    let (said, id) = understood(status, &body);
    if retry_after.is_none() && status == StatusCode::SERVICE_UNAVAILABLE {
        return Word::of(Said::Broken("a 503 without Retry-After".to_owned()));
    }
    let pause = retry_after.unwrap_or(PAUSE);
    Word { said, id, pause }
}

async fn answer(request: RequestBuilder) -> anyhow::Result<(StatusCode, Value)> {
    read(request.send().await?).await
}

async fn read(response: Response) -> anyhow::Result<(StatusCode, Value)> {
    let status = response.status();
    let body = response.bytes().await?;
    let body = serde_json::from_slice(&body).context("the answer is not JSON")?;
    Ok((status, body))
}

/// The answer of a gateway that knows the key and had to turn it down.
pub(crate) fn is_not_taken(body: &Value) -> bool {
    body.get("code").and_then(Value::as_str) == Some(NOT_TAKEN)
}
