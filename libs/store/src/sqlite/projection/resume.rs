//! How lists that stand still go on, on SQLite: a batch in a transaction, under the cursor's lock.

use super::{held, live, take_in};
use crate::met::met;
use crate::projection::{Generation, StandingStill};
use crate::sqlite::lent::Lent;
use crate::sqlite::{Sqlite, events_between};
use crate::{Error, Met};
use sqlx::SqliteConnection;

impl Sqlite {
    pub(crate) async fn catch_up_held(&self, limit: u32) -> Result<StandingStill, Error> {
        // Without the write lock: mostly nobody is held, or nobody can go on.
        let mut lent = Lent::of(&self.reader).await?;
        let generation = live(lent.connection()).await?;
        let found = held::holds(lent.connection(), generation.number).await?;
        lent.give_back();
        if !found.moves() {
            return Ok(found.standing());
        }
        self.write(async |tx| {
            let generation = live(tx).await?;
            go_on(tx, generation, limit).await?;
            Ok(held::holds(tx, generation.number).await?.standing())
        })
        .await
    }
}

/// One batch of what those have missed that can go on.
async fn go_on(tx: &mut SqliteConnection, generation: Generation, limit: u32) -> Result<(), Error> {
    let Generation { number, cursor } = generation;
    let holds = held::holds(tx, number).await?;
    let Some(after) = holds.first() else {
        return Ok(());
    };
    let rows = events_between(tx, after, cursor, limit).await?;
    let batch: Vec<Met> = rows.into_iter().map(met).collect::<Result<_, _>>()?;
    let mut gate = holds.gate();
    for met in &batch {
        take_in(tx, number, met, &mut gate).await?;
    }
    // Without another event there is none up to the cursor.
    let until = batch.last().map_or(cursor, Met::position);
    held::hold(tx, number, gate.stopped()).await?;
    let sql = if until == cursor {
        "DELETE FROM projection_held WHERE generation = ?1 AND merchant = ?2 AND through <= ?3"
    } else {
        "UPDATE projection_held SET through = ?3 WHERE generation = ?1 AND merchant = ?2"
    };
    for merchant in gate.brought_to(until) {
        sqlx::query(sql)
            .bind(number)
            .bind(merchant)
            .bind(until)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}
