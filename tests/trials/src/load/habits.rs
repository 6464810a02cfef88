//! What some tills and customers do out of the ordinary while a trial wants them to: tills that hang
//! up while the customer types the PIN, customers who type it at the last moment, and merchants who
//! cancel before the customer has typed it.

use super::customer;
use super::sale::Sale;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// PIN typed for twelve seconds: a till that hangs up before is gone when the approval comes.
const TYPES_LONG: &str = "0112";

/// PIN never typed, unless somebody says so.
const NEVER_TYPES: &str = "0199";

/// Charged unheard: the account leaves thirteen inquiries unanswered, and refuses to cancel.
const UNHEARD: &str = "0603";

/// Pays at once.
const PAYS: &str = "0000";

/// When a till hangs up at the latest after its sale began: a gateway has four seconds to notice
/// before the PIN is typed.
pub(super) const HANGS_UP_BY: Duration = Duration::from_secs(8);

/// When a till hangs up, in milliseconds after its sale began.
const HANGS_UP_MS: std::ops::Range<u64> = 300..7_000;

/// When a customer types the PIN at the last moment, in milliseconds after the sale began: the
/// close-out begins after 38 seconds, and `paid` may be said until 43.
const TYPES_LATE_MS: std::ops::Range<u64> = 32_000..37_800;

/// When a merchant who changes its mind cancels, in milliseconds after the sale was taken.
const CANCELS_MS: std::ops::Range<u64> = 500..10_000;

/// When the customer of such a sale types the PIN, in milliseconds after it began: a cancel that was
/// lost is seen by then, since the sale is paid.
const TYPES_AFTER_CANCEL_MS: std::ops::Range<u64> = 14_000..30_000;

/// The door at which a till hangs up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Door {
    /// `POST /v1/payments` that waits.
    Pay,
    /// `GET /v1/payments/{id}` that waits.
    Look,
    /// The events of one payment as they happen.
    Stream,
}

/// A till that hangs up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HangUp {
    /// At which door.
    pub door: Door,
    /// How long after the sale began.
    pub after: Duration,
    /// It closes its sending half alone and would still hear an answer; else it is gone.
    pub listens_on: bool,
    /// How long after the sale began it asks again; `None` if it never does.
    pub asks_after: Option<Duration>,
}

/// How many of a thousand sales go so. None at first.
#[derive(Debug, Default)]
pub struct Habits {
    hang_up_per_mille: AtomicU32,
    type_late_per_mille: AtomicU32,
    change_mind_per_mille: AtomicU32,
    simulator: Mutex<String>,
}

impl Habits {
    /// From now on so many of a thousand tills hang up.
    pub fn hang_up(&self, per_mille: u32) {
        self.hang_up_per_mille.store(per_mille, Ordering::Relaxed);
    }

    /// From now on so many of a thousand customers type the PIN at the last moment, at the simulated
    /// Alipay with this address.
    pub fn type_late(&self, per_mille: u32, simulator: String) {
        let known = self.simulator.lock();
        *known.unwrap_or_else(PoisonError::into_inner) = simulator;
        self.type_late_per_mille.store(per_mille, Ordering::Relaxed);
    }

    /// From now on so many of a thousand merchants cancel while the customer types the PIN, which is
    /// done some seconds later; at the simulated Alipay that [`Self::type_late`] was given.
    pub fn change_mind(&self, per_mille: u32) {
        self.change_mind_per_mille
            .store(per_mille, Ordering::Relaxed);
    }

