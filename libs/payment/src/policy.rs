//! The business numbers, validated. A merchant's policy is data, kept in the attempt's terms.

/// Raw numbers, as an operator writes them. All in milliseconds unless the name says otherwise.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct PolicyNumbers {
    /// From `T0`: a command delayed longer is ended unsent.
    pub last_begin_ms: i64,
    /// From `T0`: no approval by then, so the close-out begins.
    pub close_ms: i64,
    /// From `T0`: the last instant at which `paid` may be said.
    pub last_release_ms: i64,
    /// From `T0`: when the merchant's own patience ends (K4).
    pub merchant_timeout_ms: i64,
    /// What the answer may need on its way to the merchant.
    pub transit_margin_ms: i64,
    /// How long to wait for pay's answer (A6).
    pub pay_timeout_ms: i64,
    /// How long to wait for any other answer (A9, A14).
    pub call_timeout_ms: i64,
    /// Between inquiries (A5).
    pub inquiry_every_ms: i64,
    /// How many inquiries before the close-out (A5: 10 to 20).
    pub inquiries_max: u32,
    /// Between cancels (A14: 5 to 10 s).
    pub cancel_every_ms: i64,
    /// How long cancels are tried before a person is asked (A14, A15).
    pub cancel_patience_ms: i64,
    /// The first wait in the queue after that; doubles (A15).
    pub queue_first_ms: i64,
    /// The longest wait in the queue.
    pub queue_longest_ms: i64,
    /// How long after its expiry a pay could still arrive (decision 4).
    pub not_exist_margin_ms: i64,
    /// The cancel window's end, after midnight UTC+8 of the next day (AMS 5).
    pub cancel_window_past_midnight_ms: i64,
    /// When an approval counts as delivered.
    pub delivery: Delivery,
}

/// When an approval counts as delivered to the merchant (decision 8).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Delivery {
    /// When a door has handed it over.
    HandedOver,
    /// When the merchant confirmed it, at most this long after it was handed over.
    Acknowledged {
        /// Counted from the release.
        within_ms: i64,
    },
    /// At once: the approval releases itself.
    Off,
}

impl PolicyNumbers {
    /// RULES' own numbers.
    pub fn standard() -> Self {
        Self {
            last_begin_ms: 5_000,
            close_ms: 38_000,
            last_release_ms: 43_000,
            merchant_timeout_ms: 50_000,
            transit_margin_ms: 3_000,
            pay_timeout_ms: 5_000,
            call_timeout_ms: 3_000,
            inquiry_every_ms: 3_000,
            inquiries_max: 20,
            cancel_every_ms: 5_000,
            cancel_patience_ms: 60_000,
            queue_first_ms: 30_000,
            queue_longest_ms: 600_000,
            not_exist_margin_ms: 60_000,
            cancel_window_past_midnight_ms: 900_000,
            delivery: Delivery::HandedOver,
        }
    }
}

/// One thing wrong with a policy.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PolicyFault {
    /// A number out of its bounds.
    #[error("{name} is {value}; it must be {min} to {max}")]
    OutOfBounds {
        /// Which number.
        name: &'static str,
        /// What was given.
        value: i64,
        /// The least allowed.
        min: i64,
        /// The most allowed.
        max: i64,
    },
    /// Two instants in the wrong order (K4 among them).
    #[error("{earlier} must come before {later}: {why}")]
    NotIncreasing {
        /// What must be earlier.
        earlier: &'static str,
        /// What must be later.
        later: &'static str,
        /// What breaks otherwise.
        why: &'static str,
    },
}

/// Validated numbers.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Policy(PolicyNumbers);

impl Policy {
    /// Checks the numbers against the rulebook's bounds and against each other.
    ///
    /// # Errors
    /// Every fault found, not only the first.
    pub fn new(numbers: PolicyNumbers) -> Result<Self, Vec<PolicyFault>> {
        let mut faults = out_of_bounds(&numbers);
        faults.extend(not_increasing(&numbers));
        if faults.is_empty() {
            Ok(Self(numbers))
        } else {
            Err(faults)
        }
    }

    /// The raw numbers, to store or to show.
    pub fn numbers(&self) -> &PolicyNumbers {
        &self.0
    }
}

