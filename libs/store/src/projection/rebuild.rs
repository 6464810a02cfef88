//! The projection made anew out of history, beside the live one, in short transactions; then
//! compared with it, and put in its place.

use super::{Generation, Projection, apply_to, checksum, live};
use crate::Error;
use crate::history::events_between;
use sqlx::{Connection, SqliteConnection};
use uuid::Uuid;

/// Events per transaction: a few milliseconds in which appends wait.
const BATCH_EVENTS: u32 = 200;

/// Rows deleted per transaction.
const DELETED_ROWS: u32 = 1_000;

/// How often to try for a moment in which both stand at the same event. Only another process can
/// spoil one.
const COMPARISONS_MAX: u32 = 10;

/// How far a rebuild got.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RebuildProgress {
    /// The last event it has taken in.
    pub position: i64,
    /// The last event there is.
    pub last: i64,
}

/// What a rebuild found. The new tables are live, whether or not the old ones agreed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rebuilt {
    /// The event at which both were compared.
    pub position: i64,
    /// The digest of what was live.
    pub old_checksum: Uuid,
    /// The digest of what was rebuilt.
    pub new_checksum: Uuid,
}

impl Rebuilt {
    /// Whether what was live agreed with history.
    pub fn agrees(&self) -> bool {
        self.old_checksum == self.new_checksum
    }
}

impl Projection {
    /// Makes the projection anew while appends and the projector go on, and puts it in place of
    /// the live one. `progress` is called after each batch. One rebuild at a time.
    ///
    /// # Errors
    /// [`Error::Conflict`] when both could not be compared at one event, or another rebuild was
    /// begun meanwhile; [`Error::Corrupt`] and [`Error::Unavailable`]. The live tables are as
    /// before then; the next rebuild clears away what this one left.
    pub async fn rebuild(
        &self,
        mut progress: impl FnMut(RebuildProgress) + Send,
    ) -> Result<Rebuilt, Error> {
        self.clear().await?;
        let shadow: i64 = sqlx::query_scalar(
            "INSERT INTO projection_generations (live, cursor) VALUES (0, 0) RETURNING generation",
        )
        .fetch_one(&self.store.writer)
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
            let mut tx = self.store.begin_write().await?;
            let position = step(&mut tx, shadow, last).await?;
            tx.commit().await?;
            progress(RebuildProgress { position, last });
            if position >= last {
                return Ok(());
            }
        }
    }

    /// Digests of both at the same event: one snapshot, read while appends go on.
    async fn compare(&self, shadow: i64) -> Result<Rebuilt, Error> {
        for _ in 0..COMPARISONS_MAX {
            let mut snapshot = self.store.reader.begin().await?;
            // SQLite takes the snapshot with the first read. Until then the one writer is held, so
            // that nothing of this process comes between.
            let mut writer = self.store.writer.acquire().await?;
            let mut tx = writer.begin_with("BEGIN IMMEDIATE").await?;
            level(&mut tx, shadow).await?;
            tx.commit().await?;
            let old = live(&mut snapshot).await?;
            let new = of(&mut snapshot, shadow).await?;
            drop(writer);
            if old.cursor != new.cursor {
                continue;
            }
            return Ok(Rebuilt {
                position: new.cursor,
                old_checksum: checksum::checksum(&mut snapshot, old.number).await?,
                new_checksum: checksum::checksum(&mut snapshot, shadow).await?,
            });
        }
        Err(Error::Conflict)
    }

    /// Makes the shadow the live one. It is first brought as far as the old one got, so that no
    /// reader sees the cursor go back.
    async fn put_in_place(&self, shadow: i64) -> Result<(), Error> {
        self.catch_up(shadow, &mut |_| {}).await?;
        let mut tx = self.store.begin_write().await?;
        level(&mut tx, shadow).await?;
        sqlx::query("UPDATE projection_generations SET live = 0 WHERE live = 1")
            .execute(&mut *tx)
            .await?;
        sqlx::query("UPDATE projection_generations SET live = 1 WHERE generation = ?")
            .bind(shadow)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
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
            "DELETE FROM projection_generations WHERE generation IN (
                 SELECT generation FROM projection_generations WHERE live = 0 LIMIT ?)",
        ] {
            while sqlx::query(sql)
                .bind(DELETED_ROWS)
                .execute(&self.store.writer)
                .await?
                .rows_affected()
                > 0
            {}
        }
        Ok(())
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
    let batch = events_between(tx, generation.cursor, until, BATCH_EVENTS).await?;
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
