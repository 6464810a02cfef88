//! The projection made anew out of history, beside the live one, in short transactions; then
//! compared with it, and put in its place.

use super::{apply_to, checksum, held, live};
use crate::met::met;
use crate::projection::{Generation, RebuildProgress, Rebuilt};
use crate::sqlite::lent::Lent;
use crate::sqlite::{Sqlite, events_between};
use crate::{Error, Met};
use sqlx::{Connection, SqliteConnection};

/// Events per transaction: a few milliseconds in which appends wait.
const BATCH_EVENTS: u32 = 200;

/// Rows deleted per transaction.
const DELETED_ROWS: u32 = 1_000;

/// How often to try for a moment in which both stand at the same event. Only another process can
/// spoil one.
const COMPARISONS_MAX: u32 = 10;

impl Sqlite {
    pub(crate) async fn rebuild(
        &self,
        mut progress: impl FnMut(RebuildProgress) + Send,
    ) -> Result<Rebuilt, Error> {
        self.clear().await?;
        let beginning = sqlx::query_scalar(
            "INSERT INTO projection_generations (live, cursor) VALUES (0, 0) RETURNING generation",
        );
        let shadow: i64 = self
            .write(async |tx| Ok(beginning.fetch_one(tx).await?))
            .await?;
        self.catch_up(shadow, &mut progress).await?;
        let rebuilt = self.compare(shadow).await?;
        self.put_in_place(shadow).await?;
        self.clear().await?;
        Ok(rebuilt)
    }

    /// Applies events to the shadow, a batch at a time, until it stands where the live one stood
    /// when it was asked.
    async fn catch_up(
        &self,
        shadow: i64,
        progress: &mut (impl FnMut(RebuildProgress) + Send),
    ) -> Result<(), Error> {
        let last = self.cursor().await?;
        loop {
            let position = self.write(async |tx| step(tx, shadow, last).await).await?;
            progress(RebuildProgress { position, last });
            if position >= last {
                return Ok(());
            }
        }
    }

    /// Digests of both at the same event, at which each list stands still only for what this
    /// release can't read, in both: one snapshot, read while appends go on.
    async fn compare(&self, shadow: i64) -> Result<Rebuilt, Error> {
        for _ in 0..COMPARISONS_MAX {
            while self.catch_up_held(BATCH_EVENTS).await?.more {}
            let mut reader = Lent::of(&self.reader).await?;
            let mut snapshot = reader.connection().begin().await?;
            // SQLite takes the snapshot with the first read. Until then the one writer is held, so
            // that nothing of this process comes between.
            let mut writer = Lent::of(&self.writer).await?;
            let mut tx = writer.connection().begin_with("BEGIN IMMEDIATE").await?;
            level(&mut tx, shadow).await?;
            tx.commit().await?;
            let old = live(&mut snapshot).await?;
            let new = of(&mut snapshot, shadow).await?;
            writer.give_back();
            let old_holds = held::holds(&mut snapshot, old.number).await?;
            if old.cursor != new.cursor || old_holds.moves() {
                continue;
            }
            let new_holds = held::holds(&mut snapshot, shadow).await?;
            let rebuilt = Rebuilt {
                position: new.cursor,
                old_checksum: checksum::checksum(&mut snapshot, old.number).await?,
                new_checksum: checksum::checksum(&mut snapshot, shadow).await?,
            };
            snapshot.commit().await?;
            reader.give_back();
            new_holds.refuse_to_set_back(&old_holds)?;
            return Ok(rebuilt);
        }
        Err(Error::Conflict)
    }

    /// Makes the shadow the live one. It is first brought as far as the old one got, so that no
    /// reader sees the cursor go back.
    async fn put_in_place(&self, shadow: i64) -> Result<(), Error> {
        self.catch_up(shadow, &mut |_| {}).await?;
        self.write(async |tx| {
            level(tx, shadow).await?;
            let old = live(tx).await?;
            let old_holds = held::holds(tx, old.number).await?;
            let new_holds = held::holds(tx, shadow).await?;
            new_holds.refuse_to_set_back(&old_holds)?;
            sqlx::query("UPDATE projection_generations SET live = 0 WHERE live = 1")
                .execute(&mut *tx)
                .await?;
            sqlx::query("UPDATE projection_generations SET live = 1 WHERE generation = ?")
                .bind(shadow)
                .execute(tx)
                .await?;
            Ok(())
        })
        .await
    }

    /// Deletes every generation that is not live.
    async fn clear(&self) -> Result<(), Error> {
        for sql in [
            "DELETE FROM projected_payments WHERE (generation, payment_id) IN (
                 SELECT generation, payment_id FROM projected_payments WHERE generation IN (
                     SELECT generation FROM projection_generations WHERE live = 0) LIMIT ?)",
            "DELETE FROM feed WHERE (generation, merchant, position) IN (
                 SELECT generation, merchant, position FROM feed WHERE generation IN (
                     SELECT generation FROM projection_generations WHERE live = 0) LIMIT ?)",
            "DELETE FROM daily_totals WHERE (generation, merchant, day, currency) IN (
                 SELECT generation, merchant, day, currency FROM daily_totals WHERE generation IN (
                     SELECT generation FROM projection_generations WHERE live = 0) LIMIT ?)",
            "DELETE FROM projection_held WHERE (generation, merchant) IN (
                 SELECT generation, merchant FROM projection_held WHERE generation IN (
                     SELECT generation FROM projection_generations WHERE live = 0) LIMIT ?)",
            "DELETE FROM projection_generations WHERE generation IN (
                 SELECT generation FROM projection_generations WHERE live = 0 LIMIT ?)",
        ] {
            while self.delete(sql).await? > 0 {}
        }
        Ok(())
    }

    async fn delete(&self, sql: &'static str) -> Result<u64, Error> {
        let deleting = sqlx::query(sql).bind(DELETED_ROWS);
        self.write(async |tx| Ok(deleting.execute(tx).await?.rows_affected()))
            .await
    }
}

/// Brings the shadow to the live cursor, within one transaction: few events, after `catch_up`.
async fn level(tx: &mut SqliteConnection, shadow: i64) -> Result<(), Error> {
    let until = live(tx).await?.cursor;
    while step(tx, shadow, until).await? < until {}
    Ok(())
}

/// One batch onto the shadow, not past `until`. Returns its cursor; it moves on every call before
/// `until`, or else events are missing.
async fn step(tx: &mut SqliteConnection, shadow: i64, until: i64) -> Result<i64, Error> {
    let generation = of(tx, shadow).await?;
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

async fn of(connection: &mut SqliteConnection, number: i64) -> Result<Generation, Error> {
    let cursor: Option<i64> =
        sqlx::query_scalar("SELECT cursor FROM projection_generations WHERE generation = ?")
            .bind(number)
            .fetch_optional(connection)
            .await?;
    // Another rebuild cleared this one away.
    let cursor = cursor.ok_or(Error::Conflict)?;
    Ok(Generation { number, cursor })
}
