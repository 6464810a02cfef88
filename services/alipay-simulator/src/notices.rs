//! Notifications: which are due, and sending them until they are acknowledged (protocol 2.5–2.7).

use crate::books::{Books, Entry, Payment};
use crate::desk::{Desk, wanted};
use crate::keys::Keys;
use crate::rulebook::{amount_of, iso8601, result};
use alipay::signature::Bound;
use alipay::wire::Notification;
use serde_json::Value;
use std::time::Duration;

/// How often what is due is looked for.
const EVERY: Duration = Duration::from_millis(20);

/// How long the other side may take to acknowledge.
const TIMEOUT: Duration = Duration::from_secs(5);

/// What kind of notification.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wanted {
    /// A true one.
    Once,
    /// A true one, twice.
    Twice,
    /// Signed by another key.
    Forged,
    /// Changed after it was signed.
    Altered,
}

/// One that waits.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Pending {
    request: String,
    wanted: Wanted,
    due_ms: i64,
    tries: usize,
}

/// What waits to be sent. Derived from the books: a restart makes it anew.
pub(crate) struct Outbox {
    pending: Vec<Pending>,
    resend_after_ms: Vec<i64>,
}

impl Outbox {
    /// What the books still owe: everything that an entry called for and nobody acknowledged.
    pub(crate) fn derive(entries: &[Entry], books: &Books, resend_after_ms: Vec<i64>) -> Self {
        let mut outbox = Self {
            pending: Vec::new(),
            resend_after_ms,
        };
        for entry in entries {
            outbox.follow(books, entry, 0);
        }
        outbox.pending.retain(|pending| {
            let known = books.payments.get(&pending.request);
            known.is_some_and(|payment| !payment.acknowledged)
        });
        outbox
    }

    /// Takes in what an entry calls for.
    pub(crate) fn follow(&mut self, books: &Books, entry: &Entry, now_ms: i64) {
        if let Some((request, wanted, late_ms)) = wanted(books, entry) {
            let first_ms = self.resend_after_ms.first().copied().unwrap_or(0);
            let due_ms = now_ms.saturating_add(first_ms).saturating_add(late_ms);
            self.pending.push(Pending {
                request,
                wanted,
                due_ms,
                tries: 0,
            });
        }
    }

    /// Takes out what is due; each goes back with its next instant, in case nobody acknowledges.
    fn due(&mut self, now_ms: i64) -> Vec<Pending> {
        let (due, mut later): (Vec<Pending>, Vec<Pending>) = self
            .pending
            .drain(..)
            .partition(|pending| pending.due_ms <= now_ms);
        for pending in &due {
            let tries = pending.tries.saturating_add(1);
            if let Some(wait_ms) = self.resend_after_ms.get(tries) {
                later.push(Pending {
                    due_ms: now_ms.saturating_add(*wait_ms),
                    tries,
                    ..pending.clone()
                });
            }
        }
        self.pending = later;
        due
    }

    fn acknowledged(&mut self, request: &str) {
        self.pending.retain(|pending| pending.request != request);
    }
}

/// Sends what is due until `stopped` says so.
pub(crate) async fn run(desk: Desk, keys: Keys, stopped: impl Fn() -> bool) {
    let http = reqwest::Client::builder()
        .tcp_nodelay(true)
        .no_proxy()
        .timeout(TIMEOUT)
        .build()
        .unwrap_or_default();
    while !stopped() {
        if let Err(error) = round(&desk, &keys, &http).await {
            tracing::error!(%error, "the simulator's books can't be written");
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn round(desk: &Desk, keys: &Keys, http: &reqwest::Client) -> anyhow::Result<()> {
    let due: Vec<(Pending, Payment)> = {
        let mut open = desk.open().await?;
        let now_ms = open.now_ms;
        let due = open.state.outbox.due(now_ms);
        let books = &open.state.books;
        let known = |pending: Pending| {
            let payment = books.payments.get(&pending.request)?.clone();
            Some((pending, payment))
        };
        due.into_iter().filter_map(known).collect()
    };
    if !due.is_empty() {
        desk.settled().await?;
    }
    for (pending, payment) in due {
        let times = if pending.wanted == Wanted::Twice {
            2
        } else {
            1
        };
        for _ in 0..times {
            let sending = send(
                desk.clone(),
                keys.clone(),
                http.clone(),
                (pending.wanted, payment.clone()),
            );
            tokio::spawn(sending);
        }
    }
    Ok(())
}

async fn send(desk: Desk, keys: Keys, http: reqwest::Client, (wanted, payment): (Wanted, Payment)) {
    let url = payment.opened.notify_url.clone();
    let Some(path) = reqwest::Url::parse(&url)
        .ok()
        .map(|url| url.path().to_owned())
    else {
        return;
    };
    let time = desk.now_ms().to_string();
    let Some((signed, sent)) = bodies(&payment, wanted) else {
        return;
    };
    let signer = match wanted {
        Wanted::Forged => Ok(keys.stranger.clone()),
        Wanted::Once | Wanted::Twice | Wanted::Altered => keys.alipay(),
    };
    let bound = Bound {
        path: &path,
        client_id: &keys.client_id,
        time: &time,
    };
    let Ok(signature) = signer.and_then(|signer| signer.header_value(&bound, &signed)) else {
        return;
    };
    let request = http
        .post(&url)
        .header("Content-Type", "application/json; charset=UTF-8")
        .header("client-id", &keys.client_id)
        .header("request-time", &time)
        .header("signature", signature)
        .body(sent);
    if acknowledged(request).await {
        settle(&desk, &payment.opened.request).await;
    }
}

/// What is signed and what is sent: the same, unless it is altered on the way.
fn bodies(payment: &Payment, wanted: Wanted) -> Option<(Vec<u8>, Vec<u8>)> {
    let opened = &payment.opened;
    let mut told = Notification {
        notify_type: "PAYMENT_RESULT".to_owned(),
        result: result("S", "SUCCESS"),
        payment_request_id: opened.request.clone(),
        payment_id: Some(payment.payment_id.clone()),
        payment_amount: Some(amount_of(opened)),
        payment_time: payment.charged_at_ms.map(iso8601),
    };
    let signed = serde_json::to_vec(&told).ok()?;
    if wanted != Wanted::Altered {
        return Some((signed.clone(), signed));
    }
    if let Some(amount) = &mut told.payment_amount {
        amount.value = opened.amount_minor.saturating_sub(1).max(1).to_string();
    }
    Some((signed, serde_json::to_vec(&told).ok()?))
}

async fn acknowledged(request: reqwest::RequestBuilder) -> bool {
    let Ok(response) = request.send().await else {
        return false;
    };
    if response.status() != reqwest::StatusCode::OK {
        return false;
    }
    let body: Value = response.json().await.unwrap_or_default();
    body.pointer("/result/resultStatus").and_then(Value::as_str) == Some("S")
}

async fn settle(desk: &Desk, request: &str) {
    let Ok(mut open) = desk.open().await else {
        return;
    };
    open.state.outbox.acknowledged(request);
    let known = open.state.books.payments.get(request);
    if known.is_some_and(|payment| payment.acknowledged) {
        return;
    }
    let entry = Entry::Acknowledged {
        request: request.to_owned(),
    };
    if let Err(error) = open.write(vec![entry]) {
        tracing::error!(%error, "the simulator's books can't be written");
    }
}
