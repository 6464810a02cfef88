//! The projection on PostgreSQL: a batch of events is looked up, folded and written as a whole.

mod checksum;
mod fold;
mod held;
mod read;
mod rebuild;
mod resume;
mod rows;

use super::Postgres;
use crate::projection::{Applied, Gate, Generation};
use crate::{Error, Met};
use fold::Fold;
use sqlx::PgConnection;

impl Postgres {
    pub(crate) async fn cursor(&self) -> Result<i64, Error> {
        let question = sqlx::query_scalar("SELECT cursor FROM projection_generations WHERE live");
        self.sessions.value(question).await
    }

    pub(crate) async fn apply(&self, batch: &[Met]) -> Result<Applied, Error> {
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
    batch: &[Met],
) -> Result<Applied, Error> {
    let mut read = generation.cursor;
    let mut new = Vec::with_capacity(batch.len());
    for met in batch {
        if met.position() > read {
            read = met.position();
            new.push(met);
        }
    }
    let held = held::all(tx, generation.number).await?;
    let mut gate = Gate::closed_to(held.into_iter().map(|(merchant, _)| merchant));
    let (fold, events) = fold_up(tx, generation.number, &new, &mut gate).await?;
    let Some(last) = events.checked_sub(1).and_then(|last| new.get(last)) else {
        let cursor = generation.cursor;
        return Ok(Applied { cursor, events: 0 });
    };
    let cursor = last.position();
    refuse_gap(tx, generation.cursor, cursor, events).await?;
    write(tx, generation.number, &fold, &gate).await?;
    sqlx::query("UPDATE projection_generations SET cursor = $1 WHERE generation = $2")
        .bind(cursor)
        .bind(generation.number)
        .execute(tx)
        .await?;
    Ok(Applied { cursor, events })
}

/// What the events come to that the gate lets through, and how many of them were judged: it ends
/// before one that can't be read and of which nobody knows whose it is, an error where that is the
/// first.
async fn fold_up(
    tx: &mut PgConnection,
    generation: i64,
    batch: &[&Met],
    gate: &mut Gate,
) -> Result<(Fold, usize), Error> {
    let mut fold = Fold {
        remembered: rows::remembered(tx, generation, &fold::payments_needed(batch)).await?,
        ..Fold::default()
    };
    for (judged, met) in batch.iter().enumerate() {
        match met {
            Met::Event(recorded) => fold.take_in(recorded, gate),
            Met::Unread(unread) => match held::merchant_of(tx, unread).await? {
                Some(merchant) => gate.stop(merchant, unread.position),
                None if judged == 0 => return Err(unread.clone().into()),
                None => return Ok((fold, judged)),
            },
        }
    }
    Ok((fold, batch.len()))
}

async fn write(
    tx: &mut PgConnection,
    generation: i64,
    fold: &Fold,
    gate: &Gate,
) -> Result<(), Error> {
    rows::remember(tx, generation, fold).await?;
    rows::show(tx, generation, &fold.shown).await?;
    rows::add(tx, generation, fold).await?;
    held::hold(tx, generation, gate.stopped()).await
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
