//! What the projectors have derived: feed and totals behind a cursor, as the store keeps them. What
//! an event adds is the store's own to say.

use payment::PaymentId;
use std::collections::{BTreeMap, HashMap};
use store::{Applied, DailyTotals, Error, Known, Memory, Met, Needs, Recorded, Remembered, Sum};

/// The lists.
#[derive(Default)]
pub(crate) struct Lists {
    pub(crate) cursor: i64,
    remembered: HashMap<PaymentId, Remembered>,
    /// Merchant and position.
    feed: Vec<(String, i64)>,
    /// By merchant, day and currency.
    totals: BTreeMap<(String, String, String), DailyTotals>,
}

impl Lists {
    /// Applies a batch and moves the cursor, or changes nothing. `skips` knows whether anyone can
    /// see an event between two positions.
    pub(crate) fn apply(
        &mut self,
        batch: &[Met],
        skips: impl Fn(i64, i64) -> bool,
    ) -> Result<Applied, Error> {
        let mut cursor = self.cursor;
        let mut fresh = Vec::new();
        for met in batch {
            let recorded = match met {
                Met::Event(recorded) => recorded,
                Met::Unread(unread) => return Err(unread.clone().into()),
            };
            if recorded.position <= cursor {
                continue;
            }
            if skips(cursor, recorded.position) {
                return Err(Error::Conflict);
            }
            cursor = recorded.position;
            fresh.push(recorded);
        }
        for recorded in &fresh {
            self.take_in(recorded);
        }
        self.cursor = cursor;
        Ok(Applied {
            cursor,
            events: fresh.len(),
        })
    }

    fn take_in(&mut self, recorded: &Recorded) {
        let payment = recorded.event.payment;
        let mut known = Known::default();
        match store::needs(&recorded.event) {
            Needs::Nothing => {}
            Needs::Payment => known.payment = self.remembered.get(&payment).cloned(),
        }
        let share = store::derived(&recorded.event, known);
        match share.memory {
            Memory::Same => {}
            Memory::New(remembered) => {
                self.remembered.insert(payment, remembered);
            }
            Memory::Released => {
                if let Some(remembered) = self.remembered.get_mut(&payment) {
                    remembered.released = true;
                }
            }
        }
        if let Some(sum) = share.sum {
            self.add(sum);
        }
        if let Some(merchant) = share.shown_to {
            self.feed.push((merchant, recorded.position));
        }
    }

    fn add(&mut self, sum: Sum) {
        let (day, currency) = (sum.day.clone(), sum.currency.clone());
        let key = (sum.merchant, sum.day, sum.currency);
        let totals = self.totals.entry(key).or_insert(DailyTotals {
            day,
            currency,
            paid_count: 0,
            paid_minor: 0,
            reversed_count: 0,
            reversed_minor: 0,
        });
        let count = |count: i64| u64::try_from(count).unwrap_or(0);
        totals.paid_count = totals.paid_count.saturating_add(count(sum.paid_count));
        totals.paid_minor = totals.paid_minor.saturating_add(sum.paid_minor);
        totals.reversed_count = totals
            .reversed_count
            .saturating_add(count(sum.reversed_count));
        totals.reversed_minor = totals.reversed_minor.saturating_add(sum.reversed_minor);
    }

    /// The positions in a merchant's feed, in the order in which it reads them.
    pub(crate) fn feed(&self, merchant: &str) -> Vec<i64> {
        let lines = self.feed.iter().filter(|(whose, _)| whose == merchant);
        let mut positions: Vec<i64> = lines.map(|(_, position)| *position).collect();
        positions.sort_unstable();
        positions
    }

    /// A merchant's totals, by day and currency.
    pub(crate) fn totals(&self, merchant: &str) -> Vec<DailyTotals> {
        let all = self.totals.iter();
        let of_merchant = all.filter(|((whose, ..), _)| whose == merchant);
        of_merchant.map(|(_, totals)| totals.clone()).collect()
    }
}
