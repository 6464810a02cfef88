//! Payments as they stand, on SQLite.

use super::Sqlite;
use crate::Error;
use crate::payments::{Find, LocatedRow, ViewRow, ViewWriting};
use crate::schema::SCHEMA_VERSION;
use payment::{AlipayPaymentId, MerchantId, OrderId, PaymentId, PaymentRequestId};
use sqlx::SqliteConnection;

impl Sqlite {
    pub(crate) async fn payment(
        &self,
        merchant: &MerchantId,
        payment: PaymentId,
    ) -> Result<Option<ViewRow>, Error> {
        let question = sqlx::query_as(
            "SELECT payment_id, schema_version, body FROM payments
             WHERE payment_id = ? AND merchant = ?",
        )
        .bind(payment.to_string())
        .bind(merchant.as_str());
        self.row(question).await
    }

    pub(crate) async fn payments(&self, payments: &[PaymentId]) -> Result<Vec<ViewRow>, Error> {
        let ids: Vec<String> = payments.iter().map(ToString::to_string).collect();
        let ids = serde_json::to_string(&ids)
            .map_err(|error| Error::Unavailable(sqlx::Error::Encode(error.into())))?;
        let rows = sqlx::query_as(
            "SELECT payment_id, schema_version, body FROM payments
             WHERE payment_id IN (SELECT value FROM json_each(?))",
        )
        .bind(ids)
        .fetch_all(&self.reader)
        .await?;
        Ok(rows)
    }

    pub(crate) async fn find(
        &self,
        merchant: &MerchantId,
        find: &Find,
        limit: u32,
    ) -> Result<Vec<ViewRow>, Error> {
        let sql = match find {
            Find::Order(_) => {
                "SELECT payment_id, schema_version, body FROM payments
                 WHERE merchant = ? AND order_number = ?
                 ORDER BY accepted_at_ms DESC, payment_id LIMIT ?"
            }
            Find::Reference(_) => {
                "SELECT payment_id, schema_version, body FROM payments
                 WHERE merchant = ? AND reference = ?
                 ORDER BY accepted_at_ms DESC, payment_id LIMIT ?"
            }
            Find::Terminal(_) => {
                "SELECT payment_id, schema_version, body FROM payments
                 WHERE merchant = ? AND terminal = ?
                 ORDER BY accepted_at_ms DESC, payment_id LIMIT ?"
            }
            Find::PaymentRequestId(_) => {
                "SELECT payment_id, schema_version, body FROM payments
                 WHERE merchant = ? AND payment_request_id = ?
                 ORDER BY accepted_at_ms DESC, payment_id LIMIT ?"
            }
            Find::AlipayPaymentId(_) => {
                "SELECT payment_id, schema_version, body FROM payments
                 WHERE merchant = ? AND alipay_payment_id = ?
                 ORDER BY accepted_at_ms DESC, payment_id LIMIT ?"
            }
        };
        let question = sqlx::query_as(sql)
            .bind(merchant.as_str())
            .bind(find.word())
            .bind(limit);
        self.rows(question).await
    }

    pub(crate) async fn locate(&self, id: &PaymentRequestId) -> Result<Option<LocatedRow>, Error> {
        let question = sqlx::query_as(
            "SELECT order_id, payment_id, merchant FROM request_ids WHERE payment_request_id = ?",
        )
        .bind(id.as_str());
        self.row(question).await
    }
}

/// Writes the payment as it stands after an append.
pub(super) async fn project(
    tx: &mut SqliteConnection,
    order_id: OrderId,
    writing: &ViewWriting,
) -> Result<(), Error> {
    let view = &writing.view;
    let terms = &view.terms;
    sqlx::query(
        "INSERT INTO payments (payment_id, order_id, merchant, order_number, reference, terminal,
             payment_request_id, alipay_payment_id, accepted_at_ms, version, schema_version, body)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (payment_id) DO UPDATE SET alipay_payment_id = excluded.alipay_payment_id,
             version = excluded.version, schema_version = excluded.schema_version,
             body = excluded.body",
    )
    .bind(writing.payment.to_string())
    .bind(order_id.to_string())
    .bind(terms.merchant.as_str())
    .bind(terms.order_number.as_str())
    .bind(terms.reference.as_str())
    .bind(terms.terminal.as_str())
    .bind(terms.payment_request_id.as_str())
    .bind(view.alipay_payment_id.as_ref().map(AlipayPaymentId::as_str))
    .bind(terms.accepted_at.as_ms())
    .bind(writing.version)
    .bind(SCHEMA_VERSION)
    .bind(&writing.body)
    .execute(tx)
    .await?;
    Ok(())
}
