//! A payment's history as server-sent events: each event with its id and the state it is sent in.
//! What changes by time alone is sent as `payment`, without an id. It ends with the payment.

use super::event_body::EventBody;
use crate::door::{next_look, pause};
use crate::payment_body::PaymentBody;
use crate::problem::Problem;
use crate::state::State;
use actix_web::HttpResponse;
use actix_web::web::Bytes;
use fleet::Watch;
use payment::{MerchantId, PaymentId, Standing};
use sale::Snapshot;
use serde::Serialize;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use store::Recorded;
use tokio::time::Instant;

/// A quiet connection is kept open by a comment, and a dead one found out.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// A connection is not kept longer; the reader comes back with `Last-Event-ID`.
const LONGEST: Duration = Duration::from_secs(900);

/// One reader.
pub(super) struct Stream {
    state: Arc<State>,
    merchant: MerchantId,
    payment: PaymentId,
    watch: Watch,
    seen_id: i64,
    seen_version: u64,
    seen_tag: String,
    spoke_at: Instant,
    until: Option<Instant>,
    over: bool,
}

#[derive(Serialize)]
struct Message<'a> {
    event: Option<&'a EventBody>,
    payment: &'a PaymentBody,
}

impl Stream {
    pub(super) async fn open(
        state: Arc<State>,
        merchant: MerchantId,
        payment: PaymentId,
        seen_id: i64,
    ) -> Result<Self, Problem> {
        let watch = state.news.watch(payment);
        state.sales.hand_over(&merchant, payment).await?;
        Ok(Self {
            state,
            merchant,
            payment,
            watch,
            seen_id,
            seen_version: 0,
            seen_tag: String::new(),
            spoke_at: Instant::now(),
            until: Instant::now().checked_add(LONGEST),
            over: false,
        })
    }

    pub(super) fn respond(self) -> HttpResponse {
        let bytes = futures_util::stream::unfold(self, |mut stream| async move {
            let bytes = stream.next().await?;
            Some((Ok::<Bytes, Infallible>(bytes), stream))
        });
        HttpResponse::Ok()
            .insert_header(("Content-Type", "text/event-stream"))
            .insert_header(("Cache-Control", "no-store"))
            .insert_header(("X-Accel-Buffering", "no"))
            .streaming(bytes)
    }

    /// What to send next; `None` when there is nothing more.
    async fn next(&mut self) -> Option<Bytes> {
        while !self.over && !self.state.stopping.is_cancelled() {
            if self.until.is_none_or(|until| Instant::now() >= until) {
                return None;
            }
            let (text, found) = match self.news().await {
                Ok(news) => news,
                Err(problem) => {
                    // The reader asks again and gets the problem as a response of its own.
                    tracing::info!(payment.id = %self.payment, %problem, "a stream ended");
                    return None;
                }
            };
            if !text.is_empty() {
                self.over = matches!(found.view.standing, Standing::Ended(_));
                self.spoke_at = Instant::now();
                return Some(Bytes::from(text));
            }
            if self.spoke_at.elapsed() >= HEARTBEAT {
                self.spoke_at = Instant::now();
                return Some(Bytes::from_static(b": still here\n\n"));
            }
            let longest = next_look(&found, self.state.now());
            pause(&self.state, &mut self.watch, longest).await;
        }
        None
    }

    async fn hand_over(&self) -> Result<Snapshot, Problem> {
        let sales = &self.state.sales;
        Ok(sales.hand_over(&self.merchant, self.payment).await?)
    }

    /// Everything that is new since the last look.
    async fn news(&mut self) -> Result<(String, Snapshot), Problem> {
        let found = self.hand_over().await?;
        let order = found.view.terms.order();
        let recorded = self
            .state
            .store
            .history(order, self.payment, self.seen_version)
            .await?;
        let payment = PaymentBody::of(&found);
        let mut text = String::new();
        // What was appended between the two reads waits for the next look, so that no event is
        // sent beside a state that has not seen it.
        let known = |recorded: &Recorded| recorded.version <= found.view.version;
        for recorded in recorded.into_iter().take_while(known) {
            self.seen_version = recorded.version;
            if recorded.position <= self.seen_id {
                continue;
            }
            self.seen_id = recorded.position;
            text.push_str(&format!("id: {}\n", recorded.position));
            let event = EventBody::of(&recorded);
            push(&mut text, "event", Some(&event), &payment)?;
        }
        let tag = found.etag();
        if text.is_empty() && tag != self.seen_tag {
            push(&mut text, "payment", None, &payment)?;
        }
        self.seen_tag = tag;
        Ok((text, found))
    }
}

fn push(
    text: &mut String,
    name: &str,
    event: Option<&EventBody>,
    payment: &PaymentBody,
) -> Result<(), Problem> {
    let data = serde_json::to_string(&Message { event, payment })
        .map_err(|error| Problem::internal(&error))?;
    text.push_str(&format!("event: {name}\ndata: {data}\n\n"));
    Ok(())
}
