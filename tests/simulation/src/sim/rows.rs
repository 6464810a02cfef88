//! What the journal holds: orders with their versions, all events in one line, wake-ups, receipts,
//! the index of `paymentRequestId`s, the projectors' lists. The store's promises in memory; its
//! contract tests hold the real one to the same.

use super::cases::Met;
use super::lists::Lists;
use super::timeline::Timeline;
use payment::{
    Call, Event, Fact, MerchantId, Order, OrderId, PaymentId, PaymentRequestId, Refusal, Seen,
    TerminalId, Terms, Timestamp, View,
};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{Hash, Hasher};
use store::{Append, Applied, Error, NewReceipt, Receipt, ReceiptState, Recorded, Taken, WakeUp};

/// The tables.
#[derive(Default)]
pub(crate) struct Rows {
    orders: HashMap<OrderId, Stream>,
    wake_ups: BTreeSet<(i64, OrderId)>,
    waits: HashMap<OrderId, WakeUp>,
    receipts: HashMap<PaymentId, Receipt>,
    sequences: HashMap<TerminalId, u64>,
    /// How many doors may be producing a pending request's command; 1 where nothing is said.
    doors: HashMap<PaymentId, u32>,
    /// By when they were accepted.
    pending: BTreeSet<(i64, PaymentId)>,
    request_ids: HashMap<PaymentRequestId, (OrderId, PaymentId)>,
    /// Those with an event of a later release.
    newer: HashSet<OrderId>,
    /// A digest of everything that was appended, in order.
    digest: u64,
    events_appended: u64,
    pub(crate) timeline: Timeline,
    /// The projectors'.
    pub(crate) lists: Lists,
    /// What the workers put aside.
    pub(crate) shelf: orchestrator::MemoryShelf,
}

#[derive(Default)]
struct Stream {
    order: Order,
    events: Vec<Event>,
}

impl Rows {
    pub(crate) fn order(&self, id: OrderId) -> Order {
        self.orders
            .get(&id)
            .map_or_else(Order::default, |stream| stream.order.clone())
    }

    pub(crate) fn events(&self, id: OrderId) -> &[Event] {
        self.orders.get(&id).map_or(&[], |stream| &stream.events)
    }

    /// Appends under the expected version, or changes nothing. Its events stand from `first` on,
    /// which was taken when the append began.
    pub(crate) fn append(
        &mut self,
        append: &Append<'_>,
        first: i64,
        met: &Met,
        now: Timestamp,
    ) -> Result<(), Error> {
        let version = self
            .orders
            .get(&append.order)
            .map_or(0, |stream| stream.order.version);
        if version != append.expected_version {
            return Err(Error::Conflict);
        }
        for event in append.events {
            if let Fact::Accepted(terms) = &event.fact {
                self.may_accept(append.order, terms)?;
            }
        }
        for event in append.events {
            self.note(append.order, event);
        }
        let places = (first..).zip(version.saturating_add(1)..);
        for (position, version) in places.take(append.events.len()) {
            self.timeline.commit(position, append.order, version, now);
        }
        let stream = self.orders.entry(append.order).or_default();
        for event in append.events {
            met.event(&stream.order, &stream.events, event);
        }
        stream.order = append.after.clone();
        stream.events.extend(append.events.iter().cloned());
        self.wait(append);
        Ok(())
    }

    /// Events behind `position`, none from beyond a place where one may still turn up.
    pub(crate) fn events_after(&self, position: i64, limit: usize) -> Vec<Recorded> {
        let entries = self.timeline.after(position).take(limit);
        entries.filter_map(|(at, _)| self.recorded(at)).collect()
    }

    /// The event at a position.
    pub(crate) fn recorded(&self, position: i64) -> Option<Recorded> {
        let entry = self.timeline.at(position)?;
        let place = usize::try_from(entry.version).ok()?.checked_sub(1)?;
        let event = self.events(entry.order).get(place)?.clone();
        Some(Recorded {
            position,
            order: entry.order,
            version: entry.version,
            event,
        })
    }

