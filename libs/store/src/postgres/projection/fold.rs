//! A batch of events folded into what is written: one row for each payment, day and line of a
//! feed, however many events touched it. Pure; what one event adds stands in `projection/derived`.

use crate::projection::Gate;
use crate::{Known, Memory, Met, Needs, Recorded, Remembered, Sum, derived, needs};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

/// What a batch comes to.
#[derive(Default)]
pub(super) struct Fold {
    /// What is remembered of each payment; at first what was found.
    pub(super) remembered: HashMap<Uuid, Remembered>,
    /// The payments of which something else is remembered now.
    pub(super) changed: BTreeSet<Uuid>,
    /// What is added, by merchant, day and currency.
    pub(super) sums: BTreeMap<(String, String, String), Sum>,
    /// In whose feed which event stands.
    pub(super) shown: Vec<(String, i64)>,
}

impl Fold {
    pub(super) fn take_in(&mut self, recorded: &Recorded, gate: &Gate) {
        let payment = recorded.event.payment.as_uuid();
        let known = Known {
            payment: self.remembered.get(&payment).cloned(),
        };
        let share = derived(&recorded.event, known);
        let Some(merchant) = share.shown_to else {
            return;
        };
        if !gate.admits(&merchant, recorded.position) {
            return;
        }
        match share.memory {
            Memory::Same => {}
            Memory::New(remembered) => {
                self.remembered.insert(payment, remembered);
                self.changed.insert(payment);
            }
            Memory::Released => {
                if let Some(remembered) = self.remembered.get_mut(&payment) {
                    remembered.released = true;
                    self.changed.insert(payment);
                }
            }
        }
        if let Some(sum) = share.sum {
            self.add(sum);
        }
        self.shown.push((merchant, recorded.position));
    }

    fn add(&mut self, sum: Sum) {
        let day = (sum.merchant.clone(), sum.day.clone(), sum.currency.clone());
        match self.sums.get_mut(&day) {
            None => {
                self.sums.insert(day, sum);
            }
            Some(so_far) => {
                so_far.paid_count = so_far.paid_count.saturating_add(sum.paid_count);
                so_far.paid_minor = so_far.paid_minor.saturating_add(sum.paid_minor);
                so_far.reversed_count = so_far.reversed_count.saturating_add(sum.reversed_count);
                so_far.reversed_minor = so_far.reversed_minor.saturating_add(sum.reversed_minor);
            }
        }
    }
}

/// The payments that must be looked up.
pub(super) fn payments_needed(batch: &[&Met]) -> Vec<Uuid> {
    let needed = batch.iter().filter_map(|met| match met {
        Met::Event(Recorded { event, .. }) if needs(event) == Needs::Payment => {
            Some(event.payment.as_uuid())
        }
        Met::Event(_) | Met::Unread(_) => None,
    });
    let payments: BTreeSet<Uuid> = needed.collect();
    payments.into_iter().collect()
}
