//! The business numbers, validated. A merchant's policy is data, kept in the attempt's terms.
//! A profile says how far numbers may stray: the guide's bounds, or a trial's wider ones. What was
//! accepted under an earlier release's bounds is read back as it was.

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

/// How far a policy's numbers may stray.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Profile {
    /// As Alipay's guide and the rulebook have them.
    #[default]
    Guide,
    /// As a test or a benchmark needs them, where no customer's money moves.
    Trial,
}

/// One thing wrong with a policy.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PolicyFault {
    /// A number out of its bounds.
    #[error("{name} is {value}; it must be {}", bounds(.min, .max))]
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
    #[error("{earlier} is {earlier_ms}; it must be less than {later}, which is {later_ms}: {why}")]
    NotIncreasing {
        /// What must be earlier.
        earlier: &'static str,
        /// What it is.
        earlier_ms: i64,
        /// What must be later.
        later: &'static str,
        /// What that is.
        later_ms: i64,
        /// What breaks otherwise.
        why: &'static str,
    },
}

fn bounds(min: &i64, max: &i64) -> String {
    if min == max {
        min.to_string()
    } else {
        format!("{min} to {max}")
    }
}

impl PolicyFault {
    /// The name of the number at fault, without what it is.
    pub fn number(&self) -> &'static str {
        match self {
            Self::OutOfBounds { name, .. } => name,
            Self::NotIncreasing { earlier, .. } => match *earlier {
                BEGIN_TO_INQUIRY => "close_ms",
                number => number,
            },
        }
    }
}

/// Validated numbers, or numbers that were validated when they were taken.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Policy(PolicyNumbers);

/// A payment that is begun last, until its first inquiry is answered.
const BEGIN_TO_INQUIRY: &str = "last_begin_ms + pay_timeout_ms + inquiry_every_ms";

/// The fewest inquiries that A5 wants.
const INQUIRIES_MIN: i64 = 10;

impl Policy {
    /// Checks the numbers against the guide's bounds and against each other.
    ///
    /// # Errors
    /// Every fault found, not only the first.
    pub fn new(numbers: PolicyNumbers) -> Result<Self, Vec<PolicyFault>> {
        Self::under(Profile::Guide, numbers)
    }

    /// The same against this profile's bounds.
    ///
    /// # Errors
    /// As [`Policy::new`].
    pub fn under(profile: Profile, numbers: PolicyNumbers) -> Result<Self, Vec<PolicyFault>> {
        let mut faults = out_of_bounds(profile, &numbers);
        faults.extend(not_increasing(profile, &numbers));
        if faults.is_empty() {
            Ok(Self(numbers))
        } else {
            Err(faults)
        }
    }

    /// Numbers that a payment was accepted under. They stand as they are, whatever this release
    /// would accept: a payment that is open must be finished.
    pub fn recorded(numbers: PolicyNumbers) -> Self {
        Self(numbers)
    }

    /// The raw numbers, to store or to show.
    pub fn numbers(&self) -> &PolicyNumbers {
        &self.0
    }

