//! Payments as they stand: written with each append, read by the doors. A merchant sees its own.

use crate::database::Engine;
use crate::schema::{self, StoredView};
use crate::{Error, Store, number};
use payment::{
    AlipayPaymentId, MerchantId, Order, OrderId, OrderNumber, PaymentId, PaymentRequestId,
    Reference, Seen, TerminalId, View,
};

/// What a payment is looked for by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Find {
    /// The merchant's number of the order.
    Order(OrderNumber),
    /// The merchant's name of the attempt.
    Reference(Reference),
    /// The terminal it was scanned at.
    Terminal(TerminalId),
    /// Our key of it at Alipay, as printed on the receipt.
    PaymentRequestId(PaymentRequestId),
    /// Alipay's own id of it.
    AlipayPaymentId(AlipayPaymentId),
}

impl Find {
    /// The word itself, as it stands in its column.
    pub(crate) fn word(&self) -> &str {
        match self {
            Self::Order(number) => number.as_str(),
            Self::Reference(reference) => reference.as_str(),
            Self::Terminal(terminal) => terminal.as_str(),
            Self::PaymentRequestId(id) => id.as_str(),
            Self::AlipayPaymentId(id) => id.as_str(),
        }
    }
}

/// Whose payment a `paymentRequestId` is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Located {
    /// The order.
    pub order: OrderId,
    /// The payment.
    pub payment: PaymentId,
    /// The merchant.
    pub merchant: MerchantId,
}

/// Payment, schema version, body.
pub(crate) type ViewRow = (String, i64, String);

/// Order, payment, merchant.
pub(crate) type LocatedRow = (String, String, String);

impl Store {
    /// The payment as it stands; `None` if there is none, or if it is another merchant's.
    ///
    /// # Errors
    /// [`Error::Corrupt`] and [`Error::Unavailable`].
    pub async fn payment(
        &self,
        merchant: &MerchantId,
        payment: PaymentId,
    ) -> Result<Option<View>, Error> {
        let row = match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.payment(merchant, payment).await?,
            Engine::Postgres(postgres) => postgres.payment(merchant, payment).await?,
        };
        row.map(read).transpose()
    }

    /// These payments as they stand, in no order; one that is not there is left out, and so is one
    /// that can't be read, which stops none of the others.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn payments(&self, payments: &[PaymentId]) -> Result<Vec<View>, Error> {
        let rows = match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.payments(payments).await?,
            Engine::Postgres(postgres) => postgres.payments(payments).await?,
        };
        let views = rows.into_iter().filter_map(|row| match read(row) {
            Ok(view) => Some(view),
            Err(error) => {
                tracing::error!(%error, "a payment can't be read; the others go on");
                None
            }
        });
        Ok(views.collect())
    }

    /// The merchant's payments that match, newest first, at most `limit`. One that a later release
    /// wrote is left out, and logged: it does not keep the others from being found.
    ///
    /// # Errors
    /// [`Error::Corrupt`] and [`Error::Unavailable`].
    pub async fn find(
        &self,
        merchant: &MerchantId,
        find: &Find,
        limit: u32,
    ) -> Result<Vec<View>, Error> {
        let rows = match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.find(merchant, find, limit).await?,
            Engine::Postgres(postgres) => postgres.find(merchant, find, limit).await?,
        };
        let known = |row| match read(row) {
            Err(error @ Error::Newer(_)) => {
                tracing::warn!(%error, "a payment is left out of a list");
                None
            }
            read => Some(read),
        };
        rows.into_iter().filter_map(known).collect()
    }

    /// Whose payment this is; `None` before it was accepted.
    ///
    /// # Errors
    /// [`Error::Corrupt`] and [`Error::Unavailable`].
    pub async fn locate(&self, id: &PaymentRequestId) -> Result<Option<Located>, Error> {
        let row = match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.locate(id).await?,
            Engine::Postgres(postgres) => postgres.locate(id).await?,
        };
        let Some((order, payment, merchant)) = row else {
            return Ok(None);
        };
        let place = format!("paymentRequestId {id}");
        Ok(Some(Located {
            order: number::order_id(&order, &place)?,
            payment: number::payment_id(&payment, &place)?,
            merchant: MerchantId::stored(merchant),
        }))
    }
}

fn read((payment, schema_version, body): ViewRow) -> Result<View, Error> {
    let corrupt = |fault| Error::unread(format!("view of payment {payment}"), fault);
    let stored: StoredView = schema::read(schema_version, &body).map_err(corrupt)?;
    View::try_from(stored).map_err(corrupt)
}

/// A payment's row as it stands after an append.
#[derive(Debug)]
pub(crate) struct ViewWriting {
    pub(crate) view: Box<View>,
    pub(crate) payment: PaymentId,
    pub(crate) version: i64,
    pub(crate) body: String,
}

impl ViewWriting {
    /// `None` for one that only a cancel is kept of: it has no view yet.
    pub(crate) fn of(order: &Order, payment: PaymentId) -> Result<Option<Self>, Error> {
        let view = match payment::view(order, payment) {
            Seen::Payment(view) => view,
            Seen::Unknown => return Ok(None),
        };
        let body = schema::write(&StoredView::from(view.as_ref()))
            .map_err(|fault| Error::unread(format!("view of payment {payment}"), fault))?;
        Ok(Some(Self {
            payment,
            version: number::stored(view.version),
            view,
            body,
        }))
    }
}
