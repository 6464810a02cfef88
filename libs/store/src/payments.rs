//! Payments as they stand: written with each append, read by the doors. A merchant sees its own.

use crate::schema::{self, SCHEMA_VERSION, StoredView};
use crate::{Error, Store, number};
use payment::{
    AlipayPaymentId, MerchantId, Order, OrderId, OrderNumber, PaymentId, PaymentRequestId,
    Reference, Seen, TerminalId, View,
};
use sqlx::SqliteConnection;

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

type ViewRow = (String, i64, String);

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
        let row: Option<ViewRow> = sqlx::query_as(
            "SELECT payment_id, schema_version, body FROM payments
             WHERE payment_id = ? AND merchant = ?",
        )
        .bind(payment.to_string())
        .bind(merchant.as_str())
        .fetch_optional(&self.reader)
        .await?;
        row.map(read).transpose()
    }

    /// The merchant's payments that match, newest first, at most `limit`.
    ///
    /// # Errors
    /// [`Error::Corrupt`] and [`Error::Unavailable`].
    pub async fn find(
        &self,
        merchant: &MerchantId,
        find: &Find,
        limit: u32,
    ) -> Result<Vec<View>, Error> {
        let (sql, word) = match find {
            Find::Order(number) => (
                "SELECT payment_id, schema_version, body FROM payments
                 WHERE merchant = ? AND order_number = ?
                 ORDER BY accepted_at_ms DESC, payment_id LIMIT ?",
                number.as_str(),
            ),
            Find::Reference(reference) => (
                "SELECT payment_id, schema_version, body FROM payments
                 WHERE merchant = ? AND reference = ?
                 ORDER BY accepted_at_ms DESC, payment_id LIMIT ?",
                reference.as_str(),
            ),
            Find::Terminal(terminal) => (
                "SELECT payment_id, schema_version, body FROM payments
                 WHERE merchant = ? AND terminal = ?
                 ORDER BY accepted_at_ms DESC, payment_id LIMIT ?",
                terminal.as_str(),
            ),
            Find::PaymentRequestId(id) => (
                "SELECT payment_id, schema_version, body FROM payments
                 WHERE merchant = ? AND payment_request_id = ?
                 ORDER BY accepted_at_ms DESC, payment_id LIMIT ?",
                id.as_str(),
            ),
            Find::AlipayPaymentId(id) => (
                "SELECT payment_id, schema_version, body FROM payments
                 WHERE merchant = ? AND alipay_payment_id = ?
                 ORDER BY accepted_at_ms DESC, payment_id LIMIT ?",
                id.as_str(),
            ),
        };
        let rows: Vec<ViewRow> = sqlx::query_as(sql)
            .bind(merchant.as_str())
            .bind(word)
            .bind(limit)
            .fetch_all(&self.reader)
            .await?;
        rows.into_iter().map(read).collect()
    }

    /// Whose payment this is; `None` before it was accepted.
    ///
    /// # Errors
    /// [`Error::Corrupt`] and [`Error::Unavailable`].
    pub async fn locate(&self, id: &PaymentRequestId) -> Result<Option<Located>, Error> {
        let row: Option<(String, String, String)> = sqlx::query_as(
            "SELECT order_id, payment_id, merchant FROM request_ids WHERE payment_request_id = ?",
        )
        .bind(id.as_str())
        .fetch_optional(&self.reader)
        .await?;
        let Some((order, payment, merchant)) = row else {
            return Ok(None);
        };
        let place = format!("paymentRequestId {id}");
        Ok(Some(Located {
            order: number::order_id(&order, &place)?,
            payment: number::payment_id(&payment, &place)?,
            merchant: MerchantId::parse(&merchant)
                .map_err(|fault| Error::corrupt(&place, fault))?,
        }))
    }
}

fn read((payment, schema_version, body): ViewRow) -> Result<View, Error> {
    let corrupt = |fault| Error::corrupt(format!("view of payment {payment}"), fault);
    let stored: StoredView = schema::read(schema_version, &body).map_err(corrupt)?;
    View::try_from(stored).map_err(corrupt)
}

/// Writes the payment as it stands after an append. One that was refused has no view: its answer
/// is in the receipt.
pub(crate) async fn project(
    tx: &mut SqliteConnection,
    order_id: OrderId,
    order: &Order,
    payment: PaymentId,
) -> Result<(), Error> {
    let view = match payment::view(order, payment) {
        Seen::Payment(view) => view,
        Seen::Refused(_) | Seen::Unknown => return Ok(()),
    };
    let body = schema::write(&StoredView::from(view.as_ref()))
        .map_err(|fault| Error::corrupt(format!("view of payment {payment}"), fault))?;
    let terms = &view.terms;
    sqlx::query(
        "INSERT INTO payments (payment_id, order_id, merchant, order_number, reference, terminal,
             payment_request_id, alipay_payment_id, accepted_at_ms, version, schema_version, body)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (payment_id) DO UPDATE SET alipay_payment_id = excluded.alipay_payment_id,
             version = excluded.version, schema_version = excluded.schema_version,
             body = excluded.body",
    )
    .bind(payment.to_string())
    .bind(order_id.to_string())
    .bind(terms.merchant.as_str())
    .bind(terms.order_number.as_str())
    .bind(terms.reference.as_str())
    .bind(terms.terminal.as_str())
    .bind(terms.payment_request_id.as_str())
    .bind(view.alipay_payment_id.as_ref().map(AlipayPaymentId::as_str))
    .bind(terms.accepted_at.as_ms())
    .bind(number::stored(view.version))
    .bind(SCHEMA_VERSION)
    .bind(body)
    .execute(tx)
    .await?;
    Ok(())
}
