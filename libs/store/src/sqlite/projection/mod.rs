//! The projection on SQLite: in the one file, under its write lock.

mod checksum;
mod derive;
mod held;
mod read;
mod rebuild;
mod resume;

use super::Sqlite;
use super::lent::Lent;
use crate::projection::{Applied, Gate, Generation};
use crate::{Error, Met};
use sqlx::SqliteConnection;

impl Sqlite {
    pub(crate) async fn cursor(&self) -> Result<i64, Error> {
        let mut lent = Lent::of(&self.reader).await?;
        let cursor = live(lent.connection()).await?.cursor;
        lent.give_back();
        Ok(cursor)
    }

    pub(crate) async fn apply(&self, batch: &[Met]) -> Result<Applied, Error> {
        self.write(async |tx| {
            let generation = live(tx).await?;
            apply_to(tx, generation, batch).await
        })
        .await
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
    batch: &[Met],
) -> Result<Applied, Error> {
    let held = held::all(tx, generation.number).await?;
    let mut gate = Gate::closed_to(held.into_iter().map(|(merchant, _)| merchant));
    let mut cursor = generation.cursor;
    let mut events = 0_usize;
    for met in batch {
        let position = met.position();
        if position <= cursor {
            continue;
        }
        refuse_gap(tx, cursor, position).await?;
        match take_in(tx, generation.number, met, &mut gate).await {
            Ok(()) => {}
            // Nobody knows whose it is: the batch ends before it.
            Err(Error::Newer(_) | Error::Corrupt(_)) if events > 0 => break,
            Err(error) => return Err(error),
        }
        cursor = position;
        events = events.saturating_add(1);
    }
    held::hold(tx, generation.number, gate.stopped()).await?;
    sqlx::query("UPDATE projection_generations SET cursor = ? WHERE generation = ?")
        .bind(cursor)
        .bind(generation.number)
        .execute(tx)
        .await?;
    Ok(Applied { cursor, events })
}

/// One event, if the gate lets it through. One that can't be read closes the gate to its merchant;
/// it is an error where nobody knows whose it is.
async fn take_in(
    tx: &mut SqliteConnection,
    generation: i64,
    met: &Met,
    gate: &mut Gate,
) -> Result<(), Error> {
    match met {
        Met::Event(recorded) => derive::derive(tx, generation, recorded, gate).await,
        Met::Unread(unread) => {
            let merchant = held::merchant_of(tx, unread).await?;
            gate.stop(merchant.ok_or_else(|| unread.clone())?, unread.position);
            Ok(())
        }
    }
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