    /// How many inquiries fit between pay's time-out and the close, where that is fewer than A5
    /// wants: the close cuts them short (K4).
    pub fn inquiries_cut_to(&self) -> Option<i64> {
        let n = &self.0;
        let room_ms = n.close_ms.saturating_sub(n.pay_timeout_ms);
        let fit = room_ms.checked_div(n.inquiry_every_ms)?.max(0);
        (fit < INQUIRIES_MIN).then_some(fit)
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

/// A number's name, what it is, and its bounds: the guide's, and a trial's.
type Bounds = (&'static str, i64, (i64, i64), (i64, i64));

fn out_of_bounds(profile: Profile, n: &PolicyNumbers) -> Vec<PolicyFault> {
    let all = instants(n).into_iter().chain(paces(n));
    all.filter_map(|(name, value, guide, trial)| {
        let (min, max) = match profile {
            Profile::Guide => guide,
            Profile::Trial => trial,
        };
        let fault = PolicyFault::OutOfBounds {
            name,
            value,
            min,
            max,
        };
        (!(min..=max).contains(&value)).then_some(fault)
    })
    .collect()
}

/// A payment expires within ten minutes at Alipay (AMS 3.1). A till's network needs half a second
/// for the answer.
fn instants(n: &PolicyNumbers) -> [Bounds; 7] {
    let within_ms = match n.delivery {
        Delivery::Acknowledged { within_ms } => within_ms,
        Delivery::HandedOver | Delivery::Off => 1_000,
    };
    let day_ms = 86_400_000;
    [
        (
            "last_begin_ms",
            n.last_begin_ms,
            (1_000, 60_000),
            (100, 60_000),
        ),
        ("close_ms", n.close_ms, (9_000, 599_000), (300, 599_000)),
        (
            "last_release_ms",
            n.last_release_ms,
            (10_000, 900_000),
            (400, 900_000),
        ),
        (
            "merchant_timeout_ms",
            n.merchant_timeout_ms,
            (11_000, 1_800_000),
            (500, 1_800_000),
        ),
        (
            "transit_margin_ms",
            n.transit_margin_ms,
            (500, 60_000),
            (50, 60_000),
        ),
        // A cancel window that is believed to be open longer than Alipay has it ends in cancels
        // that are refused.
        (
            "cancel_window_past_midnight_ms",
            n.cancel_window_past_midnight_ms,
            (0, 900_000),
            (0, day_ms),
        ),
        (
            "acknowledge_within_ms",
            within_ms,
            (1_000, day_ms),
            (200, day_ms),
        ),
    ]
}

/// A5 and A9: every 3 s, 10 to 20 times, 3 s for an answer. A6: 5 s for pay's. A14: every 5 to 10 s
/// for 60 s at least. What is proven by absence (decision 4) needs a pay's longest way to be over.
fn paces(n: &PolicyNumbers) -> [Bounds; 9] {
    let trial_ms = (50, 30_000);
    [
        ("pay_timeout_ms", n.pay_timeout_ms, (3_000, 5_000), trial_ms),
        (
            "call_timeout_ms",
            n.call_timeout_ms,
            (3_000, 3_000),
            trial_ms,
        ),
        (
            "inquiry_every_ms",
            n.inquiry_every_ms,
            (3_000, 3_000),
            trial_ms,
        ),
        (
            "inquiries_max",
            i64::from(n.inquiries_max),
            (INQUIRIES_MIN, 20),
            (INQUIRIES_MIN, 20),
        ),
        (
            "cancel_every_ms",
            n.cancel_every_ms,
            (5_000, 10_000),
            (50, 10_000),
        ),
        (
            "cancel_patience_ms",
            n.cancel_patience_ms,
            (60_000, 600_000),
            (200, 600_000),
        ),
        (
            "queue_first_ms",
            n.queue_first_ms,
            (5_000, 3_600_000),
            (50, 3_600_000),
        ),
        (
            "queue_longest_ms",
            n.queue_longest_ms,
            (5_000, 86_400_000),
            (50, 86_400_000),
        ),
        (
            "not_exist_margin_ms",
            n.not_exist_margin_ms,
            (30_000, 3_600_000),
            (200, 3_600_000),
        ),
    ]
}

fn not_increasing(profile: Profile, n: &PolicyNumbers) -> Vec<PolicyFault> {
    let merchant_less_margin_ms = n.merchant_timeout_ms.saturating_sub(n.transit_margin_ms);
    let begin_to_inquiry_ms = n
        .last_begin_ms
        .saturating_add(n.pay_timeout_ms)
        .saturating_add(n.inquiry_every_ms);
    let inquired = (
        (BEGIN_TO_INQUIRY, begin_to_inquiry_ms),
        ("close_ms", n.close_ms),
        "a payment that is begun last must be inquired about once before the close",
    );
    let always = [
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
    ];
    let of_guide = match profile {
        // Of two faults that are one, the plainer is told.
        Profile::Guide if n.last_begin_ms < n.close_ms => Some(inquired),
        Profile::Guide | Profile::Trial => None,
    };
    always
        .into_iter()
        .chain(of_guide)
        .filter(|((_, earlier_ms), (_, later_ms), _)| earlier_ms >= later_ms)
        .map(
            |((earlier, earlier_ms), (later, later_ms), why)| PolicyFault::NotIncreasing {
                earlier,
                earlier_ms,
                later,
                later_ms,
                why,
            },
        )
        .collect()
}
