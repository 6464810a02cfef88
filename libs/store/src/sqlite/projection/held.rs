//! Merchants whose lists stand still, on SQLite: who they are, and how they go on.

use super::{live, take_in};
use crate::history::met;
use crate::projection::{Generation, Holds, NextRow, StandingStill};
use crate::sqlite::lent::Lent;
use crate::sqlite::{Sqlite, events_between};
use crate::{Error, Met, Unread};
use sqlx::SqliteConnection;
use std::collections::BTreeMap;

impl Sqlite {
    pub(crate) async fn catch_up_held(&self, limit: u32) -> Result<StandingStill, Error> {
        // Without the write lock: mostly nobody is held, or nobody can go on.
        let mut lent = Lent::of(&self.reader).await?;
        let generation = live(lent.connection()).await?;
        let found = holds(lent.connection(), generation.number).await?;
        lent.give_back();
        if !found.moves() {
            return Ok(found.standing());
        }
        self.write(async |tx| {
            let generation = live(tx).await?;
            go_on(tx, generation, limit).await?;
            Ok(holds(tx, generation.number).await?.standing())
        })
        .await
    }
}

/// Everyone that is held in this generation, and who of them can go on.
pub(super) async fn holds(
    connection: &mut SqliteConnection,
    generation: i64,
) -> Result<Holds, Error> {
    let held = all(connection, generation).await?;
    if held.is_empty() {
        return Ok(Holds::default());
    }
    let next: Vec<NextRow> = sqlx::query_as(
        "SELECT h.merchant, e.position, e.order_id, e.version, e.payment_id, e.schema_version,
             e.at_ms, e.body
         FROM projection_held h JOIN events e ON e.position = h.through + 1
         WHERE h.generation = ? AND h.merchant = COALESCE(
             (SELECT p.merchant FROM payments p WHERE p.payment_id = e.payment_id),
             (SELECT r.merchant FROM receipts r WHERE r.payment_id = e.payment_id))",
    )
    .bind(generation)
    .fetch_all(connection)
    .await?;
    Holds::of(held, next)
}

/// Everyone that is held in this generation, and up to which position all of theirs was applied.
pub(super) async fn all(
    connection: &mut SqliteConnection,
    generation: i64,
) -> Result<Vec<(String, i64)>, Error> {
    let held = sqlx::query_as(
        "SELECT merchant, through FROM projection_held WHERE generation = ? ORDER BY merchant",
    )
    .bind(generation)
    .fetch_all(connection)
    .await?;
    Ok(held)
}

/// Whose event it is: the append wrote the payment's row, or a door its receipt's.
pub(super) async fn merchant_of(
    connection: &mut SqliteConnection,
    unread: &Unread,
) -> Result<Option<String>, Error> {
    let merchant = sqlx::query_scalar(
        "SELECT COALESCE(
             (SELECT merchant FROM payments WHERE payment_id = ?1),
             (SELECT merchant FROM receipts WHERE payment_id = ?1))",
    )
    .bind(&unread.payment)
    .fetch_one(connection)
    .await?;
    Ok(merchant)
}

/// Their lists stand still from here on.
pub(super) async fn hold(
    tx: &mut SqliteConnection,
    generation: i64,
    stopped: &BTreeMap<String, i64>,
) -> Result<(), Error> {
    for (merchant, through) in stopped {
        sqlx::query(
            "INSERT INTO projection_held (generation, merchant, through) VALUES (?, ?, ?)
             ON CONFLICT (generation, merchant) DO UPDATE SET through = excluded.through",
        )
        .bind(generation)
        .bind(merchant)
        .bind(through)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

/// One batch of what those have missed that can go on.
async fn go_on(tx: &mut SqliteConnection, generation: Generation, limit: u32) -> Result<(), Error> {
    let Generation { number, cursor } = generation;
    let holds = holds(tx, number).await?;
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
    hold(tx, number, gate.stopped()).await?;
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
