//! What an operator reads, on PostgreSQL.

use super::PostgresOptions;
use super::session::Sessions;
use crate::Error;
use crate::history::EventRow;
use crate::onlooker::{ListedRow, Named};
use crate::receipt::ReceiptRow;
use payment::{OrderId, PaymentId};

impl Sessions {
    /// One connection, which is opened when it is first needed.
    pub(crate) fn onlooking(options: &PostgresOptions) -> Result<Self, Error> {
        if let Some(fault) = options.faults().into_iter().next() {
            return Err(super::refused(fault));
        }
        Self::open(options, 1)
    }

    pub(crate) async fn owed_payments(&self) -> Result<Vec<ListedRow>, Error> {
        self.rows(sqlx::query_as(
            "SELECT payment_id::text, order_id::text, merchant, accepted_at_ms, schema_version, body
             FROM payments WHERE payment_id = ANY (ARRAY (
                 SELECT events.payment_id FROM wake_ups
                     JOIN events ON events.order_id = wake_ups.order_id
                 UNION SELECT payment_id FROM events WHERE kind = 'resolved'))",
        ))
        .await
    }

    pub(crate) async fn resolved(&self) -> Result<Vec<EventRow>, Error> {
        self.rows(sqlx::query_as(
            "SELECT position, order_id::text, version, payment_id::text, schema_version, at_ms, body
             FROM events WHERE kind = 'resolved'",
        ))
        .await
    }

    pub(crate) async fn account(&self) -> Result<Option<String>, Error> {
        let question = sqlx::query_as("SELECT client_id FROM accounts WHERE one = 1");
        let row: Option<(String,)> = self.row(question).await?;
        Ok(row.map(|(client_id,)| client_id))
    }

    pub(crate) async fn taken_requests(&self) -> Result<Vec<ListedRow>, Error> {
        self.rows(sqlx::query_as(
            "SELECT payment_id::text, '', merchant, accepted_at_ms, schema_version, terms
             FROM receipts WHERE state = 'pending'",
        ))
        .await
    }

    /// By the index's first column, from one merchant to the next: not by reading every receipt.
    pub(crate) async fn merchants(&self) -> Result<Vec<String>, Error> {
        let rows: Vec<(String,)> = self
            .rows(sqlx::query_as(
                "WITH RECURSIVE known (merchant) AS (
                     SELECT MIN(merchant) FROM receipts
                     UNION ALL
                     SELECT (SELECT MIN(receipts.merchant) FROM receipts
                             WHERE receipts.merchant > known.merchant)
                     FROM known WHERE known.merchant IS NOT NULL)
                 SELECT merchant FROM known WHERE merchant IS NOT NULL",
            ))
            .await?;
        Ok(rows.into_iter().map(|(merchant,)| merchant).collect())
    }

    pub(crate) async fn named(&self, named: &Named<'_>) -> Result<Vec<String>, Error> {
        let question = sqlx::query_as(
            "SELECT payment_id::text FROM payments WHERE payment_id = ANY ($1)
             UNION SELECT payment_id::text FROM receipts WHERE payment_id = ANY ($1)
             UNION SELECT payment_id::text FROM receipts WHERE payment_request_id = $2
             UNION SELECT payment_id::text FROM request_ids WHERE payment_request_id = $2
             UNION SELECT payment_id::text FROM events WHERE order_id = ANY ($3)
             UNION SELECT payment_id::text FROM payments
                 WHERE merchant = ANY ($4) AND alipay_payment_id = $2",
        )
        .bind(&named.payments)
        .bind(named.text)
        .bind(&named.orders)
        .bind(&named.merchants);
        let rows: Vec<(String,)> = self.rows(question).await?;
        Ok(rows.into_iter().map(|(payment,)| payment).collect())
    }

    pub(crate) async fn payment_of_anyone(
        &self,
        payment: PaymentId,
    ) -> Result<Option<ListedRow>, Error> {
        let question = sqlx::query_as(
            "SELECT payment_id::text, order_id::text, merchant, accepted_at_ms, schema_version, body
             FROM payments WHERE payment_id = $1",
        )
        .bind(payment.as_uuid());
        self.row(question).await
    }

    pub(crate) async fn receipt_of_anyone(
        &self,
        payment: PaymentId,
    ) -> Result<Option<ReceiptRow>, Error> {
        let question = sqlx::query_as(
            "SELECT digest, state, refusal, schema_version, terms FROM receipts
             WHERE payment_id = $1",
        )
        .bind(payment.as_uuid());
        self.row(question).await
    }

    pub(crate) async fn entries(
        &self,
        order: OrderId,
        payment: PaymentId,
    ) -> Result<Vec<EventRow>, Error> {
        let question = sqlx::query_as(
            "SELECT position, order_id::text, version, payment_id::text, schema_version, at_ms, body
             FROM events WHERE order_id = $1 AND payment_id = $2 ORDER BY version",
        )
        .bind(order.as_uuid())
        .bind(payment.as_uuid());
        self.rows(question).await
    }
}
