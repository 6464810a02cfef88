//! Appends as columns: each a list, for the statement that takes them all at once. Lists of one
//! struct are as long as each other.

use crate::append::Writing;
use payment::AlipayPaymentId;
use uuid::Uuid;

/// Events that are new.
#[derive(Default)]
pub(super) struct Events<'w> {
    pub(super) orders: Vec<Uuid>,
    pub(super) versions: Vec<i64>,
    pub(super) payments: Vec<Uuid>,
    pub(super) kinds: Vec<&'w str>,
    pub(super) instants: Vec<i64>,
    pub(super) bodies: Vec<&'w str>,
}

impl<'w> Events<'w> {
    pub(super) fn add(&mut self, writing: &'w Writing) {
        for event in &writing.events {
            self.orders.push(writing.order.as_uuid());
            self.versions.push(event.version);
            self.payments.push(event.payment.as_uuid());
            self.kinds.push(event.kind);
            self.instants.push(event.at_ms);
            self.bodies.push(&event.body);
        }
    }
}

/// Payments as they stand now.
#[derive(Default)]
pub(super) struct Views<'w> {
    pub(super) payments: Vec<Uuid>,
    pub(super) orders: Vec<Uuid>,
    pub(super) merchants: Vec<&'w str>,
    pub(super) order_numbers: Vec<&'w str>,
    pub(super) references: Vec<&'w str>,
    pub(super) terminals: Vec<&'w str>,
    pub(super) request_ids: Vec<&'w str>,
    pub(super) alipay_ids: Vec<Option<&'w str>>,
    pub(super) accepted: Vec<i64>,
    pub(super) versions: Vec<i64>,
    pub(super) bodies: Vec<&'w str>,
}

impl<'w> Views<'w> {
    pub(super) fn add(&mut self, writing: &'w Writing) {
        for written in &writing.views {
            let view = &written.view;
            let terms = &view.terms;
            self.payments.push(written.payment.as_uuid());
            self.orders.push(writing.order.as_uuid());
            self.merchants.push(terms.merchant.as_str());
            self.order_numbers.push(terms.order_number.as_str());
            self.references.push(terms.reference.as_str());
            self.terminals.push(terms.terminal.as_str());
            self.request_ids.push(terms.payment_request_id.as_str());
            let alipay_id = view.alipay_payment_id.as_ref();
            self.alipay_ids.push(alipay_id.map(AlipayPaymentId::as_str));
            self.accepted.push(terms.accepted_at.as_ms());
            self.versions.push(written.version);
            self.bodies.push(&written.body);
        }
    }
}

/// When orders next owe something.
#[derive(Default)]
pub(super) struct WakeUps {
    pub(super) orders: Vec<Uuid>,
    pub(super) instants: Vec<i64>,
    pub(super) partitions: Vec<i64>,
    /// Those that owe nothing; a list of its own length.
    pub(super) resting: Vec<Uuid>,
}

impl WakeUps {
    pub(super) fn add(&mut self, writing: &Writing) {
        let order = writing.order.as_uuid();
        match writing.wake_at {
            Some(at) => {
                self.orders.push(order);
                self.instants.push(at.as_ms());
                self.partitions.push(i64::from(writing.partition));
            }
            None => self.resting.push(order),
        }
    }
}
