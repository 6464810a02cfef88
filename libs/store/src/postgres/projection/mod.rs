//! The projection on PostgreSQL: a batch of events is looked up, folded and written as a whole.

mod checksum;
mod fold;
mod read;
mod rebuild;
mod rows;

use super::Postgres;
use crate::projection::{Applied, Generation};
use crate::{Error, Recorded};
use fold::Fold;
use sqlx::PgConnection;

impl Postgres {
    pub(crate) async fn cursor(&self) -> Result<i64, Error> {
        let question = sqlx::query_scalar("SELECT cursor FROM projection_generations WHERE live");
        self.sessions.value(question).await
    }

    pub(crate) async fn apply(&self, batch: &[Recorded]) -> Result<Applied, Error> {
        self.sessions
            .patiently(async {
                let mut lent = self.sessions.lend().await?;
                let mut tx = lent.begin().await?;
                let generation = live(&mut tx).await?;
                let applied = apply_to(&mut tx, generation, batch).await?;
                tx.commit().await?;
                lent.give_back();
                Ok(applied)
            })
            .await
    }
}

/// The live generation, locked: one projector at a time. Whoever waited here while another became
/// the live one finds none, and begins again.
async fn live(tx: &mut PgConnection) -> Result<Generation, Error> {
    let row: Option<(i64, i64)> = sqlx::query_as(
        "SELECT generation, cursor FROM projection_generations WHERE live FOR UPDATE",
    )
    .fetch_optional(tx)
    .await?;
    let (number, cursor) = row.ok_or(Error::Conflict)?;
    Ok(Generation { number, cursor })
}

async fn apply_to(
    tx: &mut PgConnection,
    generation: Generation,
    batch: &[Recorded],
) -> Result<Applied, Error> {
    let mut cursor = generation.cursor;
    let mut new = Vec::with_capacity(batch.len());
    for recorded in batch {
        if recorded.position > cursor {
            cursor = recorded.position;
            new.push(recorded);
        }
    }
    if new.is_empty() {
        return Ok(Applied { cursor, events: 0 });
    }
    refuse_gap(tx, generation.cursor, cursor, new.len()).await?;
    let mut fold = Fold {
        remembered: rows::remembered(tx, generation.number, &fold::payments_needed(&new)).await?,
        ..Fold::default()
    };
    for recorded in &new {
        fold.take_in(recorded);
    }
    rows::remember(tx, generation.number, &fold).await?;
    rows::show(tx, generation.number, &fold.shown).await?;
    rows::add(tx, generation.number, &fold).await?;
    sqlx::query("UPDATE projection_generations SET cursor = $1 WHERE generation = $2")
        .bind(cursor)
        .bind(generation.number)
        .execute(tx)
        .await?;
    Ok(Applied {
        cursor,
        events: new.len(),
    })
}

/// An event passed over would be missing from every list for ever.
async fn refuse_gap(
    tx: &mut PgConnection,
    after: i64,
    until: i64,
    events: usize,
) -> Result<(), Error> {
    let there: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM events WHERE position > $1 AND position <= $2")
            .bind(after)
            .bind(until)
            .fetch_one(tx)
            .await?;
    if usize::try_from(there) == Ok(events) {
        Ok(())
    } else {
        Err(Error::Conflict)
    }
}
