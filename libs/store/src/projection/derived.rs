//! What one event adds to feed and totals. Pure: out of the event and what earlier events left,
//! nothing else, so that a rebuild comes to the same, on every engine. No SQL: `derive` looks up
//! and applies.

use payment::{Event, Fact, Terms, Timestamp};

/// What is remembered of a payment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Remembered {
    /// Whose it is.
    pub merchant: String,
    /// What it is about, in minor units.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// Whether the merchant was told that it is paid.
    pub released: bool,
}

/// What must be looked up before an event's share can be told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Needs {
    /// The event says it all.
    Nothing,
    /// What is remembered of its payment.
    Payment,
}

/// What was found; `None` where nothing was, or nobody looked.
#[derive(Clone, Default, Debug)]
pub struct Known {
    /// What is remembered of the event's payment.
    pub payment: Option<Remembered>,
}

/// What an event changes in what is remembered.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub enum Memory {
    /// Nothing.
    #[default]
    Same,
    /// A payment is new.
    New(Remembered),
    /// A payment is released.
    Released,
}

/// What an event adds to a merchant's day in its currency.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sum {
    /// Whose day.
    pub merchant: String,
    /// The day in UTC, as `2026-11-23`.
    pub day: String,
    /// ISO 4217.
    pub currency: String,
    /// Payments released.
    pub paid_count: i64,
    /// Their sum in minor units.
    pub paid_minor: i64,
    /// Released payments whose reversal is proven.
    pub reversed_count: i64,
    /// Their sum in minor units.
    pub reversed_minor: i64,
}

/// An event's share. Where it is shown to nobody, all is empty: it is between Alipay and us.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Derived {
    /// What is remembered from now on.
    pub memory: Memory,
    /// What is added to the totals.
    pub sum: Option<Sum>,
    /// In whose feed the event stands.
    pub shown_to: Option<String>,
}

/// What must be known of this event.
pub fn needs(event: &Event) -> Needs {
    match &event.fact {
        Fact::Released
        | Fact::Ended(_)
        | Fact::Acknowledged
        | Fact::CancelRequested
        | Fact::CloseBegun(_)
        | Fact::AttentionRaised
        | Fact::Resolved(_) => Needs::Payment,
        Fact::Accepted(_)
        | Fact::CancelKept
        | Fact::Begun { .. }
        | Fact::Answered { .. }
        | Fact::Noticed(_)
        | Fact::Approved(_)
        | Fact::Retold
        | Fact::Alarmed(_) => Needs::Nothing,
    }
}

/// The event's share, from what it [`needs`].
pub fn derived(event: &Event, known: Known) -> Derived {
    match &event.fact {
        Fact::Accepted(terms) => Derived {
            memory: Memory::New(Remembered::of(terms)),
            shown_to: Some(terms.merchant.as_str().to_owned()),
            sum: None,
        },
        Fact::Released => known
            .payment
            .map_or_else(Derived::default, |payment| Derived {
                memory: Memory::Released,
                sum: Some(Sum::paid(&payment, event.at)),
                shown_to: Some(payment.merchant),
            }),
        Fact::Ended(_) => known
            .payment
            .map_or_else(Derived::default, |payment| Derived {
                memory: Memory::Same,
                sum: payment.released.then(|| Sum::reversed(&payment, event.at)),
                shown_to: Some(payment.merchant),
            }),
        Fact::Acknowledged
        | Fact::CancelRequested
        | Fact::CloseBegun(_)
        | Fact::AttentionRaised
        | Fact::Resolved(_) => Derived::shown_to(known.payment.map(|payment| payment.merchant)),
        // Between Alipay and us, or between doors; an approval is not the merchant's before it is
        // released.
        Fact::CancelKept
        | Fact::Begun { .. }
        | Fact::Answered { .. }
        | Fact::Noticed(_)
        | Fact::Approved(_)
        | Fact::Retold
        | Fact::Alarmed(_) => Derived::default(),
    }
}

impl Remembered {
    fn of(terms: &Terms) -> Self {
        Self {
            merchant: terms.merchant.as_str().to_owned(),
            amount_minor: terms.amount.amount_minor(),
            currency: terms.amount.currency().code().to_owned(),
            released: false,
        }
    }
}

impl Derived {
    fn shown_to(merchant: Option<String>) -> Self {
        Self {
            shown_to: merchant,
            ..Self::default()
        }
    }
}

impl Sum {
    fn paid(payment: &Remembered, at: Timestamp) -> Self {
        Self {
            paid_count: 1,
            paid_minor: payment.amount_minor,
            ..Self::nothing(payment, at)
        }
    }

    fn reversed(payment: &Remembered, at: Timestamp) -> Self {
        Self {
            reversed_count: 1,
            reversed_minor: payment.amount_minor,
            ..Self::nothing(payment, at)
        }
    }

    fn nothing(payment: &Remembered, at: Timestamp) -> Self {
        Self {
            merchant: payment.merchant.clone(),
            day: at.rfc3339().chars().take(10).collect(),
            currency: payment.currency.clone(),
            paid_count: 0,
            paid_minor: 0,
            reversed_count: 0,
            reversed_minor: 0,
        }
    }
}
