//! When each sale of a burst is due, and which of them count once the warm-up is trimmed. Pure.

use super::spread::Spread;
use crate::load::{Asked, Sale};
use std::ops::Range;

/// Sales at one rate for some time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Burst {
    /// Sales begun per second.
    pub per_second: u32,
    /// How long, warm-up included, in seconds.
    pub lasting_s: u64,
    /// How much of the beginning does not count, in seconds.
    pub warm_up_s: u64,
}

/// What was seen of the sales that count.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Seen {
    /// From the intended beginning to the first answer that the payment was taken.
    pub(super) accepted: Spread,
    /// From the intended beginning to the final answer.
    pub(super) told: Spread,
    /// From the intended beginning to the first byte sent: the load's own lateness.
    pub(super) late: Spread,
    /// Sales that were due in the window.
    pub(super) due: u64,
    /// Final answers that came in the window, whenever their sales were due.
    pub(super) completed: u64,
    /// Sales that were due in the window and never told.
    pub(super) untold: u64,
}

impl Burst {
    /// How many sales.
    pub fn sales(&self) -> u64 {
        u64::from(self.per_second).saturating_mul(self.lasting_s)
    }

    /// When the sale of this place is due, in microseconds from the beginning.
    pub fn due_us(&self, place: u64) -> u64 {
        let per_second = u64::from(self.per_second.max(1));
        place.saturating_mul(1_000_000) / per_second
    }

    /// What counts, in microseconds from the beginning.
    pub(super) fn window_us(&self) -> Range<u64> {
        let us = |seconds: u64| seconds.saturating_mul(1_000_000);
        us(self.warm_up_s.min(self.lasting_s))..us(self.lasting_s)
    }
}

/// What these sales show of the window, in microseconds of their clock.
pub(super) fn seen(sales: &[Sale], window: &Range<u64>) -> anyhow::Result<Seen> {
    let due = sales.iter().filter(|sale| window.contains(&sale.began_us));
    let due: Vec<&Sale> = due.collect();
    let since = |sale: &Sale, us: Option<u64>| us.map(|us| us.saturating_sub(sale.began_us));
    let completed = sales.iter().filter_map(Sale::told_us);
    let untold = due.iter().filter(|sale| sale.told_us().is_none()).count();
    Ok(Seen {
        accepted: Spread::of(due.iter().filter_map(|sale| since(sale, taken_us(sale))))?,
        told: Spread::of(due.iter().filter_map(|sale| sale.took_us()))?,
        late: Spread::of(due.iter().filter_map(|sale| {
            let first = sale.heard.first().map(|heard| heard.asked_us);
            since(sale, first)
        }))?,
        due: u64::try_from(due.len())?,
        completed: u64::try_from(completed.filter(|us| window.contains(us)).count())?,
        untold: u64::try_from(untold)?,
    })
}

/// When a `POST` was first answered with the payment.
fn taken_us(sale: &Sale) -> Option<u64> {
    let taken = sale
        .heard
        .iter()
        .find(|heard| heard.asked == Asked::Pay && heard.said.outcome().is_some());
    taken.map(|heard| heard.heard_us)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Heard, Said};

    fn heard(asked: Asked, asked_us: u64, heard_us: u64, outcome: &str) -> Heard {
        Heard {
            asked,
            gateway: 0,
            asked_us,
            heard_us,
            said: Said::Payment {
                status: "accepted".to_owned(),
                outcome: outcome.to_owned(),
            },
        }
    }

    fn sale(number: u64, began_us: u64, heard: Vec<Heard>) -> Sale {
        let mut sale = Sale::new("w", number, "0000");
        sale.began_us = began_us;
        sale.heard = heard;
        sale
    }

    #[test]
    fn sales_are_due_evenly_and_their_number_is_rate_by_time() {
        let burst = Burst {
            per_second: 300,
            lasting_s: 10,
            warm_up_s: 2,
        };
        assert_eq!(burst.sales(), 3_000);
        assert_eq!(burst.due_us(0), 0);
        assert_eq!(burst.due_us(299), 996_666);
        assert_eq!(burst.due_us(300), 1_000_000);
        assert_eq!(burst.window_us(), 2_000_000..10_000_000);
    }

    #[test]
    fn a_warm_up_longer_than_the_burst_leaves_nothing() {
        let burst = Burst {
            per_second: 1,
            lasting_s: 3,
            warm_up_s: 9,
        };
        assert!(burst.window_us().is_empty());
    }

    #[test]
    fn the_warm_up_is_trimmed_and_time_counts_from_the_intended_beginning() {
        let slow_at_first = heard(Asked::Pay, 500_000, 900_000, "paid");
        // Due at 1.1 s, but the load itself began it 0.3 s late: that counts too.
        let late = heard(Asked::Pay, 1_400_000, 1_500_000, "pending");
        let told = heard(Asked::Look, 1_500_000, 1_700_000, "paid");
        let sales = [
            sale(0, 100_000, vec![slow_at_first]),
            sale(1, 1_100_000, vec![late, told]),
        ];
        let seen = seen(&sales, &(1_000_000..2_000_000)).unwrap();
        assert_eq!((seen.due, seen.completed, seen.untold), (1, 1, 0));
        let about = |found: u64, wanted: u64| found.abs_diff(wanted) <= wanted / 500;
        assert!(about(seen.accepted.max_us, 400_000), "{seen:?}");
        assert!(about(seen.told.max_us, 600_000), "{seen:?}");
        assert!(about(seen.late.max_us, 300_000), "{seen:?}");
    }

    #[test]
    fn a_sale_that_was_never_told_is_counted() {
        let pending = heard(Asked::Pay, 10, 20, "pending");
        let seen = seen(&[sale(0, 5, vec![pending])], &(0..1_000)).unwrap();
        assert_eq!((seen.due, seen.completed, seen.untold), (1, 0, 1));
    }
}
