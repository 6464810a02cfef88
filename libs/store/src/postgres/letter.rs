//! Letters on PostgreSQL.

use super::Postgres;
use super::session::Sessions;
use crate::letter::{DeadRow, ParkedRow, ReplayRow};
use crate::{DeadLetter, Error, Parked, Replay};
use payment::OrderId;
use uuid::Uuid;

impl Postgres {
    pub(crate) async fn park(&self, parked: &Parked) -> Result<(), Error> {
        let letter = &parked.letter;
        let question = sqlx::query_scalar(
            "WITH put AS (INSERT INTO parked_commands (id, partition, log_offset, order_id, payment_id, kind,
                 reason, since_ms, record)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING)
             SELECT 1::bigint",
        )
        .bind(letter.id)
        .bind(i64::from(letter.partition))
        .bind(letter.offset)
        .bind(letter.order.map(|order| order.as_uuid()))
        .bind(letter.payment.map(|payment| payment.as_uuid()))
        .bind(&parked.kind)
        .bind(&parked.reason)
        .bind(parked.since.as_ms())
        .bind(&letter.record);
        let _done: i64 = self.sessions.value(question).await?;
        Ok(())
    }

    pub(crate) async fn parked(&self, place: i64, limit: u32) -> Result<Vec<ParkedRow>, Error> {
        let question = sqlx::query_as(
            "SELECT place, id::text, partition, log_offset, order_id::text, payment_id::text, kind, reason, since_ms,
                 record
             FROM parked_commands WHERE place > $1 ORDER BY place LIMIT $2",
        )
        .bind(place)
        .bind(i64::from(limit));
        self.sessions.rows(question).await
    }

    pub(crate) async fn holds_parked(&self, order: OrderId) -> Result<bool, Error> {
        let question =
            sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM parked_commands WHERE order_id = $1)")
                .bind(order.as_uuid());
        self.sessions.value(question).await
    }

    pub(crate) async fn unpark(&self, letter: Uuid) -> Result<(), Error> {
        let question = sqlx::query_scalar(
            "WITH gone AS (DELETE FROM parked_commands WHERE id = $1) SELECT 1::bigint",
        )
        .bind(letter);
        let _done: i64 = self.sessions.value(question).await?;
        Ok(())
    }

    pub(crate) async fn bury(&self, dead: &DeadLetter) -> Result<(), Error> {
        let letter = &dead.letter;
        let question = sqlx::query_scalar(
            "WITH put AS (INSERT INTO dead_letters (id, partition, log_offset, order_id, payment_id,
                     reason, at_ms, record)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING),
             gone AS (DELETE FROM parked_commands WHERE id = $1)
             SELECT 1::bigint",
        )
        .bind(letter.id)
        .bind(i64::from(letter.partition))
        .bind(letter.offset)
        .bind(letter.order.map(|order| order.as_uuid()))
        .bind(letter.payment.map(|payment| payment.as_uuid()))
        .bind(&dead.reason)
        .bind(dead.at.as_ms())
        .bind(&letter.record);
        let _done: i64 = self.sessions.value(question).await?;
        Ok(())
    }

    pub(crate) async fn replay(&self, letter: Uuid, replay: Replay<'_>) -> Result<bool, Error> {
        let question = sqlx::query_scalar(
            "WITH dead AS (DELETE FROM dead_letters WHERE id = $1 RETURNING *),
             put AS (INSERT INTO parked_commands (id, partition, log_offset, order_id, payment_id,
                     kind, reason, since_ms, record)
                 SELECT id, partition, log_offset, order_id, payment_id, 'replayed', $3, $4, record
                 FROM dead ON CONFLICT (id) DO NOTHING),
             noted AS (INSERT INTO dead_letter_replays (letter, operator, reason, at_ms)
                 SELECT id, $2, $3, $4 FROM dead)
             SELECT COUNT(*) FROM dead",
        )
        .bind(letter)
        .bind(replay.operator)
        .bind(replay.reason)
        .bind(replay.at.as_ms());
        let moved: i64 = self.sessions.value(question).await?;
        Ok(moved > 0)
    }
}

impl Sessions {
    pub(crate) async fn dead_letters(
        &self,
        (at_ms, id): (i64, Uuid),
        limit: u32,
    ) -> Result<Vec<DeadRow>, Error> {
        let question = sqlx::query_as(
            "SELECT id::text, partition, log_offset, order_id::text, payment_id::text, reason, at_ms,
                 record
             FROM dead_letters WHERE (at_ms, id) > ($1, $2) ORDER BY at_ms, id LIMIT $3",
        )
        .bind(at_ms)
        .bind(id)
        .bind(i64::from(limit));
        self.rows(question).await
    }

    pub(crate) async fn replays(&self, letter: Uuid) -> Result<Vec<ReplayRow>, Error> {
        let question = sqlx::query_as(
            "SELECT letter::text, operator, reason, at_ms FROM dead_letter_replays
             WHERE letter = $1 ORDER BY place",
        )
        .bind(letter);
        self.rows(question).await
    }
}
