//! What an operator reads: the payments of all merchants, whatever name is given for one, and the
//! history of each. Nothing is written, and what can't be read stops nothing: it is told as such.

use crate::database::Engine;
use crate::history::EventRow;
use crate::letter;
use crate::postgres::{PostgresOptions, Sessions};
use crate::receipt::ReceiptRow;
use crate::schema::{self, StoredTerms, StoredView};
use crate::{DeadLetter, Error, Receipt, Replayed, Store, history, number, receipt, sqlite};
use payment::{
    Event, Fact, MerchantId, OrderId, OrderNumber, PaymentId, Reference, Resolution, Terms,
    Timestamp, View,
};
use sqlx::sqlite::SqlitePool;
use std::collections::HashMap;
use std::path::Path;
use uuid::Uuid;

/// Something stored, or why this release can't read it.
pub type Reading<T> = Result<T, String>;

/// Reads for an operator, on either engine.
#[derive(Clone, Debug)]
pub struct Onlooker {
    sight: Sight,
}

#[derive(Clone, Debug)]
enum Sight {
    Sqlite(SqlitePool),
    Postgres(Sessions),
}

/// A payment in a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed {
    /// Its id.
    pub payment: String,
    /// Whose it is.
    pub merchant: String,
    /// When its request was taken.
    pub accepted_at: Timestamp,
    /// How it stands.
    pub standing: Reading<ListedStanding>,
    /// The mark of the operator who resolved it.
    pub resolved: Option<Resolved>,
}

/// An operator's mark.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resolved {
    /// When.
    pub at: Timestamp,
    /// Who and why.
    pub resolution: Reading<Resolution>,
}

/// How a listed payment stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ListedStanding {
    /// Its request was taken; its command was not worked on yet.
    Taken(Box<Terms>),
    /// Its own view.
    Seen(Box<View>),
}

/// One payment, and all that happened to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Story {
    /// Its id.
    pub payment: PaymentId,
    /// Its order's; `None` where it can't be read.
    pub order: Option<OrderId>,
    /// As it stands; `None` while nothing has happened, or if it was refused.
    pub view: Option<Reading<View>>,
    /// What was answered to its request; `None` if no door took it.
    pub receipt: Option<Reading<Receipt>>,
    /// Oldest first.
    pub entries: Vec<Entry>,
}

/// One thing that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Its place in the order, from 1.
    pub version: i64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub event: Reading<Event>,
}

/// Payment, order, merchant, instant taken, schema version, body.
pub(crate) type ListedRow = (String, String, String, i64, i64, String);

/// What a text that an operator gives may name.
pub(crate) struct Named<'t> {
    pub(crate) text: &'t str,
    pub(crate) payments: Vec<Uuid>,
    pub(crate) orders: Vec<Uuid>,
    pub(crate) merchants: Vec<String>,
}

impl Store {
    /// The same store, for an operator.
    pub fn onlooker(&self) -> Onlooker {
        let sight = match &self.engine {
            Engine::Sqlite(sqlite) => Sight::Sqlite(sqlite.reader.clone()),
            Engine::Postgres(postgres) => Sight::Postgres(postgres.sessions.clone()),
        };
        Onlooker { sight }
    }
}

