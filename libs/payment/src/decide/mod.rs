//! What an input leads to: events, or a refusal. Pure; the caller appends what comes out.

mod answer;
mod begin;
mod pay;
mod sale;
mod success;

use crate::{Event, Fact, Input, Order, PaymentId, Refusal, Timestamp};

/// The events that `input` leads to at `now`, or why not.
///
/// No events means that there is nothing to record: the input was seen before, or agrees with
/// what is known.
///
/// # Errors
/// A [`Refusal`]: a business no. That of a `Pay` is written into its receipt by the caller, and
/// given again for the same key (decision 12); the order does not grow by it.
pub fn decide(order: &Order, input: Input, now: Timestamp) -> Result<Vec<Event>, Refusal> {
    let (payment, facts) = match input {
        Input::Pay(terms) => (terms.payment(), pay::pay(order, *terms, now)?),
        Input::Abandon(terms) => (terms.payment(), pay::abandon(order, *terms)?),
        Input::Begin { payment, call } => (payment, begin::begin(order, payment, call, now)?),
        Input::Answer {
            payment,
            begun,
            answer,
            clock_skew_ms,
        } => {
            let received = answer::Received {
                begun,
                answer,
                clock_skew_ms,
            };
            (payment, answer::answer(order, payment, received, now)?)
        }
        Input::Notice { payment, notice } => {
            (payment, answer::notice(order, payment, notice, now)?)
        }
        Input::Cancel { payment } => (payment, sale::cancel(order, payment)),
        Input::Release { payment } => (payment, sale::release(order, payment, now)?),
        Input::Withdraw { payment } => (payment, sale::withdraw(order, payment, now)?),
        Input::Resolve {
            payment,
            resolution,
        } => (payment, sale::resolve(order, payment, resolution)?),
        Input::Lapse { payment } => (payment, sale::lapse(order, payment, now)?),
        Input::Acknowledge { payment } => (payment, sale::acknowledge(order, payment)?),
    };
    Ok(stamped(payment, facts, now))
}

fn stamped(payment: PaymentId, facts: Vec<Fact>, at: Timestamp) -> Vec<Event> {
    facts
        .into_iter()
        .map(|fact| Event { payment, at, fact })
        .collect()
}
