//! Commands that were put aside, sealed as they came: parked until a worker can read them, or dead
//! until a person has them tried again. Nothing here can open them.

use crate::database::Engine;
use crate::{Error, Store, number};
use payment::{OrderId, PaymentId, Timestamp};
use uuid::Uuid;

/// A record of the command log, out of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Letter {
    /// Its name: of the place it came from and of what it holds, so that it is kept once.
    pub id: Uuid,
    /// The partition it came from.
    pub partition: u16,
    /// Its place there.
    pub offset: i64,
    /// The order it is for, where that could be read.
    pub order: Option<OrderId>,
    /// The payment it is about, where that could be read.
    pub payment: Option<PaymentId>,
    /// The record, sealed as it came.
    pub record: Vec<u8>,
}

/// A command that waits for a worker that can read it, or for one before it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parked {
    /// The command.
    pub letter: Letter,
    /// What it asks for, as far as that could be read.
    pub kind: String,
    /// Why it waits; nothing of its content.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
}

/// A command that nobody can carry out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeadLetter {
    /// The command.
    pub letter: Letter,
    /// Why; nothing of its content.
    pub reason: String,
    /// Since when.
    pub at: Timestamp,
}

/// Who has a dead letter tried again, and why.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Replay<'a> {
    /// Who.
    pub operator: &'a str,
    /// Why.
    pub reason: &'a str,
    /// When.
    pub at: Timestamp,
}

/// A replay that was made: who, why and when, for an audit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Replayed {
    /// Which letter.
    pub letter: Uuid,
    /// Who.
    pub operator: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// Place, id, partition, offset, order, payment, kind, reason, since, record.
pub(crate) type ParkedRow = (
    i64,
    String,
    i64,
    i64,
    Option<String>,
    Option<String>,
    String,
    String,
    i64,
    Vec<u8>,
);

/// Id, partition, offset, order, payment, reason, at, record.
pub(crate) type DeadRow = (
    String,
    i64,
    i64,
    Option<String>,
    Option<String>,
    String,
    i64,
    Vec<u8>,
);

/// Letter, operator, reason, at.
pub(crate) type ReplayRow = (String, String, String, i64);

impl Letter {
    /// The record from this place of the log.
    pub fn new(
        (partition, offset): (u16, i64),
        order: Option<OrderId>,
        payment: Option<PaymentId>,
        record: Vec<u8>,
    ) -> Self {
        Self {
            id: name(partition, offset, &record),
            partition,
            offset,
            order,
            payment,
            record,
        }
    }
}

pub(crate) fn name(partition: u16, offset: i64, record: &[u8]) -> Uuid {
    let place = format!("tidegate letter {partition} {offset}");
    Uuid::new_v5(&Uuid::new_v5(&Uuid::nil(), place.as_bytes()), record)
}

impl Store {
    /// Parks a command behind those of its order that are parked already; on disk when it returns.
    /// Once, however often it is called.
    ///
    /// # Errors
    /// [`Error::Busy`] and [`Error::Unavailable`].
    pub async fn park(&self, parked: &Parked) -> Result<(), Error> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.park(parked).await,
            Engine::Postgres(postgres) => postgres.park(parked).await,
        }
    }

    /// What is parked behind `place` (0: from the first), each with its own place, at most `limit`.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Busy`] and [`Error::Unavailable`].
    pub async fn parked(&self, place: i64, limit: u32) -> Result<Vec<(i64, Parked)>, Error> {
        let rows = match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.parked(place, limit).await?,
            Engine::Postgres(postgres) => postgres.parked(place, limit).await?,
        };
        rows.into_iter().map(parked).collect()
    }

    /// Whether a command of this order is parked.
    ///
    /// # Errors
    /// [`Error::Busy`] and [`Error::Unavailable`].
    pub async fn holds_parked(&self, order: OrderId) -> Result<bool, Error> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.holds_parked(order).await,
            Engine::Postgres(postgres) => postgres.holds_parked(order).await,
        }
    }

    /// Forgets a parked command that was carried out.
    ///
    /// # Errors
    /// [`Error::Busy`] and [`Error::Unavailable`].
    pub async fn unpark(&self, letter: Uuid) -> Result<(), Error> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.unpark(letter).await,
            Engine::Postgres(postgres) => postgres.unpark(letter).await,
        }
    }

    /// Keeps a command that nobody can carry out, for a person; it is parked no more. Once,
    /// however often it is called.
    ///
    /// # Errors
    /// [`Error::Busy`] and [`Error::Unavailable`].
    pub async fn bury(&self, dead: &DeadLetter) -> Result<(), Error> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.bury(dead).await,
            Engine::Postgres(postgres) => postgres.bury(dead).await,
        }
    }

    /// Has a dead letter tried again: it is parked behind what its order has there, where a worker
    /// finds it within a second or so. Who asked for it and why is kept. `false` where there is no
    /// such letter (any more).
    ///
    /// # Errors
    /// [`Error::Busy`] and [`Error::Unavailable`].
    pub async fn replay(&self, letter: Uuid, replay: Replay<'_>) -> Result<bool, Error> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.replay(letter, replay).await,
            Engine::Postgres(postgres) => postgres.replay(letter, replay).await,
        }
    }
}

fn parked(row: ParkedRow) -> Result<(i64, Parked), Error> {
    let (place, id, partition, offset, order, payment, kind, reason, since_ms, record) = row;
    let parked = Parked {
        letter: letter(id, (partition, offset), (order, payment), record)?,
        kind,
        reason,
        since: Timestamp::from_ms(since_ms),
    };
    Ok((place, parked))
}

pub(crate) fn dead(row: DeadRow) -> Result<DeadLetter, Error> {
    let (id, partition, offset, order, payment, reason, at_ms, record) = row;
    Ok(DeadLetter {
        letter: letter(id, (partition, offset), (order, payment), record)?,
        reason,
        at: Timestamp::from_ms(at_ms),
    })
}

pub(crate) fn replayed(row: ReplayRow) -> Result<Replayed, Error> {
    let (letter, operator, reason, at_ms) = row;
    Ok(Replayed {
        letter: number::uuid(&letter, "replay")?,
        operator,
        reason,
        at: Timestamp::from_ms(at_ms),
    })
}

fn letter(
    id: String,
    (partition, offset): (i64, i64),
    (order, payment): (Option<String>, Option<String>),
    record: Vec<u8>,
) -> Result<Letter, Error> {
    let place = format!("letter {id}");
    let order = order.map(|order| number::order_id(&order, &place));
    let payment = payment.map(|payment| number::payment_id(&payment, &place));
    Ok(Letter {
        id: number::uuid(&id, &place)?,
        partition: number::partition(partition, &place)?,
        offset,
        order: order.transpose()?,
        payment: payment.transpose()?,
        record,
    })
}
