//! The one way to change an order: events, views, index, wake-up and receipt in one transaction.
//! Here is what is written; how an engine writes it stands in its folder.

use crate::database::Engine;
use crate::payments::ViewWriting;
use crate::schema::{self, StoredFact};
use crate::{Error, Store, number};
use payment::{Event, Fact, MerchantId, Order, OrderId, PaymentId, PaymentRequestId, Timestamp};

/// What to append.
#[derive(Clone, Copy, Debug)]
pub struct Append<'a> {
    /// The order.
    pub order: OrderId,
    /// How many events the decision was made on.
    pub expected_version: u64,
    /// What happened since.
    pub events: &'a [Event],
    /// The order with `events` folded in.
    pub after: &'a Order,
    /// When the order next owes something; nothing waits on `None`.
    pub wake_at: Option<Timestamp>,
    /// The partition of the worker that drives it.
    pub partition: u16,
}

impl Store {
    /// Appends, all or nothing; on disk when it returns. On PostgreSQL the appends that wait at
    /// the same moment share a transaction; each gets its own verdict. A caller that is dropped
    /// while it waits leaves an append that is made wholly or not at all.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the order has another version by now, [`Error::ReceiptRefused`]
    /// and [`Error::RequestIdTaken`]; nothing is written then. After [`Error::Unavailable`] it may
    /// or may not have been written: load to see.
    pub async fn append(&self, append: Append<'_>) -> Result<(), Error> {
        let writing = Writing::of(append)?;
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.append(writing).await,
            Engine::Postgres(postgres) => postgres.append(writing).await,
        }
    }
}

/// What an append writes, in the form that is stored.
#[derive(Debug)]
pub(crate) struct Writing {
    pub(crate) order: OrderId,
    pub(crate) expected_version: i64,
    /// In the order of their versions, from the one behind the expected.
    pub(crate) events: Vec<EventWriting>,
    pub(crate) accepted: Vec<Accepted>,
    /// Each payment that an event touched, once.
    pub(crate) views: Vec<ViewWriting>,
    pub(crate) wake_at: Option<Timestamp>,
    pub(crate) partition: u16,
}

/// One event's row.
#[derive(Debug)]
pub(crate) struct EventWriting {
    pub(crate) version: i64,
    pub(crate) payment: PaymentId,
    pub(crate) kind: &'static str,
    pub(crate) at_ms: i64,
    pub(crate) body: String,
}

/// A payment's first event: it makes a pending receipt accepted and takes a `paymentRequestId`.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) payment: PaymentId,
    pub(crate) request_id: PaymentRequestId,
    pub(crate) merchant: MerchantId,
}

impl Writing {
    fn of(append: Append<'_>) -> Result<Self, Error> {
        let mut writing = Self {
            order: append.order,
            expected_version: number::stored(append.expected_version),
            events: Vec::with_capacity(append.events.len()),
            accepted: Vec::new(),
            views: Vec::new(),
            wake_at: append.wake_at,
            partition: append.partition,
        };
        for event in append.events {
            writing.add(event)?;
        }
        for payment in touched(append.events) {
            writing
                .views
                .extend(ViewWriting::of(append.after, payment)?);
        }
        Ok(writing)
    }

    fn add(&mut self, event: &Event) -> Result<(), Error> {
        let place = || format!("order {}", self.order);
        let stored = StoredFact::from(&event.fact);
        let body = schema::write(&stored).map_err(|fault| Error::unread(place(), fault))?;
        match &event.fact {
            Fact::Accepted(terms) => self.accepted.push(Accepted {
                payment: terms.payment(),
                request_id: terms.payment_request_id.clone(),
                merchant: terms.merchant.clone(),
            }),
            Fact::CancelKept
            | Fact::Begun { .. }
            | Fact::Answered { .. }
            | Fact::Noticed(_)
            | Fact::Approved(_)
            | Fact::Released
            | Fact::Retold
            | Fact::Acknowledged
            | Fact::CancelRequested
            | Fact::CloseBegun(_)
            | Fact::Ended(_)
            | Fact::AttentionRaised
            | Fact::Resolved(_)
            | Fact::Alarmed(_) => {}
        }
        let written = number::stored(u64::try_from(self.events.len()).unwrap_or(u64::MAX));
        self.events.push(EventWriting {
            version: self
                .expected_version
                .saturating_add(written)
                .saturating_add(1),
            payment: event.payment,
            kind: stored.kind(),
            at_ms: event.at.as_ms(),
            body,
        });
        Ok(())
    }
}

fn touched(events: &[Event]) -> Vec<PaymentId> {
    let mut payments: Vec<PaymentId> = events.iter().map(|event| event.payment).collect();
    payments.sort_unstable();
    payments.dedup();
    payments
}
