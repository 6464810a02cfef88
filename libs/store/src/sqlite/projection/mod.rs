//! The projection on SQLite: in the one file, under its write lock.

mod checksum;
mod derive;
mod read;
mod rebuild;

use super::Sqlite;
use super::lent::Lent;
use crate::projection::{Applied, Generation};
use crate::{Error, Recorded};
use sqlx::SqliteConnection;

impl Sqlite {
    pub(crate) async fn cursor(&self) -> Result<i64, Error> {
        let mut lent = Lent::of(&self.reader).await?;
        let cursor = live(lent.connection()).await?.cursor;
        lent.give_back();
        Ok(cursor)
    }

    pub(crate) async fn apply(&self, batch: &[Recorded]) -> Result<Applied, Error> {
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
