//! What one world is like: who lives in it and what goes wrong how often. Each kind of fault is
//! there in some worlds and absent in others, so that none hides behind another.

use super::dice::Dice;
use payment::{Delivery, Policy, PolicyNumbers};

/// 2026-11-23T04:00:00Z: noon at Alipay.
const NOON_MS: i64 = 1_795_406_400_000;

/// From noon to three minutes before midnight at Alipay, where the day of a cancel window changes.
const TO_MIDNIGHT_MS: i64 = (12 * 60 - 3) * 60_000;

/// A world, before it begins. Rates are per thousand.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) sales: u32,
    pub(crate) workers: usize,
    pub(crate) gateways: usize,
    /// Whether the workers share their leases; if not, nothing serializes results (X6, X31).
    pub(crate) leases_shared: bool,
    pub(crate) begins_at_ms: i64,
    pub(crate) spread_ms: i64,
    /// Alipay's clock, ahead of ours.
    pub(crate) alipay_ahead_ms: i64,
    pub(crate) journal: JournalFaults,
    pub(crate) log: LogFaults,
    pub(crate) wire: WireFaults,
    /// Between two mishaps of processes, on average; `None`: none happen.
    pub(crate) mishap_every_ms: Option<i64>,
    pub(crate) deliveries: Deliveries,
    /// How often a merchant does something other than wait.
    pub(crate) unrest: u32,
    /// How often an append commits late.
    pub(crate) commit_late: u32,
    /// How late at most.
    pub(crate) commit_ms: i64,
    pub(crate) projector: ProjectorFaults,
    /// How often a till hangs up before it has its answer.
    pub(crate) hang_ups: u32,
    /// Whether some processes are of an earlier release than others, and can't read all.
    pub(crate) mixed: bool,
}

/// What goes wrong with the projectors.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProjectorFaults {
    pub(crate) projectors: usize,
    pub(crate) every_ms: u64,
    pub(crate) batch_events: u32,
    pub(crate) slow_ms: i64,
    pub(crate) away: u32,
    pub(crate) unheard: u32,
    /// Between two mishaps, on average; `None`: none happen.
    pub(crate) mishap_every_ms: Option<i64>,
    /// How long a mishap lasts at most.
    pub(crate) away_ms: i64,
    /// They are killed then and don't come back before all is calm; half of the sales are made an
    /// hour later (X32).
    pub(crate) gone_after_ms: Option<i64>,
}

/// What goes wrong at the journal.
#[derive(Clone, Debug, Default)]
pub(crate) struct JournalFaults {
    pub(crate) slow_ms: i64,
    pub(crate) away: u32,
    pub(crate) unheard: u32,
    pub(crate) conflict: u32,
    pub(crate) wake_ups_missed: u32,
    /// The process is stopped right after it wrote an intention (X12).
    pub(crate) stops: u32,
}

/// What goes wrong at the command log.
#[derive(Clone, Debug, Default)]
pub(crate) struct LogFaults {
    pub(crate) slow_ms: i64,
    pub(crate) away: u32,
    pub(crate) unheard: u32,
    pub(crate) poison: u32,
}

/// What goes wrong between us and Alipay, and at Alipay.
#[derive(Clone, Debug, Default)]
pub(crate) struct WireFaults {
    pub(crate) lost: u32,
    pub(crate) swallowed: u32,
    pub(crate) late: u32,
    pub(crate) unreachable: u32,
    pub(crate) disbelieved: u32,
    /// Done, and answered U all the same.
    pub(crate) doubt: u32,
    /// How often an account is of an unusual temper.
    pub(crate) temper: u32,
    pub(crate) notice_late: u32,
    pub(crate) notice_lost: u32,
}

/// Which policies the merchants have.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Deliveries {
    HandedOver,
    Mixed,
}

