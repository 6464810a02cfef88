//! The projection made anew out of history, beside the live one, in short transactions: a long one
//! would hold back every cursor. Then compared with it, and put in its place.

use super::{apply_to, checksum, held, live};
use crate::met::met;
use crate::postgres::Postgres;
use crate::postgres::history::events_between;
use crate::postgres::session::Lent;
use crate::projection::{Generation, RebuildProgress, Rebuilt};
use crate::{Error, Met};
use sqlx::{Connection, PgConnection};

/// Events per transaction: some milliseconds.
const BATCH_EVENTS: u32 = 500;

/// How often to try for a moment in which each list stands still for the same in both.
const COMPARISONS_MAX: u32 = 10;

/// Rows deleted per transaction.
const DELETED_ROWS: i64 = 1_000;

/// The advisory lock of whoever rebuilds: `tidegate`, the first eight letters of it.
const REBUILD_LOCK: i64 = 0x7469_6465_6761_7465;

impl Postgres {
    pub(crate) async fn rebuild(
        &self,
        mut progress: impl FnMut(RebuildProgress) + Send,
    ) -> Result<Rebuilt, Error> {
        let mut watch = self.sessions.lend().await?;
        let alone: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
            .bind(REBUILD_LOCK)
            .fetch_one(watch.connection())
            .await?;
        if !alone {
            watch.give_back();
            return Err(Error::Conflict);
        }
        // From here on the lock ends with its connection, which is not given back on an error.
        self.clear().await?;
        let beginning = "INSERT INTO projection_generations (live, cursor) VALUES (false, 0)
             RETURNING generation";
        let shadow: i64 = self.sessions.value(sqlx::query_scalar(beginning)).await?;
        self.catch_up(shadow, self.cursor().await?, &mut progress)
            .await?;
        let rebuilt = self.compare(shadow).await?;
        self.put_in_place(shadow).await?;
        self.clear().await?;
        release(watch).await?;
        Ok(rebuilt)
    }

    /// Applies events to the shadow, a batch at a time, up to `last`.
    async fn catch_up(
        &self,
        shadow: i64,
        last: i64,
        progress: &mut (impl FnMut(RebuildProgress) + Send),
    ) -> Result<(), Error> {
        loop {
            let step = async {
                let mut lent = self.sessions.lend().await?;
                let mut tx = lent.begin().await?;
                let position = step(&mut tx, shadow, last).await?;
                tx.commit().await?;
                lent.give_back();
                Ok(position)
            };
            let position = self.sessions.patiently(step).await?;
            progress(RebuildProgress { position, last });
            if position >= last {
                return Ok(());
            }
        }
    }

    /// Digests of both at the same event, at which each list stands still only for what this
    /// release can't read, in both.
    async fn compare(&self, shadow: i64) -> Result<Rebuilt, Error> {
        for _ in 0..COMPARISONS_MAX {
            while self.catch_up_held(BATCH_EVENTS).await?.more {}
            if let Some(rebuilt) = self.try_to_compare(shadow).await? {
                return Ok(rebuilt);
            }
        }
        Err(Error::Conflict)
    }

    /// The live one's digest is read in one snapshot while the projector goes on; the shadow, which
    /// nobody else writes, is then brought to that event. Nothing where another release's
    /// projector holds a list that could go on.
    async fn try_to_compare(&self, shadow: i64) -> Result<Option<Rebuilt>, Error> {
        let mut lent = self.sessions.lend().await?;
        let snapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        let mut tx = lent.connection().begin_with(snapshot).await?;
        let (number, position): (i64, i64) =
            sqlx::query_as("SELECT generation, cursor FROM projection_generations WHERE live")
                .fetch_one(&mut *tx)
                .await?;
        let old_holds = held::holds(&mut tx, number).await?;
        let old_checksum = checksum::checksum(&mut tx, number).await?;
        tx.commit().await?;
        // Whoever rebuilds never holds more than two.
        lent.give_back();
        if old_holds.moves() {
            return Ok(None);
        }
        self.catch_up(shadow, position, &mut |_| {}).await?;
        let mut lent = self.sessions.lend().await?;
        let new_holds = held::holds(lent.connection(), shadow).await?;
        let new_checksum = checksum::checksum(lent.connection(), shadow).await?;
        lent.give_back();
        new_holds.refuse_to_set_back(&old_holds)?;
        Ok(Some(Rebuilt {
            position,
            old_checksum,
            new_checksum,
        }))
    }

