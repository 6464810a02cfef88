//! A journal in memory with the store's promises: expected versions, receipts, wake-ups. The
//! store's own tests hold the real one to the same.

use chassis::clock::Clock;
use orchestrator::{Journal, MemoryShelf};
use payment::{Event, Fact, Order, OrderId, PaymentId, PaymentRequestId, Refusal, Timestamp};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::{
    Append, Behind, Corruption, Error, Forgotten, Histories, Receipt, ReceiptState, WakeUp,
};

#[derive(Clone, Default)]
pub(crate) struct MemoryJournal(Arc<Mutex<Rows>>);

#[derive(Default)]
struct Rows {
    histories: HashMap<OrderId, Vec<Event>>,
    wake_ups: BTreeMap<OrderId, WakeUp>,
    receipts: HashMap<PaymentId, Receipt>,
    away: bool,
    shelf: MemoryShelf,
    /// Orders to which a later release wrote.
    newer: HashSet<OrderId>,
    clock: Option<Arc<dyn Clock>>,
    append_takes: Duration,
    load_takes: Duration,
    loading: usize,
    loads: usize,
    loads_at_once: usize,
}

impl MemoryJournal {
    /// Every call fails from now on, until it is called with `false`.
    pub(crate) fn set_away(&self, away: bool) {
        self.0.lock().unwrap().away = away;
    }

    /// The clock that all workers on this journal share.
    pub(crate) fn set_clock(&self, clock: Arc<dyn Clock>) {
        self.0.lock().unwrap().clock = Some(clock);
    }

    /// Every append takes this long from now on.
    pub(crate) fn set_append_takes(&self, takes: Duration) {
        self.0.lock().unwrap().append_takes = takes;
    }

    /// Every load takes this long from now on.
    pub(crate) fn set_load_takes(&self, takes: Duration) {
        self.0.lock().unwrap().load_takes = takes;
    }

    /// How many loads there were, and how many at once at most.
    pub(crate) fn loads(&self) -> (usize, usize) {
        let rows = self.0.lock().unwrap();
        (rows.loads, rows.loads_at_once)
    }

    /// A later release writes to this order; a worker of this one can't read it from now on. With
    /// `false`, the worker is of the later release itself.
    pub(crate) fn set_newer(&self, order: OrderId, newer: bool) {
        let mut rows = self.0.lock().unwrap();
        if newer {
            rows.newer.insert(order);
        } else {
            rows.newer.remove(&order);
        }
    }

    pub(crate) fn put_receipt(&self, receipt: Receipt) {
        let payment = receipt.terms.payment();
        self.0.lock().unwrap().receipts.insert(payment, receipt);
    }

    pub(crate) fn state_of(&self, payment: PaymentId) -> ReceiptState {
        self.0.lock().unwrap().receipts[&payment].state
    }

    pub(crate) fn events(&self, order: OrderId) -> Vec<Event> {
        let rows = self.0.lock().unwrap();
        rows.histories.get(&order).cloned().unwrap_or_default()
    }

    /// What a door does: decide, append, without any worker.
    pub(crate) fn take_in(
        &self,
        order: OrderId,
        input: payment::Input,
        now: Timestamp,
    ) -> Vec<Event> {
        let mut rows = self.0.lock().unwrap();
        let before = rows.order(order);
        let events = payment::decide(&before, input, now).unwrap();
        rows.histories
            .entry(order)
            .or_default()
            .extend(events.clone());
        events
    }

    fn rows(&self) -> Result<std::sync::MutexGuard<'_, Rows>, Error> {
        let rows = self.0.lock().unwrap();
        if rows.away {
            return Err(Error::Unavailable(std::io::Error::other("away").into()));
        }
        Ok(rows)
    }
}

impl Rows {
    fn order(&self, order: OrderId) -> Order {
        let history = self.histories.get(&order).map_or(&[][..], Vec::as_slice);
        history.iter().fold(Order::default(), payment::evolve)
    }

    /// Whether another payment was accepted under the `paymentRequestId` of one of these.
    fn holds_request_id_of(&self, events: &[Event]) -> bool {
        let mut asked = events.iter().filter_map(request_id);
        let known = || self.histories.values().flatten().filter_map(request_id);
        asked.any(|asked| known().any(|id| id == asked))
    }
}

fn request_id(event: &Event) -> Option<&PaymentRequestId> {
    let Fact::Accepted(terms) = &event.fact else {
        return None;
    };
    Some(&terms.payment_request_id)
}