impl Onlooker {
    /// Looks at the embedded store's file, also while a standalone writes it. The file must exist;
    /// its tables stay as they are.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn of_file(path: &Path) -> Result<Self, Error> {
        let sight = Sight::Sqlite(sqlite::onlooker::open(path).await?);
        Ok(Self { sight })
    }

    /// Looks at a fleet's PostgreSQL. Its tables stay as they are.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the options are at fault. Connects when it is first asked.
    pub fn of_server(options: &PostgresOptions) -> Result<Self, Error> {
        let sight = Sight::Postgres(Sessions::onlooking(options)?);
        Ok(Self { sight })
    }

    /// Payments whose order a worker still owes something, those that an operator resolved, and
    /// requests that were taken and not worked on yet; the oldest first. Among them are some that
    /// have ended.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn owed(&self) -> Result<Vec<Listed>, Error> {
        let (seen, taken, marks) = match &self.sight {
            Sight::Sqlite(pool) => (
                sqlite::onlooker::owed(pool).await?,
                sqlite::onlooker::taken(pool).await?,
                sqlite::onlooker::resolved(pool).await?,
            ),
            Sight::Postgres(sessions) => (
                sessions.owed_payments().await?,
                sessions.taken_requests().await?,
                sessions.resolved().await?,
            ),
        };
        let mut marks: HashMap<String, Resolved> = marks.into_iter().map(mark).collect();
        let seen = seen.into_iter().map(|row| listed(row, seen_standing));
        let seen = seen.map(|mut listed| {
            listed.resolved = marks.remove(&listed.payment);
            listed
        });
        let taken = taken.into_iter().map(|row| listed(row, taken_standing));
        let mut all: Vec<Listed> = seen.chain(taken).collect();
        all.sort_by(|a, b| (a.accepted_at, &a.payment).cmp(&(b.accepted_at, &b.payment)));
        Ok(all)
    }

    /// The payments that this text names: as payment or order id, `paymentRequestId`, Alipay's
    /// `paymentId`, the merchant's order number or its reference; of one merchant or of all.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn named(
        &self,
        text: &str,
        merchant: Option<&MerchantId>,
    ) -> Result<Vec<PaymentId>, Error> {
        let merchants = match merchant {
            Some(merchant) => vec![merchant.as_str().to_owned()],
            None => self.merchants().await?,
        };
        let named = Named::of(text, merchants);
        let rows = match &self.sight {
            Sight::Sqlite(pool) => sqlite::onlooker::named(pool, &named).await?,
            Sight::Postgres(sessions) => sessions.named(&named).await?,
        };
        let ids = rows.iter().map(|id| number::payment_id(id, "a payment"));
        let mut ids: Vec<PaymentId> = ids.collect::<Result<_, _>>()?;
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }

    /// The payment's story; `None` if nothing is known of it.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn story(&self, payment: PaymentId) -> Result<Option<Story>, Error> {
        let row = self.payment_row(payment).await?;
        let receipt = self.receipt_row(payment).await?;
        let receipt = receipt.map(|row| receipt::read(payment, row).map_err(told));
        let order = match (&row, &receipt) {
            (Some((_, order, ..)), _) => number::order_id(order, "a payment").ok(),
            (None, Some(Ok(receipt))) => Some(receipt.terms.order()),
            (None, Some(Err(_)) | None) => None,
        };
        if row.is_none() && receipt.is_none() {
            return Ok(None);
        }
        let entries = match order {
            Some(order) => self.entries(order, payment).await?,
            None => Vec::new(),
        };
        Ok(Some(Story {
            payment,
            order,
            view: row.map(|(_, _, _, _, version, body)| view(version, &body)),
            receipt,
            entries,
        }))
    }

    /// The account at Alipay under which what is open was begun, if any process said so.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn account(&self) -> Result<Option<String>, Error> {
        match &self.sight {
            Sight::Sqlite(pool) => sqlite::onlooker::account(pool).await,
            Sight::Postgres(sessions) => sessions.account().await,
        }
    }

    /// The dead letters behind that one (`None`: from the first), oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`Error::Corrupt`] and [`Error::Unavailable`].
    pub async fn dead_letters(
        &self,
        after: Option<&DeadLetter>,
        limit: u32,
    ) -> Result<Vec<DeadLetter>, Error> {
        let after = after.map_or((i64::MIN, Uuid::nil()), |dead| {
            (dead.at.as_ms(), dead.letter.id)
        });
        let rows = match &self.sight {
            Sight::Sqlite(pool) => sqlite::letter::dead_letters(pool, after, limit).await?,
            Sight::Postgres(sessions) => sessions.dead_letters(after, limit).await?,
        };
        rows.into_iter().map(letter::dead).collect()
    }

    /// Every replay of a letter, oldest first.
    ///
    /// # Errors
    /// [`Error::Corrupt`] and [`Error::Unavailable`].
    pub async fn replays(&self, letter: Uuid) -> Result<Vec<Replayed>, Error> {
        let rows = match &self.sight {
            Sight::Sqlite(pool) => sqlite::letter::replays(pool, letter).await?,
            Sight::Postgres(sessions) => sessions.replays(letter).await?,
        };
        rows.into_iter().map(letter::replayed).collect()
    }

    async fn merchants(&self) -> Result<Vec<String>, Error> {
        match &self.sight {
            Sight::Sqlite(pool) => sqlite::onlooker::merchants(pool).await,
            Sight::Postgres(sessions) => sessions.merchants().await,
        }
    }

    async fn payment_row(&self, payment: PaymentId) -> Result<Option<ListedRow>, Error> {
        match &self.sight {
            Sight::Sqlite(pool) => sqlite::onlooker::payment(pool, payment).await,
            Sight::Postgres(sessions) => sessions.payment_of_anyone(payment).await,
        }
    }

    async fn receipt_row(&self, payment: PaymentId) -> Result<Option<ReceiptRow>, Error> {
        match &self.sight {
            Sight::Sqlite(pool) => sqlite::onlooker::receipt(pool, payment).await,
            Sight::Postgres(sessions) => sessions.receipt_of_anyone(payment).await,
        }
    }

    async fn entries(&self, order: OrderId, payment: PaymentId) -> Result<Vec<Entry>, Error> {
        let rows = match &self.sight {
            Sight::Sqlite(pool) => sqlite::onlooker::entries(pool, order, payment).await?,
            Sight::Postgres(sessions) => sessions.entries(order, payment).await?,
        };
        Ok(rows.into_iter().map(entry).collect())
    }
}

