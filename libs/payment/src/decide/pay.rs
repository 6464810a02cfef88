//! The merchant's command to pay, and its absence.

use crate::{Call, Fact, NeverSent, Order, PaymentId, Proof, Refusal, Stage, Terms, Timestamp};

/// Accepts the attempt and begins its one pay in the same append (decision 2), or says why not.
pub(super) fn pay(order: &Order, terms: Terms, now: Timestamp) -> Result<Vec<Fact>, Refusal> {
    let payment = terms.payment();
    if order.attempt(payment).is_some() {
        return Ok(Vec::new());
    }
    if let Some(refusal) = taken(order, payment) {
        return Err(refusal);
    }
    let too_late = now > terms.last_begin_at();
    let cancelled = order.keeps_cancel_of(payment);
    let accepted = Fact::Accepted(Box::new(terms));
    if cancelled {
        return Ok(vec![
            accepted,
            Fact::Ended(Proof::NeverSent(NeverSent::CancelledFirst)),
        ]);
    }
    if too_late {
        return Ok(vec![
            accepted,
            Fact::Ended(Proof::NeverSent(NeverSent::TooLate)),
        ]);
    }
    Ok(vec![
        accepted,
        Fact::Begun {
            number: 1,
            call: Call::Pay,
        },
    ])
}

/// Ends an attempt whose command never came, so that its key has an answer (X16).
pub(super) fn abandon(order: &Order, terms: Terms) -> Result<Vec<Fact>, Refusal> {
    let payment = terms.payment();
    if order.attempt(payment).is_some() {
        return Ok(Vec::new());
    }
    if no_room(order, payment) {
        return Err(Refusal::TooManyAttempts);
    }
    let proof = Proof::NeverSent(NeverSent::Abandoned);
    Ok(vec![Fact::Accepted(Box::new(terms)), Fact::Ended(proof)])
}

/// Why the order takes no new attempt (decision 7). An order that was ever released is spent,
/// even when it was reversed later.
fn taken(order: &Order, payment: PaymentId) -> Option<Refusal> {
    let by_an_attempt = order
        .attempts
        .iter()
        .find_map(|attempt| match &attempt.stage {
            _ if attempt.released_at.is_some() => Some(Refusal::OrderAlreadyPaid),
            Stage::Undecided | Stage::Approved => Some(Refusal::OrderHasOpenPayment),
            Stage::Paid { .. } => Some(Refusal::OrderAlreadyPaid),
            Stage::Closing(_) => Some(Refusal::ReversalInProgress),
            Stage::Ended(_) => None,
        });
    let by_their_number = || no_room(order, payment).then_some(Refusal::TooManyAttempts);
    by_an_attempt.or_else(by_their_number)
}

/// A payment that was cancelled before it came was counted then.
fn no_room(order: &Order, payment: PaymentId) -> bool {
    order.is_full() && !order.keeps_cancel_of(payment)
}
