//! Letters on SQLite.

use super::Sqlite;
use crate::letter::{DeadRow, ParkedRow, ReplayRow};
use crate::{DeadLetter, Error, Parked, Replay};
use payment::OrderId;
use sqlx::sqlite::SqlitePool;
use uuid::Uuid;

impl Sqlite {
    pub(crate) async fn park(&self, parked: &Parked) -> Result<(), Error> {
        let letter = &parked.letter;
        let parking = sqlx::query(
            "INSERT INTO parked_commands (id, partition, log_offset, order_id, payment_id, kind,
                 reason, since_ms, record)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
        )
        .bind(letter.id.to_string())
        .bind(i64::from(letter.partition))
        .bind(letter.offset)
        .bind(letter.order.map(|order| order.to_string()))
        .bind(letter.payment.map(|payment| payment.to_string()))
        .bind(&parked.kind)
        .bind(&parked.reason)
        .bind(parked.since.as_ms())
        .bind(&letter.record);
        self.write(async |tx| {
            parking.execute(tx).await?;
            Ok(())
        })
        .await
    }

    pub(crate) async fn parked(&self, place: i64, limit: u32) -> Result<Vec<ParkedRow>, Error> {
        let question = sqlx::query_as(
            "SELECT place, id, partition, log_offset, order_id, payment_id, kind, reason, since_ms,
                 record
             FROM parked_commands WHERE place > ? ORDER BY place LIMIT ?",
        )
        .bind(place)
        .bind(limit);
        self.rows(question).await
    }

    pub(crate) async fn holds_parked(&self, order: OrderId) -> Result<bool, Error> {
        let question =
            sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM parked_commands WHERE order_id = ?)")
                .bind(order.to_string());
        Ok(self.value(question).await?.unwrap_or(false))
    }

    pub(crate) async fn unpark(&self, letter: Uuid) -> Result<(), Error> {
        let forgetting = sqlx::query("DELETE FROM parked_commands WHERE id = ?");
        let forgetting = forgetting.bind(letter.to_string());
        self.write(async |tx| {
            forgetting.execute(tx).await?;
            Ok(())
        })
        .await
    }

    pub(crate) async fn bury(&self, dead: &DeadLetter) -> Result<(), Error> {
        let letter = &dead.letter;
        self.write(async |tx| {
            sqlx::query(
                "INSERT INTO dead_letters (id, partition, log_offset, order_id, payment_id, reason,
                 at_ms, record)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
            )
            .bind(letter.id.to_string())
            .bind(i64::from(letter.partition))
            .bind(letter.offset)
            .bind(letter.order.map(|order| order.to_string()))
            .bind(letter.payment.map(|payment| payment.to_string()))
            .bind(&dead.reason)
            .bind(dead.at.as_ms())
            .bind(&letter.record)
            .execute(&mut *tx)
            .await?;
            sqlx::query("DELETE FROM parked_commands WHERE id = ?")
                .bind(letter.id.to_string())
                .execute(&mut *tx)
                .await?;
            Ok(())
        })
        .await
    }

    pub(crate) async fn replay(&self, letter: Uuid, replay: Replay<'_>) -> Result<bool, Error> {
        self.write(async |tx| {
            let moved = sqlx::query(
            "INSERT INTO parked_commands (id, partition, log_offset, order_id, payment_id, kind,
                 reason, since_ms, record)
             SELECT id, partition, log_offset, order_id, payment_id, 'replayed', ?, ?, record
             FROM dead_letters WHERE id = ? ON CONFLICT (id) DO NOTHING",
        )
        .bind(replay.reason)
        .bind(replay.at.as_ms())
        .bind(letter.to_string())
        .execute(&mut *tx)
        .await?;
            if moved.rows_affected() == 0 {
                return Ok(false);
            }
            sqlx::query("DELETE FROM dead_letters WHERE id = ?")
                .bind(letter.to_string())
                .execute(&mut *tx)
                .await?;
            sqlx::query(
                "INSERT INTO dead_letter_replays (letter, operator, reason, at_ms)
             VALUES (?, ?, ?, ?)",
            )
            .bind(letter.to_string())
            .bind(replay.operator)
            .bind(replay.reason)
            .bind(replay.at.as_ms())
            .execute(&mut *tx)
            .await?;
            Ok(true)
        })
        .await
    }
}

pub(crate) async fn dead_letters(
    pool: &SqlitePool,
    (at_ms, id): (i64, Uuid),
    limit: u32,
) -> Result<Vec<DeadRow>, Error> {
    let rows = sqlx::query_as(
        "SELECT id, partition, log_offset, order_id, payment_id, reason, at_ms, record
         FROM dead_letters WHERE (at_ms, id) > (?, ?) ORDER BY at_ms, id LIMIT ?",
    )
    .bind(at_ms)
    .bind(id.to_string())
    .bind(limit);
    Ok(rows.fetch_all(pool).await?)
}

pub(crate) async fn replays(pool: &SqlitePool, letter: Uuid) -> Result<Vec<ReplayRow>, Error> {
    let rows = sqlx::query_as(
        "SELECT letter, operator, reason, at_ms FROM dead_letter_replays
         WHERE letter = ? ORDER BY place",
    )
    .bind(letter.to_string());
    Ok(rows.fetch_all(pool).await?)
}