impl<'t> Named<'t> {
    fn of(text: &'t str, merchants: Vec<String>) -> Self {
        let known = merchants
            .iter()
            .filter_map(|merchant| MerchantId::parse(merchant).ok());
        let known: Vec<MerchantId> = known.collect();
        let mut payments: Vec<Uuid> = Uuid::try_parse(text).into_iter().collect();
        let mut orders = payments.clone();
        if let Ok(reference) = Reference::parse(text) {
            let named = known
                .iter()
                .map(|merchant| PaymentId::of(merchant, &reference));
            payments.extend(named.map(PaymentId::as_uuid));
        }
        if let Ok(order) = OrderNumber::parse(text) {
            let named = known.iter().map(|merchant| OrderId::of(merchant, &order));
            orders.extend(named.map(OrderId::as_uuid));
        }
        Self {
            text,
            payments,
            orders,
            merchants,
        }
    }
}

fn listed(row: ListedRow, read: fn(i64, &str) -> Reading<ListedStanding>) -> Listed {
    let (payment, _, merchant, accepted_at_ms, version, body) = row;
    Listed {
        payment,
        merchant,
        accepted_at: Timestamp::from_ms(accepted_at_ms),
        standing: read(version, &body),
        resolved: None,
    }
}

/// An operator's mark, and the payment that bears it.
fn mark(row: EventRow) -> (String, Resolved) {
    let (payment, at) = (row.3.clone(), Timestamp::from_ms(row.5));
    let fact = history::recorded(row).map(|recorded| recorded.event.fact);
    let resolution = fact.map_err(told).and_then(|fact| {
        if let Fact::Resolved(resolution) = fact {
            return Ok(resolution);
        }
        Err("it is no operator's mark".to_owned())
    });
    (payment, Resolved { at, resolution })
}

fn seen_standing(version: i64, body: &str) -> Reading<ListedStanding> {
    view(version, body).map(|view| ListedStanding::Seen(Box::new(view)))
}

fn taken_standing(version: i64, body: &str) -> Reading<ListedStanding> {
    let stored: StoredTerms = schema::read(version, body).map_err(told)?;
    let terms = Terms::try_from(stored).map_err(told)?;
    Ok(ListedStanding::Taken(Box::new(terms)))
}

fn view(version: i64, body: &str) -> Reading<View> {
    let stored: StoredView = schema::read(version, body).map_err(told)?;
    View::try_from(stored).map_err(told)
}

fn entry(row: EventRow) -> Entry {
    let (version, at) = (row.2, Timestamp::from_ms(row.5));
    let event = history::recorded(row).map(|recorded| recorded.event);
    Entry {
        version,
        at,
        event: event.map_err(told),
    }
}

fn told(fault: impl ToString) -> String {
    fault.to_string()
}