impl Plan {
    /// The world of this seed.
    pub(crate) fn of(seed: u64, sales: u32) -> Self {
        let dice = Dice::new(seed ^ 0x7469_6465_6761_7465);
        let aside = Dice::new(seed ^ 0x7072_6f6a_6563_746f);
        let some = |high: u32| rate(&dice, high);
        let eve = dice.per_mille(120);
        Self {
            sales,
            workers: dice.below(3).saturating_add(1),
            gateways: dice.below(2).saturating_add(1),
            leases_shared: dice.per_mille(600),
            begins_at_ms: NOON_MS.saturating_add(if eve { TO_MIDNIGHT_MS } else { 0 }),
            spread_ms: if eve {
                178_000
            } else {
                dice.between(20_000, 400_000)
            },
            alipay_ahead_ms: if dice.per_mille(400) {
                dice.between(-4_000, 4_000)
            } else {
                0
            },
            journal: JournalFaults {
                slow_ms: dice.wait_ms(600),
                away: some(30),
                unheard: some(30),
                conflict: some(60),
                wake_ups_missed: some(500),
                stops: some(20),
            },
            log: LogFaults {
                slow_ms: dice.wait_ms(200),
                away: some(40),
                unheard: some(40),
                poison: some(10),
            },
            wire: WireFaults {
                lost: some(150),
                swallowed: some(100),
                late: some(60),
                unreachable: some(60),
                disbelieved: some(60),
                doubt: some(100),
                temper: some(600),
                notice_late: some(300),
                notice_lost: some(500),
            },
            mishap_every_ms: dice.per_mille(700).then(|| dice.between(2_000, 40_000)),
            deliveries: if dice.per_mille(400) {
                Deliveries::Mixed
            } else {
                Deliveries::HandedOver
            },
            unrest: some(400).max(20),
            // Dice of their own: sales go as they would without these.
            commit_late: rate(&aside, 300),
            commit_ms: aside.wait_ms(8_000),
            projector: ProjectorFaults::of(&aside),
            hang_ups: rate(&aside, 300),
            mixed: aside.per_mille(150),
        }
    }

    /// Whether a door that released always learns so, and lives to tell it or to take it back.
    pub(crate) fn releases_are_told(&self) -> bool {
        !self.mixed && self.journal.unheard == 0 && self.mishap_every_ms.is_none()
    }

    /// The policy of a merchant's sale.
    pub(crate) fn policy(&self, dice: &Dice) -> Option<Policy> {
        let delivery = match (self.deliveries, dice.below(3)) {
            (Deliveries::Mixed, 1) => Delivery::Off,
            (Deliveries::Mixed, 2) => Delivery::Acknowledged { within_ms: 60_000 },
            (Deliveries::Mixed | Deliveries::HandedOver, _) => Delivery::HandedOver,
        };
        let numbers = PolicyNumbers {
            delivery,
            ..PolicyNumbers::standard()
        };
        Policy::new(numbers).ok()
    }
}

impl ProjectorFaults {
    fn of(dice: &Dice) -> Self {
        Self {
            projectors: dice.below(2).saturating_add(1),
            every_ms: u64::try_from(dice.between(1_000, 20_000)).unwrap_or(1_000),
            batch_events: u32::try_from(dice.between(1, 200)).unwrap_or(1),
            slow_ms: dice.wait_ms(2_000),
            away: rate(dice, 100),
            unheard: rate(dice, 200),
            mishap_every_ms: dice.per_mille(600).then(|| dice.between(10_000, 200_000)),
            away_ms: dice.wait_ms(3 * 3_600_000),
            gone_after_ms: dice.per_mille(40).then(|| dice.between(0, 300_000)),
        }
    }
}

/// How often in a thousand; in half of the worlds never.
fn rate(dice: &Dice, high: u32) -> u32 {
    let rate = dice.between(1, i64::from(high));
    if dice.per_mille(500) {
        u32::try_from(rate).unwrap_or(0)
    } else {
        0
    }
}
