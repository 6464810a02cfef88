//! What the projector derives from history: feed and totals, behind a cursor. Kept in generations,
//! so that a rebuild can stand beside the live one. A payment's own view is not here (decision 10).

mod chained;
mod derived;
mod gate;
mod held;
mod read;
mod rebuilt;

use crate::database::Engine;
use crate::{Error, Met, Store};

pub(crate) use chained::chained;
pub use derived::{Derived, Known, Memory, Needs, Remembered, Sum, derived, needs};
pub(crate) use gate::Gate;
pub use held::StandingStill;
pub(crate) use held::{Holds, NextRow};
pub use read::DailyTotals;
pub(crate) use read::TotalsRow;
pub use rebuilt::{RebuildProgress, Rebuilt};

/// The projector's side of the store.
#[derive(Clone, Debug)]
pub struct Projection {
    store: Store,
}

/// What came of one batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Applied {
    /// Where the cursor stands now.
    pub cursor: i64,
    /// How many events were new to it.
    pub events: usize,
}

/// One making of the projection: the live one, or one that is being rebuilt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Generation {
    pub(crate) number: i64,
    pub(crate) cursor: i64,
}

impl Store {
    /// The projector's side.
    pub fn projection(&self) -> Projection {
        Projection {
            store: self.clone(),
        }
    }
}

impl Projection {
    /// The position of the last event that was applied; 0 before the first.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn cursor(&self) -> Result<i64, Error> {
        match &self.store.engine {
            Engine::Sqlite(sqlite) => sqlite.cursor().await,
            Engine::Postgres(postgres) => postgres.cursor().await,
        }
    }

    /// Applies a batch that was read behind the cursor, and moves the cursor, in one transaction.
    /// Events that were applied before are passed over. From an event on that can't be read, its
    /// merchant's lists stand still; all others' go on.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the batch would skip an event, or another generation became the
    /// live one: read again from the cursor. [`Error::Newer`] or [`Error::Corrupt`] where the first
    /// event can't be read and nobody knows whose it is. [`Error::Unavailable`].
    pub async fn apply(&self, batch: &[Met]) -> Result<Applied, Error> {
        match &self.store.engine {
            Engine::Sqlite(sqlite) => sqlite.apply(batch).await,
            Engine::Postgres(postgres) => postgres.apply(batch).await,
        }
    }

    /// Applies what merchants whose lists stand still have missed, as far as it can be read by now,
    /// at most `limit` events of history in one transaction. A list that has caught up with the
    /// cursor stands still no longer.
    ///
    /// # Errors
    /// [`Error::Conflict`] when another generation became the live one: try again.
    /// [`Error::Unavailable`].
    pub async fn catch_up_held(&self, limit: u32) -> Result<StandingStill, Error> {
        match &self.store.engine {
            Engine::Sqlite(sqlite) => sqlite.catch_up_held(limit).await,
            Engine::Postgres(postgres) => postgres.catch_up_held(limit).await,
        }
    }

    /// Makes the projection anew while appends and the projector go on, and puts it in place of
    /// the live one. `progress` is called after each batch. One rebuild at a time.
    ///
    /// # Errors
    /// [`Error::Conflict`] when both could not be compared at one event, or another rebuild was
    /// begun meanwhile; [`Error::Newer`] and [`Error::Corrupt`] where a merchant's lists would stand
    /// still earlier than they do, before an event that the live projector has read;
    /// [`Error::Unavailable`]. The live tables are as
    /// before then; the next rebuild clears away what this one left.
    pub async fn rebuild(
        &self,
        progress: impl FnMut(RebuildProgress) + Send,
    ) -> Result<Rebuilt, Error> {
        match &self.store.engine {
            Engine::Sqlite(sqlite) => sqlite.rebuild(progress).await,
            Engine::Postgres(postgres) => postgres.rebuild(progress).await,
        }
    }
}