    /// A projector applies a batch.
    pub(crate) fn apply(&mut self, batch: &[store::Met]) -> Result<Applied, Error> {
        let skips = |after, before| self.timeline.shows_between(after, before);
        self.lists.apply(batch, skips)
    }

    /// Since when the lists are behind; `None` if they are not.
    pub(crate) fn lists_behind_since(&self) -> Option<Timestamp> {
        self.timeline.behind_since(self.lists.cursor)
    }

    fn may_accept(&self, order: OrderId, terms: &Terms) -> Result<(), Error> {
        let payment = terms.payment();
        let owner = self.request_ids.get(&terms.payment_request_id);
        if owner.is_some_and(|owner| *owner != (order, payment)) {
            return Err(Error::RequestIdTaken);
        }
        self.obey(payment)
    }

    /// What was told "ask again", or no, is told nothing else.
    fn obey(&self, payment: PaymentId) -> Result<(), Error> {
        match self.receipts.get(&payment).map(|receipt| receipt.state) {
            Some(ReceiptState::Refused | ReceiptState::Declined(_)) => Err(Error::ReceiptRefused),
            Some(ReceiptState::Pending | ReceiptState::Accepted) | None => Ok(()),
        }
    }

    /// A digest of everything that was appended and how much that was: the same seed brings the
    /// same.
    pub(crate) fn digest(&self) -> (u64, u64) {
        (self.digest, self.events_appended)
    }

    fn note(&mut self, order: OrderId, event: &Event) {
        let mut hasher = std::hash::DefaultHasher::new();
        (self.digest, event.at, event.payment).hash(&mut hasher);
        std::mem::discriminant(&event.fact).hash(&mut hasher);
        self.digest = hasher.finish();
        self.events_appended = self.events_appended.saturating_add(1);
        if let Fact::Accepted(terms) = &event.fact {
            let place = (order, event.payment);
            self.request_ids
                .insert(terms.payment_request_id.clone(), place);
            self.settle(event.payment, ReceiptState::Accepted);
        }
    }

    fn settle(&mut self, payment: PaymentId, state: ReceiptState) {
        if let Some(receipt) = self.receipts.get_mut(&payment) {
            receipt.state = state;
            let key = (receipt.terms.accepted_at.as_ms(), payment);
            if state == ReceiptState::Pending {
                self.pending.insert(key);
            } else {
                self.pending.remove(&key);
            }
        }
    }

    fn wait(&mut self, append: &Append<'_>) {
        if let Some(before) = self.waits.remove(&append.order) {
            self.wake_ups.remove(&(before.at.as_ms(), append.order));
        }
        if let Some(at) = append.wake_at {
            let wake_up = WakeUp {
                order: append.order,
                at,
                partition: append.partition,
            };
            self.waits.insert(append.order, wake_up);
            self.wake_ups.insert((at.as_ms(), append.order));
        }
    }

