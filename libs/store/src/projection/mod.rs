//! What the projector derives from history: feed and totals, behind a cursor. Kept in generations,
//! so that a rebuild can stand beside the live one. A payment's own view is not here (decision 10).

mod checksum;
mod derive;
mod derived;
mod read;
mod rebuild;

use crate::{Error, Recorded, Store};
use sqlx::SqliteConnection;

pub use derived::{Derived, Known, Memory, Needs, Remembered, Sum, derived, needs};
pub use read::DailyTotals;
pub use rebuild::{RebuildProgress, Rebuilt};

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

#[derive(Clone, Copy)]
struct Generation {
    number: i64,
    cursor: i64,
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
        let mut connection = self.store.reader.acquire().await?;
        Ok(live(&mut connection).await?.cursor)
    }

    /// Applies a batch that was read behind the cursor, and moves the cursor, in one transaction.
    /// Events that were applied before are passed over.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the batch would skip an event: read again from the cursor.
    /// [`Error::Unavailable`].
    pub async fn apply(&self, batch: &[Recorded]) -> Result<Applied, Error> {
        let mut tx = self.store.begin_write().await?;
        let generation = live(&mut tx).await?;
        let applied = apply_to(&mut tx, generation, batch).await?;
        tx.commit().await?;
        Ok(applied)
    }
}

async fn live(connection: &mut SqliteConnection) -> Result<Generation, Error> {
    let (number, cursor) =
        sqlx::query_as("SELECT generation, cursor FROM projection_generations WHERE live = 1")
            .fetch_one(connection)
            .await?;
    Ok(Generation { number, cursor })
}

async fn apply_to(
    tx: &mut SqliteConnection,
    generation: Generation,
    batch: &[Recorded],
) -> Result<Applied, Error> {
    let mut cursor = generation.cursor;
    let mut events = 0_usize;
    for recorded in batch {
        if recorded.position <= cursor {
            continue;
        }
        refuse_gap(tx, cursor, recorded.position).await?;
        derive::derive(tx, generation.number, recorded).await?;
        cursor = recorded.position;
        events = events.saturating_add(1);
    }
    sqlx::query("UPDATE projection_generations SET cursor = ? WHERE generation = ?")
        .bind(cursor)
        .bind(generation.number)
        .execute(tx)
        .await?;
    Ok(Applied { cursor, events })
}

/// An event passed over would be missing from every list for ever.
async fn refuse_gap(tx: &mut SqliteConnection, cursor: i64, position: i64) -> Result<(), Error> {
    if position == cursor.saturating_add(1) {
        return Ok(());
    }
    let skips: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM events WHERE position > ? AND position < ?)",
    )
    .bind(cursor)
    .bind(position)
    .fetch_one(tx)
    .await?;
    if skips { Err(Error::Conflict) } else { Ok(()) }
}
