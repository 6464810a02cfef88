//! The merchant's command to pay, and its absence.

use crate::{Call, Fact, NeverSent, Order, Proof, Refusal, Stage, Terms, Timestamp};

/// Accepts the attempt and begins its one pay in the same append (decision 2), or records why not.
pub(super) fn pay(order: &Order, terms: Terms, now: Timestamp) -> Vec<Fact> {
    let payment = terms.payment();
    if order.attempt(payment).is_some() || order.refusal_of(payment).is_some() {
        return Vec::new();
    }
    if let Some(refusal) = taken(order) {
        return vec![Fact::Refused(refusal)];
    }
    let too_late = now > terms.last_begin_at();
    let cancelled = order.keeps_cancel_of(payment);
    let accepted = Fact::Accepted(Box::new(terms));
    if cancelled {
        return vec![
            accepted,
            Fact::Ended(Proof::NeverSent(NeverSent::CancelledFirst)),
        ];
    }
    if too_late {
        return vec![accepted, Fact::Ended(Proof::NeverSent(NeverSent::TooLate))];
    }
    vec![
        accepted,
        Fact::Begun {
            number: 1,
            call: Call::Pay,
        },
    ]
}

/// Ends an attempt whose command never came, so that its key has an answer (X16).
pub(super) fn abandon(order: &Order, terms: Terms) -> Vec<Fact> {
    let payment = terms.payment();
    if order.attempt(payment).is_some() || order.refusal_of(payment).is_some() {
        return Vec::new();
    }
    let proof = Proof::NeverSent(NeverSent::Abandoned);
    vec![Fact::Accepted(Box::new(terms)), Fact::Ended(proof)]
}

/// Why the order takes no new attempt (decision 7). An order that was ever released is spent,
/// even when it was reversed later.
fn taken(order: &Order) -> Option<Refusal> {
    order
        .attempts
        .iter()
        .find_map(|attempt| match &attempt.stage {
            _ if attempt.released_at.is_some() => Some(Refusal::OrderAlreadyPaid),
            Stage::Undecided | Stage::Approved => Some(Refusal::OrderHasOpenPayment),
            Stage::Paid { .. } => Some(Refusal::OrderAlreadyPaid),
            Stage::Closing(_) => Some(Refusal::ReversalInProgress),
            Stage::Ended(_) => None,
        })
}