fn newer(order: OrderId) -> Error {
    Error::Newer(Corruption {
        place: format!("order {order}"),
        reason: "a word is not known to this release".to_owned(),
    })
}

impl Histories for MemoryJournal {
    async fn load(&self, order: OrderId) -> Result<Order, Error> {
        let takes = {
            let mut rows = self.rows()?;
            rows.loading += 1;
            rows.loads += 1;
            rows.loads_at_once = rows.loads_at_once.max(rows.loading);
            rows.load_takes
        };
        tokio::time::sleep(takes).await;
        self.0.lock().unwrap().loading -= 1;
        if self.rows()?.newer.contains(&order) {
            return Err(newer(order));
        }
        Ok(self.rows()?.order(order))
    }

    async fn append(&self, append: Append<'_>) -> Result<(), Error> {
        let takes = self.rows()?.append_takes;
        tokio::time::sleep(takes).await;
        let mut rows = self.rows()?;
        if rows.order(append.order).version != append.expected_version {
            return Err(Error::Conflict);
        }
        if rows.holds_request_id_of(append.events) {
            return Err(Error::RequestIdTaken);
        }
        for event in append.events {
            let Some(receipt) = rows.receipts.get_mut(&event.payment) else {
                continue;
            };
            if matches!(event.fact, Fact::Accepted(_)) {
                match receipt.state {
                    ReceiptState::Refused | ReceiptState::Declined(_) => {
                        return Err(Error::ReceiptRefused);
                    }
                    ReceiptState::Pending | ReceiptState::Accepted => {}
                }
                receipt.state = ReceiptState::Accepted;
            }
        }
        let events = append.events.iter().cloned();
        rows.histories
            .entry(append.order)
            .or_default()
            .extend(events);
        match append.wake_at {
            Some(at) => {
                let wake_up = WakeUp {
                    order: append.order,
                    at,
                    partition: append.partition,
                };
                rows.wake_ups.insert(append.order, wake_up);
            }
            None => {
                rows.wake_ups.remove(&append.order);
            }
        }
        Ok(())
    }
}

impl Journal for MemoryJournal {
    type Shelf = MemoryShelf;

    fn shelf(&self) -> MemoryShelf {
        self.0.lock().unwrap().shelf.clone()
    }

    async fn shared_clock(&self) -> Result<Option<Timestamp>, Error> {
        let clock = self.rows()?.clock.clone();
        Ok(clock.map(|clock| Timestamp::from_ms(clock.now_ms())))
    }

    async fn wake_ups_before(&self, at: Timestamp, limit: u32) -> Result<Vec<WakeUp>, Error> {
        let rows = self.rows()?;
        let overdue = rows.wake_ups.values().filter(|wake_up| wake_up.at <= at);
        Ok(overdue.take(limit.try_into().unwrap()).copied().collect())
    }

    async fn forgotten_receipts(
        &self,
        before: Timestamp,
        _behind: Behind,
        limit: u32,
    ) -> Result<Forgotten, Error> {
        let rows = self.rows()?;
        let forgotten = rows.receipts.values().filter(|receipt| {
            receipt.state == ReceiptState::Pending && receipt.terms.accepted_at < before
        });
        Ok(Forgotten {
            receipts: forgotten.take(limit.try_into().unwrap()).cloned().collect(),
            ..Forgotten::default()
        })
    }

    async fn receipt(&self, payment: PaymentId) -> Result<Option<Receipt>, Error> {
        Ok(self.rows()?.receipts.get(&payment).cloned())
    }

    async fn refuse_receipt(&self, payment: PaymentId) -> Result<ReceiptState, Error> {
        let mut rows = self.rows()?;
        let Some(receipt) = rows.receipts.get_mut(&payment) else {
            return Ok(ReceiptState::Refused);
        };
        if receipt.state == ReceiptState::Pending {
            receipt.state = ReceiptState::Refused;
        }
        Ok(receipt.state)
    }

    async fn decline_receipt(
        &self,
        payment: PaymentId,
        refusal: Refusal,
    ) -> Result<ReceiptState, Error> {
        let mut rows = self.rows()?;
        let Some(receipt) = rows.receipts.get_mut(&payment) else {
            return Ok(ReceiptState::Refused);
        };
        if receipt.state == ReceiptState::Pending {
            receipt.state = ReceiptState::Declined(refusal);
        }
        Ok(receipt.state)
    }
}
