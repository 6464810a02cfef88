//! Load, decide, append, and again on a conflict: the one way in which an input gets into an order's
//! history. A door, a worker and the simulation all write through here.

use crate::{Append, Error, Store};
use payment::{Event, Input, Order, OrderId, Refusal, Timestamp, Todo, decide, due, evolve};

/// Each conflict means that another writer got on, so more than a few in a row is a fault.
const TRIES_MAX: u32 = 16;

/// What came of an input.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Executed {
    /// The order after it.
    pub order: Order,
    /// What was appended; empty when there was nothing to record.
    pub events: Vec<Event>,
}

/// Why an input was not executed.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
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

/// What an input leads to, decided on one version of an order and not written yet.
#[derive(Clone, Debug)]
pub struct Decided {
    expected_version: u64,
    at: Timestamp,
    executed: Executed,
}

impl Decided {
    /// Decides on the order as it stands.
    ///
    /// # Errors
    /// A business no.
    pub fn on(before: Order, input: Input, now: Timestamp) -> Result<Self, Refusal> {
        let expected_version = before.version;
        let events = decide(&before, input, now)?;
        let order = events.iter().fold(before, evolve);
        Ok(Self {
            expected_version,
            at: now,
            executed: Executed { order, events },
        })
    }

    /// The events to append; none when there is nothing to record.
    pub fn events(&self) -> &[Event] {
        &self.executed.events
    }

    /// Appends the events, where there are any. The wake-up follows from what the order owes after
    /// them.
    ///
    /// # Errors
    /// Those of [`Store::append`]; after [`Error::Conflict`] decide again on the order as it is.
    pub async fn append<H: Histories>(
        self,
        histories: &H,
        order: OrderId,
        partition: u16,
    ) -> Result<Executed, Error> {
        let Self {
            expected_version,
            at,
            executed,
        } = self;
        if executed.events.is_empty() {
            return Ok(executed);
        }
        let append = Append {
            order,
            expected_version,
            events: &executed.events,
            after: &executed.order,
            wake_at: wake_at(&executed.order, at),
            partition,
        };
        histories.append(append).await?;
        Ok(executed)
    }
}

/// Executes one input on an order, deciding again after each conflict.
///
/// # Errors
/// [`ExecuteError::Refused`], and any [`Error`]; [`Error::Conflict`] only after many tries.
pub async fn execute<H: Histories>(
    histories: &H,
    order: OrderId,
    input: Input,
    now: Timestamp,
    partition: u16,
) -> Result<Executed, ExecuteError> {
    for _ in 0..TRIES_MAX {
        let before = histories.load(order).await?;
        let decided = Decided::on(before, input.clone(), now)?;
        match decided.append(histories, order, partition).await {
            Ok(executed) => return Ok(executed),
            Err(Error::Conflict) => tracing::debug!(order.id = %order, "decided again"),
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::Conflict.into())
}

/// When a worker should look at the order: at once where a call is due, should this process die
/// before it makes the call.
fn wake_at(order: &Order, now: Timestamp) -> Option<Timestamp> {
    match due(order, now) {
        Todo::Call { .. } => Some(now),
        Todo::WakeAt(at) => Some(at),
        Todo::Rest => None,
    }
}
