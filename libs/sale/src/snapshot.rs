//! A payment at one instant: its own view, or, before its first event, its receipt.

use payment::{Charged, Outcome, Standing, Terms, Timestamp, Told, View, told};

/// A payment as a door tells it, and whether its history has begun.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Snapshot {
    /// The payment.
    pub view: View,
    /// The instant it is told for. A later one could make `not_paid` of what another door has
    /// released meanwhile.
    pub at: Timestamp,
    /// Its receipt was taken, and it has no event yet.
    pub waiting: bool,
}

impl Snapshot {
    pub(crate) fn begun(view: View, at: Timestamp) -> Self {
        Self {
            view,
            at,
            waiting: false,
        }
    }

    /// A request that was taken and has no event yet. Past its last release it is told not paid
    /// like any other (X25): its command is long too old to be begun.
    pub(crate) fn taken(terms: Terms, at: Timestamp) -> Self {
        Self {
            at,
            view: View {
                standing: Standing::Processing,
                charged: Charged::NotSeen,
                alipay_payment_id: None,
                released_at: None,
                changed_at: terms.accepted_at,
                version: 0,
                terms,
            },
            waiting: true,
        }
    }

    /// What every door says of it.
    pub fn told(&self) -> Told {
        let told = told(&self.view, self.at);
        match told.outcome {
            Outcome::Pending if self.waiting => Told::accepted(),
            Outcome::Pending | Outcome::Paid | Outcome::NotPaid => told,
        }
    }

    /// The entity tag, which changes whenever what is told changes, with or without an event.
    pub fn etag(&self) -> String {
        let told = self.told();
        let (status, outcome) = (told.status.code(), told.outcome.code());
        format!("\"{}-{status}-{outcome}\"", self.view.version)
    }
}
