//! Load, decide, append, again on conflict: what a door does with one input.

use crate::{Append, Error, Store};
use payment::{Event, Input, Order, OrderId, Refusal, Timestamp, Todo, decide, due, evolve};

/// Each conflict means that someone else got on, so more than a few in a row is a fault.
const TRIES_MAX: u32 = 16;

/// What came of an input.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TakenIn {
    /// The order after it.
    pub order: Order,
    /// What was appended; empty when there was nothing to record.
    pub events: Vec<Event>,
}

/// Why an input was not taken in.
#[derive(Debug, thiserror::Error)]
pub enum TakeInError {
    /// A business no; nothing was written.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store could not.
    #[error(transparent)]
    Store(#[from] Error),
}

/// Where orders are remembered, each under an expected version. The store is the real one; the
/// simulation has its own.
pub trait Histories: Send + Sync {
    /// The order as its events tell it.
    ///
    /// # Errors
    /// [`Error::Corrupt`] and [`Error::Unavailable`].
    fn load(&self, order: OrderId) -> impl Future<Output = Result<Order, Error>> + Send;

    /// Appends, all or nothing.
    ///
    /// # Errors
    /// Those of [`Store::append`].
    fn append(&self, append: Append<'_>) -> impl Future<Output = Result<(), Error>> + Send;
}

impl Histories for Store {
    async fn load(&self, order: OrderId) -> Result<Order, Error> {
        Self::load(self, order).await
    }

    async fn append(&self, append: Append<'_>) -> Result<(), Error> {
        Self::append(self, append).await
    }
}

/// Takes one input into an order and appends what it leads to.
///
/// # Errors
/// [`TakeInError::Refused`], and any [`Error`]; [`Error::Conflict`] only after many tries.
pub async fn take_in<H: Histories>(
    histories: &H,
    order: OrderId,
    input: Input,
    now: Timestamp,
    partition: u16,
) -> Result<TakenIn, TakeInError> {
    for _ in 0..TRIES_MAX {
        let before = histories.load(order).await?;
        let expected_version = before.version;
        let events = decide(&before, input.clone(), now)?;
        let after = events.iter().fold(before, evolve);
        if events.is_empty() {
            return Ok(TakenIn {
                order: after,
                events,
            });
        }
        let append = Append {
            order,
            expected_version,
            events: &events,
            after: &after,
            wake_at: wake_at(&after, now),
            partition,
        };
        match histories.append(append).await {
            Ok(()) => {
                return Ok(TakenIn {
                    order: after,
                    events,
                });
            }
            Err(Error::Conflict) => tracing::debug!(order.id = %order, "decided again"),
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::Conflict.into())
}

/// A call that is owed now wakes a worker at once.
fn wake_at(order: &Order, now: Timestamp) -> Option<Timestamp> {
    match due(order, now) {
        Todo::Call { .. } => Some(now),
        Todo::WakeAt(at) => Some(at),
        Todo::Rest => None,
    }
}