    /// Makes the shadow the live one. It is first brought as far as the old one got, so that no
    /// reader sees the cursor go back; a projector waits meanwhile.
    async fn put_in_place(&self, shadow: i64) -> Result<(), Error> {
        self.catch_up(shadow, self.cursor().await?, &mut |_| {})
            .await?;
        self.sessions
            .patiently(async {
                let mut lent = self.sessions.lend().await?;
                let mut tx = lent.begin().await?;
                let old = live(&mut tx).await?;
                while step(&mut tx, shadow, old.cursor).await? < old.cursor {}
                let old_holds = held::holds(&mut tx, old.number).await?;
                let new_holds = held::holds(&mut tx, shadow).await?;
                new_holds.refuse_to_set_back(&old_holds)?;
                sqlx::query("UPDATE projection_generations SET live = false WHERE live")
                    .execute(&mut *tx)
                    .await?;
                sqlx::query("UPDATE projection_generations SET live = true WHERE generation = $1")
                    .bind(shadow)
                    .execute(&mut *tx)
                    .await?;
                tx.commit().await?;
                lent.give_back();
                Ok(())
            })
            .await
    }

    /// Deletes every generation that is not live.
    async fn clear(&self) -> Result<(), Error> {
        for sql in [
            "DELETE FROM projected_payments WHERE ctid = ANY (ARRAY (
                 SELECT ctid FROM projected_payments WHERE generation IN (
                     SELECT generation FROM projection_generations WHERE NOT live) LIMIT $1))",
            "DELETE FROM feed WHERE ctid = ANY (ARRAY (
                 SELECT ctid FROM feed WHERE generation IN (
                     SELECT generation FROM projection_generations WHERE NOT live) LIMIT $1))",
            "DELETE FROM daily_totals WHERE ctid = ANY (ARRAY (
                 SELECT ctid FROM daily_totals WHERE generation IN (
                     SELECT generation FROM projection_generations WHERE NOT live) LIMIT $1))",
            "DELETE FROM projection_held WHERE ctid = ANY (ARRAY (
                 SELECT ctid FROM projection_held WHERE generation IN (
                     SELECT generation FROM projection_generations WHERE NOT live) LIMIT $1))",
            "DELETE FROM projection_generations WHERE ctid = ANY (ARRAY (
                 SELECT ctid FROM projection_generations WHERE NOT live LIMIT $1))",
        ] {
            while self.delete(sql).await? > 0 {}
        }
        Ok(())
    }

    async fn delete(&self, sql: &'static str) -> Result<u64, Error> {
        self.sessions
            .patiently(async {
                let mut lent = self.sessions.lend().await?;
                let deleted = sqlx::query(sql)
                    .bind(DELETED_ROWS)
                    .execute(lent.connection())
                    .await?;
                lent.give_back();
                Ok(deleted.rows_affected())
            })
            .await
    }
}

async fn release(mut watch: Lent) -> Result<(), Error> {
    sqlx::query("SELECT pg_advisory_unlock($1)")
        .bind(REBUILD_LOCK)
        .execute(watch.connection())
        .await?;
    watch.give_back();
    Ok(())
}

/// One batch onto the shadow, not past `until`. Returns its cursor; it moves on every call before
/// `until`, or else events are missing.
async fn step(tx: &mut PgConnection, shadow: i64, until: i64) -> Result<i64, Error> {
    let cursor: Option<i64> = sqlx::query_scalar(
        "SELECT cursor FROM projection_generations WHERE generation = $1 FOR UPDATE",
    )
    .bind(shadow)
    .fetch_optional(&mut *tx)
    .await?;
    let generation = Generation {
        number: shadow,
        cursor: cursor.ok_or(Error::Conflict)?,
    };
    if generation.cursor >= until {
        return Ok(generation.cursor);
    }
    let rows = events_between(tx, generation.cursor, until, BATCH_EVENTS).await?;
    let batch: Vec<Met> = rows.into_iter().map(met).collect::<Result<_, _>>()?;
    if batch.is_empty() {
        return Err(Error::corrupt("projection", format!("no event at {until}")));
    }
    Ok(apply_to(tx, generation, &batch).await?.cursor)
}