macro_rules! read {
    ($($(#[$doc:meta])* $name:ident: $kind:ty),* $(,)?) => {
        impl Policy {
            $($(#[$doc])* pub fn $name(&self) -> $kind { self.0.$name })*
        }
    };
}

read! {
    /// From `T0` to the last begin.
    last_begin_ms: i64,
    /// From `T0` to the close.
    close_ms: i64,
    /// From `T0` to the last release.
    last_release_ms: i64,
    /// From `T0` to the merchant's own timeout.
    merchant_timeout_ms: i64,
    /// pay's time-out.
    pay_timeout_ms: i64,
    /// Every other call's time-out.
    call_timeout_ms: i64,
    /// Between inquiries.
    inquiry_every_ms: i64,
    /// Inquiries before the close-out.
    inquiries_max: u32,
    /// Between cancels.
    cancel_every_ms: i64,
    /// How long before a person is asked.
    cancel_patience_ms: i64,
    /// The queue's first wait.
    queue_first_ms: i64,
    /// The queue's longest wait.
    queue_longest_ms: i64,
    /// How long after expiry a pay could still arrive.
    not_exist_margin_ms: i64,
    /// The cancel window's end after midnight UTC+8.
    cancel_window_past_midnight_ms: i64,
    /// When an approval counts as delivered.
    delivery: Delivery,
}

fn out_of_bounds(n: &PolicyNumbers) -> Vec<PolicyFault> {
    let within_ms = match n.delivery {
        Delivery::Acknowledged { within_ms } => within_ms,
        Delivery::HandedOver | Delivery::Off => 1_000,
    };
    // Lower ends are loose enough for an impatient laboratory, upper ends are the protocol's:
    // a payment expires within ten minutes at Alipay (AMS 3.1).
    [
        ("last_begin_ms", n.last_begin_ms, 100, 60_000),
        ("close_ms", n.close_ms, 300, 599_000),
        ("last_release_ms", n.last_release_ms, 400, 900_000),
        ("merchant_timeout_ms", n.merchant_timeout_ms, 500, 1_800_000),
        ("transit_margin_ms", n.transit_margin_ms, 50, 60_000),
        ("pay_timeout_ms", n.pay_timeout_ms, 50, 30_000),
        ("call_timeout_ms", n.call_timeout_ms, 50, 30_000),
        ("inquiry_every_ms", n.inquiry_every_ms, 50, 30_000),
        ("inquiries_max", i64::from(n.inquiries_max), 10, 20),
        ("cancel_every_ms", n.cancel_every_ms, 50, 10_000),
        ("cancel_patience_ms", n.cancel_patience_ms, 200, 600_000),
        ("queue_first_ms", n.queue_first_ms, 50, 3_600_000),
        ("queue_longest_ms", n.queue_longest_ms, 50, 86_400_000),
        ("not_exist_margin_ms", n.not_exist_margin_ms, 200, 3_600_000),
        (
            "cancel_window_past_midnight_ms",
            n.cancel_window_past_midnight_ms,
            0,
            86_400_000,
        ),
        ("acknowledged.within_ms", within_ms, 200, 86_400_000),
    ]
    .into_iter()
    .filter(|(_, value, min, max)| !(min..=max).contains(&value))
    .map(|(name, value, min, max)| PolicyFault::OutOfBounds {
        name,
        value,
        min,
        max,
    })
    .collect()
}

fn not_increasing(n: &PolicyNumbers) -> Vec<PolicyFault> {
    let merchant_less_margin_ms = n.merchant_timeout_ms.saturating_sub(n.transit_margin_ms);
    [
        (
            ("last_begin_ms", n.last_begin_ms),
            ("close_ms", n.close_ms),
            "a payment begun at the close could never be approved",
        ),
        (
            ("close_ms", n.close_ms),
            ("last_release_ms", n.last_release_ms),
            "an approval needs time to reach the merchant",
        ),
        (
            ("last_release_ms", n.last_release_ms),
            (
                "merchant_timeout_ms less transit_margin_ms",
                merchant_less_margin_ms,
            ),
            "the gateway's timeout must be shorter than the merchant's (K4)",
        ),
        (
            ("queue_first_ms", n.queue_first_ms),
            ("queue_longest_ms + 1", n.queue_longest_ms.saturating_add(1)),
            "the queue's waits grow from the first to the longest",
        ),
    ]
    .into_iter()
    .filter(|((_, earlier), (_, later), _)| earlier >= later)
    .map(
        |((earlier, _), (later, _), why)| PolicyFault::NotIncreasing {
            earlier,
            later,
            why,
        },
    )
    .collect()
}
