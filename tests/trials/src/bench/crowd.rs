//! Customers in an open loop: each sale begins at the instant that the rate says, whether or not
//! the system keeps up, and is timed from that instant. So a stall counts against every sale that
//! should have begun in it, not only against the one that was under way (no coordinated omission).

use super::connection::Connections;
use super::window::Burst;
use crate::clock::Clock;
use crate::load::{AMOUNT_MINOR, Asked, Heard, MERCHANT_TIMEOUT, Said, Sale, understood};
use anyhow::Context;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::http::request::Builder;
use indicatif::ProgressBar;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;

/// How long one request waits for the outcome.
const WAIT_S: u64 = 20;

/// How long a till waits for any answer, beyond what it asked to wait.
const PATIENCE: Duration = Duration::from_secs(10);

/// Between two tries of the same request, where no door said how long to wait.
const PAUSE: Duration = Duration::from_millis(250);

/// Beyond so many sales under way the system has long given up keeping pace; more would only
/// measure how deep its queues are.
const UNDER_WAY_MAX: usize = 4_000;

/// How tills ask.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Manner {
    /// One `POST` that waits and is answered by the final outcome: what a till should do.
    Waits,
    /// A `POST` that does not wait, answered 202; then a `GET` that does.
    LooksLater,
}

/// Everyone who buys in one scenario.
#[derive(Clone)]
pub(super) struct Crowd {
    gateways: Arc<[Connections]>,
    clock: Clock,
    manner: Manner,
    behavior: &'static str,
    prefix: Arc<str>,
    begun: Arc<AtomicU64>,
}

impl Crowd {
    /// Customers whose codes all do the same at Alipay. No two crowds of a fleet may share a prefix.
    pub(super) fn new(
        gateways: Vec<Connections>,
        manner: Manner,
        behavior: &'static str,
        prefix: String,
    ) -> Self {
        Self {
            gateways: gateways.into(),
            clock: Clock::start(),
            manner,
            behavior,
            prefix: prefix.into(),
            begun: Arc::default(),
        }
    }

    /// The clock that every sale is timed by.
    pub(super) fn clock(&self) -> Clock {
        self.clock
    }

    /// Makes sales at this rate from `from_us` on, and waits for all of them.
    pub(super) async fn buy(
        &self,
        from_us: u64,
        burst: Burst,
        bar: &ProgressBar,
    ) -> anyhow::Result<Vec<Sale>> {
        let mut open: JoinSet<Sale> = JoinSet::new();
        let mut sales = Vec::new();
        for place in 0..burst.sales() {
            if open.len() >= UNDER_WAY_MAX {
                break;
            }
            let due_us = from_us.saturating_add(burst.due_us(place));
            tokio::time::sleep_until(self.clock.at(due_us)).await;
            let number = self.begun.fetch_add(1, Ordering::Relaxed);
            let mut sale = Sale::new(&self.prefix, number, self.behavior);
            sale.began_us = due_us;
            let crowd = self.clone();
            open.spawn(async move {
                crowd.carry(&mut sale).await;
                sale
            });
            while let Some(ended) = open.try_join_next() {
                sales.push(ended.context("a till broke")?);
            }
            bar.inc(1);
        }
        while let Some(ended) = open.join_next().await {
            sales.push(ended.context("a till broke")?);
        }
        sales.sort_by_key(|sale| sale.number);
        Ok(sales)
    }

    /// To its final answer, or until the merchant's own time-out.
    async fn carry(&self, sale: &mut Sale) {
        let gateways = u64::try_from(self.gateways.len()).unwrap_or(1).max(1);
        let gateway = usize::try_from(sale.number % gateways).unwrap_or(0);
        let Some(connections) = self.gateways.get(gateway) else {
            return;
        };
        while self.clock.now_us().saturating_sub(sale.began_us) < merchant_timeout_us() {
            let (asked, wait_s, request) = self.next_request(connections, sale);
            let asked_us = self.clock.now_us();
            let Word {
                said,
                id,
                retry_after,
            } = said(connections, request, wait_s).await;
            let done = said.is_final();
            let again = matches!(said, Said::AskAgain(_) | Said::Broken(_));
            sale.id = sale.id.take().or(id);
            sale.heard.push(Heard {
                asked,
                gateway,
                asked_us,
                heard_us: self.clock.now_us(),
                said,
            });
            if done {
                return;
            }
            if again {
                tokio::time::sleep(retry_after.unwrap_or(PAUSE)).await;
            }
        }
    }

    fn next_request(
        &self,
        connections: &Connections,
        sale: &Sale,
    ) -> (Asked, u64, (Builder, String)) {
        if let Some(id) = &sale.id {
            let request = connections.request("GET", &format!("/v1/payments/{id}"));
            return (Asked::Look, WAIT_S, (request, String::new()));
        }
        let wait_s = match self.manner {
            Manner::Waits => WAIT_S,
            Manner::LooksLater => 0,
        };
        let request = connections
            .request("POST", "/v1/payments")
            .header("Idempotency-Key", &sale.reference);
        let body = format!(
            "{{\"order_id\":\"{}\",\"terminal_id\":\"till-{}\",\"payment_code\":\"{}\",\
             \"amount_minor\":{AMOUNT_MINOR},\"currency\":\"CNY\"}}",
            sale.order,
            sale.number % 100,
            sale.code()
        );
        (Asked::Pay, wait_s, (request, body))
    }
}

/// What one request brought.
struct Word {
    said: Said,
    id: Option<String>,
    retry_after: Option<Duration>,
}

async fn said(connections: &Connections, (request, body): (Builder, String), wait_s: u64) -> Word {
    let request = match wait_s {
        0 => request,
        _ => request.header("Prefer", format!("wait={wait_s}")),
    };
    let patience = Duration::from_secs(wait_s).saturating_add(PATIENCE);
    let answer = match request.body(Full::new(Bytes::from(body))) {
        Ok(request) => connections.ask(request, patience).await,
        Err(error) => Err(error.into()),
    };
    match answer {
        Ok(reply) => {
            let (said, id) = understood(reply.status, &reply.body);
            Word {
                said,
                id,
                retry_after: reply.retry_after,
            }
        }
        Err(error) => Word {
            said: Said::Broken(format!("{error:#}")),
            id: None,
            retry_after: None,
        },
    }
}

fn merchant_timeout_us() -> u64 {
    u64::try_from(MERCHANT_TIMEOUT.as_micros()).unwrap_or(u64::MAX)
}