    pub(crate) fn wake_ups_before(&self, at: Timestamp, limit: u32) -> Vec<WakeUp> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.wake_ups
            .iter()
            .take_while(|(due_ms, _)| *due_ms <= at.as_ms())
            .filter_map(|(_, order)| self.waits.get(order).copied())
            .take(limit)
            .collect()
    }

    pub(crate) fn forgotten(&self, before: Timestamp, limit: u32) -> Vec<Receipt> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.pending
            .iter()
            .take_while(|(accepted_ms, _)| *accepted_ms < before.as_ms())
            .filter_map(|(_, payment)| self.receipts.get(payment).cloned())
            .take(limit)
            .collect()
    }

    pub(crate) fn receipt(&self, payment: PaymentId) -> Option<&Receipt> {
        self.receipts.get(&payment)
    }

    /// Takes a new request, or gives the one that is there.
    pub(crate) fn take_receipt<F: FnOnce(u64) -> Terms>(&mut self, new: NewReceipt<F>) -> Taken {
        let payment = PaymentId::of(&new.merchant, &new.reference);
        if let Some(known) = self.receipts.get(&payment) {
            return Taken::Repeat(known.clone());
        }
        let sequence = self.sequences.entry(new.terminal).or_default();
        *sequence = sequence.saturating_add(1);
        let receipt = Receipt {
            terms: (new.make_terms)(*sequence),
            digest: new.digest,
            state: ReceiptState::Pending,
        };
        self.receipts.insert(payment, receipt.clone());
        self.settle(payment, ReceiptState::Pending);
        Taken::New(receipt)
    }

    /// The merchant's payment as it stands.
    pub(crate) fn view(&self, merchant: &MerchantId, payment: PaymentId) -> Option<View> {
        let receipt = self.receipts.get(&payment)?;
        let stream = self.orders.get(&receipt.terms.order())?;
        match payment::view(&stream.order, payment) {
            Seen::Payment(view) if view.terms.merchant == *merchant => Some(*view),
            Seen::Payment(_) | Seen::Unknown => None,
        }
    }

    /// Refuses a pending request; a door only where it is alone. What is returned holds.
    pub(crate) fn refuse_receipt(&mut self, payment: PaymentId, if_alone: bool) -> ReceiptState {
        let alone = self.doors.get(&payment).copied().unwrap_or(1) == 1;
        match self.receipts.get(&payment).map(|receipt| receipt.state) {
            Some(ReceiptState::Pending) if alone || !if_alone => {
                self.settle(payment, ReceiptState::Refused);
                ReceiptState::Refused
            }
            Some(state) => state,
            None => ReceiptState::Refused,
        }
    }

    /// Declines a pending request. What is returned holds.
    pub(crate) fn decline_receipt(
        &mut self,
        payment: PaymentId,
        refusal: Refusal,
        met: &Met,
    ) -> ReceiptState {
        match self.receipts.get(&payment).map(|receipt| receipt.state) {
            Some(ReceiptState::Pending) => {
                self.settle(payment, ReceiptState::Declined(refusal));
                met.refused(refusal);
                ReceiptState::Declined(refusal)
            }
            Some(state) => state,
            None => ReceiptState::Refused,
        }
    }

    /// Joins a pending request, or opens a refused one again.
    pub(crate) fn join_receipt(&mut self, payment: PaymentId) -> ReceiptState {
        let Some(state) = self.receipts.get(&payment).map(|receipt| receipt.state) else {
            return ReceiptState::Refused;
        };
        let doors = self.doors.entry(payment).or_insert(1);
        match state {
            ReceiptState::Pending => *doors = doors.saturating_add(1),
            ReceiptState::Refused => {
                *doors = 1;
                self.settle(payment, ReceiptState::Pending);
            }
            ReceiptState::Accepted | ReceiptState::Declined(_) => return state,
        }
        ReceiptState::Pending
    }

    pub(crate) fn locate(&self, id: &PaymentRequestId) -> Option<(OrderId, PaymentId)> {
        self.request_ids.get(id).copied()
    }

    /// Whether a pay is on the wire, as far as history knows.
    pub(crate) fn pay_in_flight(&self) -> bool {
        let waiting = self.waits.keys().filter_map(|id| self.orders.get(id));
        waiting
            .flat_map(|stream| &stream.order.attempts)
            .filter_map(|attempt| attempt.in_flight)
            .any(|begun| begun.call == Call::Pay)
    }

    /// A later release wrote an event of this order.
    pub(crate) fn mark_newer(&mut self, order: OrderId) {
        self.newer.insert(order);
    }

    pub(crate) fn is_newer(&self, order: OrderId) -> bool {
        self.newer.contains(&order)
    }

    /// Some order that waits.
    pub(crate) fn some_waiting(&self) -> Option<OrderId> {
        self.wake_ups.iter().next().map(|(_, order)| *order)
    }

    /// Whether nothing is waited for any more.
    pub(crate) fn rest(&self) -> bool {
        self.wake_ups.is_empty() && self.pending.is_empty() && self.shelf.is_empty()
    }
}
