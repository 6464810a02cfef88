//! A payment's history as server-sent events: each event with its id and the state it is sent in.
//! What changes by time alone is sent as `payment`, without an id. It ends with the payment.

use super::event_body::EventBody;
use crate::admission::{Kind, Share};
use crate::payment_body::PaymentBody;
use crate::problem::Problem;
use crate::state::State;
use actix_web::HttpResponse;
use actix_web::web::Bytes;
use payment::{MerchantId, PaymentId, Standing};
use sale::{Following, LongPoll, Purpose, Snapshot};
use serde::Serialize;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
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
    following: Following,
    /// How the payment stood when it was last sent or looked at.
    known: Option<Snapshot>,
    _share: Share,
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
        let share = state.shares.take(&merchant, Kind::Stream)?;
        let following = state.sales.follow(payment);
        // Another merchant's payment is refused here; nothing is handed over before the stream runs.
        state.sales.look(&merchant, payment).await?;
        Ok(Self {
            state,
            merchant,
            payment,
            following,
            known: None,
            _share: share,
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
        while !self.over && !self.state.sales.is_stopping() {
            if self.until.is_none_or(|until| Instant::now() >= until) {
                return None;
            }
            let text = match self.news().await {
                Ok(text) => text,
                Err(problem) => {
                    // The reader asks again and gets the problem as a response of its own.
                    tracing::info!(payment.id = %self.payment, %problem, "a stream ended");
                    return None;
                }
            };
            if !text.is_empty() {
                self.spoke_at = Instant::now();
                return Some(Bytes::from(text));
            }
            if self.spoke_at.elapsed() >= HEARTBEAT {
                self.spoke_at = Instant::now();
                return Some(Bytes::from_static(b": still here\n\n"));
            }
        }
        None
    }

    /// Everything that is new since the last look, once there is something or a heartbeat is due.
    async fn news(&mut self) -> Result<String, Problem> {
        let sales = &self.state.sales;
        let poll = LongPoll {
            merchant: &self.merchant,
            payment: self.payment,
            purpose: Purpose::HandOver,
            wait: HEARTBEAT.saturating_sub(self.spoke_at.elapsed()),
        };
        let known = self.known.take();
        let found = sales.stream(poll, known, &mut self.following).await?;
        let history = sales.history(&found, &self.following).await?;
        let payment = PaymentBody::of(&found);
        let mut text = String::new();
        // What was appended between the two reads waits for the next look, so that no event is
        // sent beside a state that has not seen it.
        for recorded in history.iter() {
            if recorded.version > found.view.version {
                break;
            }
            if recorded.version <= self.seen_version {
                continue;
            }
            self.seen_version = recorded.version;
            if recorded.position <= self.seen_id {
                continue;
            }
            self.seen_id = recorded.position;
            text.push_str(&format!("id: {}\n", recorded.position));
            let event = EventBody::of(recorded);
            push(&mut text, "event", Some(&event), &payment)?;
        }
        let tag = found.etag();
        if text.is_empty() && tag != self.seen_tag {
            push(&mut text, "payment", None, &payment)?;
        }
        self.seen_tag = tag;
        self.over = !text.is_empty() && matches!(found.view.standing, Standing::Ended(_));
        self.known = Some(found);
        Ok(text)
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
