//! Merchants whose lists stand still, on PostgreSQL: who they are, and how they go on.

use super::{fold_up, live, write};
use crate::history::met;
use crate::postgres::Postgres;
use crate::postgres::history::events_between;
use crate::projection::{Generation, Holds, NextRow, StandingStill};
use crate::{Error, Met, Unread};
use sqlx::PgConnection;
use std::collections::BTreeMap;

impl Postgres {
    pub(crate) async fn catch_up_held(&self, limit: u32) -> Result<StandingStill, Error> {
        self.sessions
            .patiently(async {
                let mut lent = self.sessions.lend().await?;
                // Without the lock: mostly nobody is held, or nobody can go on.
                let number =
                    sqlx::query_scalar("SELECT generation FROM projection_generations WHERE live");
                let number = number.fetch_optional(lent.connection()).await?;
                let mut found = holds(lent.connection(), number.ok_or(Error::Conflict)?).await?;
                if found.moves() {
                    let mut tx = lent.begin().await?;
                    let generation = live(&mut tx).await?;
                    go_on(&mut tx, generation, limit).await?;
                    found = holds(&mut tx, generation.number).await?;
                    tx.commit().await?;
                }
                lent.give_back();
                Ok(found.standing())
            })
            .await
    }
}

/// Everyone that is held in this generation, and who of them can go on.
pub(super) async fn holds(connection: &mut PgConnection, generation: i64) -> Result<Holds, Error> {
    let held = all(connection, generation).await?;
    if held.is_empty() {
        return Ok(Holds::default());
    }
    // Each by its whole key, whatever the plan was made for.
    let next: Vec<NextRow> = sqlx::query_as(
        "SELECT h.merchant, e.position, e.order_id::text, e.version, e.payment_id::text,
             e.schema_version, e.at_ms, e.body
         FROM projection_held h, LATERAL (
             SELECT * FROM events WHERE position = h.through + 1 LIMIT 1) AS e
         WHERE h.generation = $1 AND h.merchant = COALESCE(
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
    connection: &mut PgConnection,
    generation: i64,
) -> Result<Vec<(String, i64)>, Error> {
    let held = sqlx::query_as(
        "SELECT merchant, through FROM projection_held WHERE generation = $1 ORDER BY merchant",
    )
    .bind(generation)
    .fetch_all(connection)
    .await?;
    Ok(held)
}

/// Whose event it is: the append wrote the payment's row, or a door its receipt's.
pub(super) async fn merchant_of(
    connection: &mut PgConnection,
    unread: &Unread,
) -> Result<Option<String>, Error> {
    let merchant = sqlx::query_scalar(
        "SELECT COALESCE(
             (SELECT merchant FROM payments WHERE payment_id = $1::text::uuid),
             (SELECT merchant FROM receipts WHERE payment_id = $1::text::uuid))",
    )
    .bind(&unread.payment)
    .fetch_one(connection)
    .await?;
    Ok(merchant)
}

/// Their lists stand still from here on.
pub(super) async fn hold(
    tx: &mut PgConnection,
    generation: i64,
    stopped: &BTreeMap<String, i64>,
) -> Result<(), Error> {
    for (merchant, through) in stopped {
        sqlx::query(
            "INSERT INTO projection_held (generation, merchant, through) VALUES ($1, $2, $3)
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
async fn go_on(tx: &mut PgConnection, generation: Generation, limit: u32) -> Result<(), Error> {
    let Generation { number, cursor } = generation;
    let holds = holds(tx, number).await?;
    let Some(after) = holds.first() else {
        return Ok(());
    };
    let rows = events_between(tx, after, cursor, limit).await?;
    let batch: Vec<Met> = rows.into_iter().map(met).collect::<Result<_, _>>()?;
    let mut gate = holds.gate();
    let new: Vec<&Met> = batch.iter().collect();
    let (fold, judged) = fold_up(tx, number, &new, &mut gate).await?;
    // Without another event there is none up to the cursor.
    let judged = judged.checked_sub(1).and_then(|last| batch.get(last));
    let until = judged.map_or(cursor, Met::position);
    write(tx, number, &fold, &gate).await?;
    let brought = gate.brought_to(until);
    let sql = if until == cursor {
        "DELETE FROM projection_held WHERE generation = $1 AND through <= $2 AND merchant = ANY($3)"
    } else {
        "UPDATE projection_held SET through = $2 WHERE generation = $1 AND merchant = ANY($3)"
    };
    sqlx::query(sql)
        .bind(number)
        .bind(until)
        .bind(brought)
        .execute(tx)
        .await?;
    Ok(())
}
