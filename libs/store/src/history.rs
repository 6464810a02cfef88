//! Reading history: an order's state, a payment's events, all events after a position.

use crate::database::Engine;
use crate::met::{Met, met};
use crate::schema::{self, StoredFact};
use crate::{Error, Store, number};
use payment::{Event, Fact, Order, OrderId, PaymentId, Timestamp, evolve};

/// One event as it stands in history.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recorded {
    /// Its place among all events: the event id that every door shows. It grows, with gaps on
    /// PostgreSQL.
    pub position: i64,
    /// The order it belongs to.
    pub order: OrderId,
    /// Its place in the order, from 1: the sequence that every door shows.
    pub version: u64,
    /// What happened.
    pub event: Event,
}

/// Position, order, version, payment, schema version, instant, body.
pub(crate) type EventRow = (i64, String, i64, String, i64, i64, String);

impl Store {
    /// The order as its events made it; the empty order (version 0) where there are none.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for an event that can't be read or is missing, and
    /// [`Error::Unavailable`].
    pub async fn load(&self, order: OrderId) -> Result<Order, Error> {
        let rows = match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.events_of(order).await?,
            Engine::Postgres(postgres) => postgres.events_of(order).await?,
        };
        let mut state = Order::default();
        for row in rows {
            let recorded = recorded(row)?;
            let expected = state.version.saturating_add(1);
            if recorded.version != expected {
                let place = place(recorded.position);
                return Err(Error::corrupt(
                    place,
                    format!("version {expected} is missing"),
                ));
            }
            state = evolve(state, &recorded.event);
        }
        Ok(state)
    }

    /// One payment's events, oldest first, from behind `after_version` on (0: all).
    ///
    /// # Errors
    /// [`Error::Corrupt`] and [`Error::Unavailable`].
    pub async fn history(
        &self,
        order: OrderId,
        payment: PaymentId,
        after_version: u64,
    ) -> Result<Vec<Recorded>, Error> {
        let after = number::stored(after_version);
        let rows = match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.history(order, payment, after).await?,
            Engine::Postgres(postgres) => postgres.history(order, payment, after).await?,
        };
        rows.into_iter().map(recorded).collect()
    }

    /// All events behind `position` (0: from the first), oldest first, at most `limit`. None turns
    /// up behind one's back: what may still be overtaken by a transaction under way is not shown.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn events_after(&self, position: i64, limit: u32) -> Result<Vec<Met>, Error> {
        let rows = match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.events_after(position, limit).await?,
            Engine::Postgres(postgres) => postgres.events_after(position, limit).await?,
        };
        rows.into_iter().map(met).collect()
    }

    /// The position of the last event; 0 if there is none.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn last_position(&self) -> Result<i64, Error> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.last_position().await,
            Engine::Postgres(postgres) => postgres.last_position().await,
        }
    }

    /// How many events stand behind `position`, counted up to `most`. Positions have gaps, so
    /// their difference does not tell.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn events_behind(&self, position: i64, most: u32) -> Result<u32, Error> {
        let counted = match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.events_behind(position, most).await?,
            Engine::Postgres(postgres) => postgres.events_behind(position, most).await?,
        };
        Ok(u32::try_from(counted).unwrap_or(most))
    }
}

/// The rows up to the first that a later release wrote; an error where that is the very first.
pub(crate) fn readable(rows: Vec<EventRow>) -> Result<Vec<Recorded>, Error> {
    let mut page = Vec::with_capacity(rows.len());
    for row in rows {
        match recorded(row) {
            Ok(event) => page.push(event),
            Err(Error::Newer(_)) if !page.is_empty() => break,
            Err(error) => return Err(error),
        }
    }
    Ok(page)
}

pub(crate) fn recorded(row: EventRow) -> Result<Recorded, Error> {
    let (position, order, version, payment, schema_version, at_ms, body) = row;
    let place = place(position);
    let stored: StoredFact =
        schema::read(schema_version, &body).map_err(|fault| Error::unread(&place, fault))?;
    let fact = Fact::try_from(stored).map_err(|fault| Error::unread(&place, fault))?;
    Ok(Recorded {
        position,
        order: number::order_id(&order, &place)?,
        version: number::count(version, &place)?,
        event: Event {
            payment: number::payment_id(&payment, &place)?,
            at: Timestamp::from_ms(at_ms),
            fact,
        },
    })
}

fn place(position: i64) -> String {
    format!("event at position {position}")
}
