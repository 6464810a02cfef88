//! Payments as they stand, on PostgreSQL.

use super::Postgres;
use crate::Error;
use crate::payments::{Find, LocatedRow, ViewRow};
use payment::{MerchantId, OrderId, OrderNumber, PaymentId, PaymentRequestId};
use uuid::Uuid;

impl Postgres {
    pub(crate) async fn payment(
        &self,
        merchant: &MerchantId,
        payment: PaymentId,
    ) -> Result<Option<ViewRow>, Error> {
        // The merchant is compared in a way that no index serves: a plan that was made while the
        // table was empty takes an index of the merchant's payments, and reads all of them.
        let question = sqlx::query_as(
            "SELECT payment_id::text, schema_version, body FROM payments
             WHERE payment_id = $1 AND merchant || '' = $2",
        )
        .bind(payment.as_uuid())
        .bind(merchant.as_str());
        self.sessions.row(question).await
    }

    pub(crate) async fn payments(&self, payments: &[PaymentId]) -> Result<Vec<ViewRow>, Error> {
        let ids: Vec<Uuid> = payments.iter().map(|payment| payment.as_uuid()).collect();
        let question = sqlx::query_as(
            "SELECT payment_id::text, schema_version, body FROM payments
             WHERE payment_id = ANY ($1)",
        )
        .bind(ids);
        self.sessions.rows(question).await
    }

    pub(crate) async fn find(
        &self,
        merchant: &MerchantId,
        find: &Find,
        limit: u32,
    ) -> Result<Vec<ViewRow>, Error> {
        // Reference and `paymentRequestId` name one payment, an order a few: found by their whole
        // keys. By an index that begins with the merchant, a plan that was made while the table held
        // little may read all the merchant's payments.
        let sql = match find {
            Find::Reference(reference) => {
                let one = self.payment(merchant, PaymentId::of(merchant, reference));
                return Ok(one.await?.into_iter().collect());
            }
            Find::PaymentRequestId(id) => {
                let Some(payment) = self.payment_of(id).await? else {
                    return Ok(Vec::new());
                };
                let one = self.payment(merchant, payment);
                return Ok(one.await?.into_iter().collect());
            }
            Find::Order(number) => return self.of_order(merchant, number, limit).await,
            Find::Terminal(_) => {
                "SELECT payment_id::text, schema_version, body FROM payments
                 WHERE merchant = $1 AND terminal = $2
                 ORDER BY accepted_at_ms DESC, payments.payment_id LIMIT $3"
            }
            Find::AlipayPaymentId(_) => {
                "SELECT payment_id::text, schema_version, body FROM payments
                 WHERE merchant = $1 AND alipay_payment_id = $2
                 ORDER BY accepted_at_ms DESC, payments.payment_id LIMIT $3"
            }
        };
        let question = sqlx::query_as(sql)
            .bind(merchant.as_str())
            .bind(find.word())
            .bind(i64::from(limit));
        self.sessions.rows(question).await
    }

    /// The order's payments, the last one first.
    async fn of_order(
        &self,
        merchant: &MerchantId,
        number: &OrderNumber,
        limit: u32,
    ) -> Result<Vec<ViewRow>, Error> {
        let question = sqlx::query_as(
            "SELECT payment_id::text, schema_version, body FROM payments
             WHERE payment_id = ANY (ARRAY (
                 SELECT DISTINCT payment_id FROM events WHERE order_id = $1))
             AND merchant || '' = $2
             ORDER BY accepted_at_ms DESC, payments.payment_id LIMIT $3",
        )
        .bind(OrderId::of(merchant, number).as_uuid())
        .bind(merchant.as_str())
        .bind(i64::from(limit));
        self.sessions.rows(question).await
    }

    async fn payment_of(&self, id: &PaymentRequestId) -> Result<Option<PaymentId>, Error> {
        let question =
            sqlx::query_as("SELECT payment_id FROM request_ids WHERE payment_request_id = $1")
                .bind(id.as_str());
        let row: Option<(Uuid,)> = self.sessions.row(question).await?;
        Ok(row.map(|(payment,)| PaymentId::from_uuid(payment)))
    }

    pub(crate) async fn locate(&self, id: &PaymentRequestId) -> Result<Option<LocatedRow>, Error> {
        let question = sqlx::query_as(
            "SELECT order_id::text, payment_id::text, merchant FROM request_ids
             WHERE payment_request_id = $1",
        )
        .bind(id.as_str());
        self.sessions.row(question).await
    }
}