    pub(super) fn touch(&self, sale: &mut Sale, seed: u64) {
        let mut dice = fastrand::Rng::with_seed(seed.wrapping_mul(1_000_003) ^ sale.number);
        let (up, late) = (dice.u32(..1_000), dice.u32(..1_000));
        let minds_change = self.change_mind_per_mille.load(Ordering::Relaxed);
        if minds_change > 0 && sale.behavior == UNHEARD {
            // Where nobody who can read it asks for a minute, the queue asks the rest of the thirteen
            // times, for hours: longer than any audit waits.
            sale.behavior = PAYS;
        }
        if up < self.hang_up_per_mille.load(Ordering::Relaxed) {
            sale.behavior = TYPES_LONG;
            sale.cancel_after = None;
            sale.hangs_up = Some(drawn(&mut dice));
        } else if up < minds_change {
            sale.behavior = NEVER_TYPES;
            sale.cancel_after = Some(Duration::from_millis(dice.u64(CANCELS_MS)));
            sale.types_after = Some(Duration::from_millis(dice.u64(TYPES_AFTER_CANCEL_MS)));
        } else if late < self.type_late_per_mille.load(Ordering::Relaxed) {
            sale.behavior = NEVER_TYPES;
            sale.cancel_after = None;
            sale.types_after = Some(Duration::from_millis(dice.u64(TYPES_LATE_MS)));
        }
    }

    /// The customer of a sale, where the PIN waits for a word.
    pub(super) fn customer(&self, sale: &Sale) -> Option<impl Future<Output = ()> + use<>> {
        let after = sale.types_after?;
        let simulator = self.simulator.lock();
        let simulator = simulator.unwrap_or_else(PoisonError::into_inner).clone();
        Some(customer::types(simulator, sale.order.clone(), after))
    }
}

fn drawn(dice: &mut fastrand::Rng) -> HangUp {
    let door = match dice.u8(..3) {
        0 => Door::Pay,
        1 => Door::Look,
        _ => Door::Stream,
    };
    // Before the PIN is typed, just after, and past the last release; two thirds never.
    let asks_after = match dice.u8(..9) {
        0 => Some(Duration::from_secs(10)),
        1 => Some(Duration::from_secs(14)),
        2 => Some(Duration::from_secs(46)),
        _ => None,
    };
    HangUp {
        door,
        after: Duration::from_millis(dice.u64(HANGS_UP_MS)),
        listens_on: dice.u8(..4) == 0,
        asks_after,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touched(habits: &Habits, number: u64) -> Sale {
        let mut sale = Sale::new("h", number, "0000");
        sale.cancel_after = Some(Duration::ZERO);
        habits.touch(&mut sale, 7);
        sale
    }

    #[test]
    fn nobody_does_anything_out_of_the_ordinary_unless_asked_to() {
        let sale = touched(&Habits::default(), 1);
        assert_eq!((sale.hangs_up, sale.types_after), (None, None));
        assert_eq!(sale.behavior, "0000");
    }

    #[test]
    fn every_till_that_hangs_up_is_gone_seconds_before_its_customer_pays() {
        let habits = Habits::default();
        habits.hang_up(1_000);
        for sale in (0..200).map(|number| touched(&habits, number)) {
            let up = sale.hangs_up.unwrap();
            assert!(up.after < HANGS_UP_BY, "{up:?}");
            assert!(up.asks_after.is_none_or(|asks| asks > up.after), "{up:?}");
            assert_eq!((sale.behavior, sale.cancel_after), (TYPES_LONG, None));
        }
    }

    #[test]
    fn a_merchant_who_changes_its_mind_cancels_before_the_customer_pays() {
        let habits = Habits::default();
        habits.change_mind(1_000);
        for sale in (0..200).map(|number| touched(&habits, number)) {
            assert!(sale.cancel_after.unwrap() < sale.types_after.unwrap());
            assert_eq!(sale.behavior, NEVER_TYPES);
        }
        habits.change_mind(1);
        let mut unheard = Sale::new("h", 1, UNHEARD);
        habits.touch(&mut unheard, 7);
        assert_eq!((unheard.behavior, unheard.cancel_after), (PAYS, None));
    }

    #[test]
    fn the_same_seed_brings_the_same_habits() {
        let habits = Habits::default();
        habits.hang_up(500);
        habits.type_late(100, String::new());
        for number in 0..50 {
            let (one, other) = (touched(&habits, number), touched(&habits, number));
            assert_eq!(one.hangs_up, other.hangs_up);
            assert_eq!(one.types_after, other.types_after);
        }
    }
}
