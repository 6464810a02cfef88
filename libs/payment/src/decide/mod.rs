//! What an input leads to.
use crate::{Event, Input, Order, Refusal, Timestamp};

/// The events that `input` leads to at `now`, or why not.
///
/// # Errors
/// A [`Refusal`]: a business no.
pub fn decide(order: &Order, input: Input, now: Timestamp) -> Result<Vec<Event>, Refusal> {
    let _ = (order, input, now);
    Ok(Vec::new())
}
