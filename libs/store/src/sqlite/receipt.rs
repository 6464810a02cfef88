//! Receipts on SQLite, under the file's write lock.

use super::Sqlite;
use super::lent::Lent;
use crate::receipt::{
    Change, FlatRow, ForgottenRow, NewReceipt, Receipt, ReceiptRow, ReceiptState, Taken, folded,
    read, written,
};
use crate::schema::SCHEMA_VERSION;
use crate::{Error, number};
use payment::{MerchantId, PaymentId, Reference, TerminalId, Terms, Timestamp};
use sqlx::SqliteConnection;
use uuid::Uuid;

impl Sqlite {
    pub(crate) async fn take_receipt<F>(&self, new: NewReceipt<F>) -> Result<Taken, Error>
    where
        F: FnOnce(u64) -> Terms + Send,
    {
        let payment = PaymentId::of(&new.merchant, &new.reference);
        self.write(async |tx| take(tx, payment, new).await).await
    }

    pub(crate) async fn receipt(&self, payment: PaymentId) -> Result<Option<ReceiptRow>, Error> {
        let mut lent = Lent::of(&self.reader).await?;
        let row = fetch(lent.connection(), payment).await?;
        lent.give_back();
        Ok(row)
    }

    pub(crate) async fn forgotten_receipts(
        &self,
        ((after_ms, after), before): ((i64, Uuid), Timestamp),
        limit: u32,
    ) -> Result<Vec<ForgottenRow>, Error> {
        let question = sqlx::query_as(
            "SELECT accepted_at_ms, payment_id, digest, state, refusal, schema_version, terms
             FROM receipts
             WHERE state = 'pending' AND accepted_at_ms < ? AND (accepted_at_ms, payment_id) > (?, ?)
             ORDER BY accepted_at_ms, payment_id LIMIT ?",
        )
        .bind(before.as_ms())
        .bind(after_ms)
        .bind(after.to_string())
        .bind(limit);
        let rows: Vec<FlatRow> = self.rows(question).await?;
        Ok(rows.into_iter().map(folded).collect())
    }

    pub(crate) async fn change_receipt(
        &self,
        payment: PaymentId,
        change: Change,
    ) -> Result<Option<ReceiptRow>, Error> {
        let refusal = change.refusal();
        let update = match &change {
            Change::Refuse => {
                "UPDATE receipts SET state = 'refused'
                 WHERE payment_id = ? AND state = 'pending'"
            }
            Change::RefuseAlone => {
                "UPDATE receipts SET state = 'refused'
                 WHERE payment_id = ? AND state = 'pending' AND doors = 1"
            }
            Change::Decline(_) => {
                "UPDATE receipts SET state = 'declined', refusal = ?2
                 WHERE payment_id = ?1 AND state = 'pending' AND schema_version <= ?3"
            }
            Change::Join => {
                "UPDATE receipts SET state = 'pending',
                     doors = CASE state WHEN 'refused' THEN 1 ELSE doors + 1 END
                 WHERE payment_id = ? AND state IN ('pending', 'refused')"
            }
        };
        let mut updating = sqlx::query(update).bind(payment.to_string());
        if let Some(refusal) = refusal {
            updating = updating.bind(refusal).bind(SCHEMA_VERSION);
        }
        self.write(async |tx| {
            updating.execute(&mut *tx).await?;
            fetch(tx, payment).await
        })
        .await
    }
}

async fn take<F>(
    tx: &mut SqliteConnection,
    payment: PaymentId,
    new: NewReceipt<F>,
) -> Result<Taken, Error>
where
    F: FnOnce(u64) -> Terms + Send,
{
    if let Some(row) = fetch(tx, payment).await? {
        return Ok(Taken::Repeat(read(payment, row)?));
    }
    let sequence = next_sequence(tx, &new.merchant, &new.terminal).await?;
    let receipt = Receipt {
        terms: (new.make_terms)(sequence),
        digest: new.digest,
        state: ReceiptState::Pending,
    };
    insert(tx, payment, &new.merchant, &new.reference, &receipt).await?;
    Ok(Taken::New(receipt))
}

/// The payment's first event makes a pending receipt accepted. A payment without a receipt (its
/// order was driven by something else than a door) has nothing to obey.
pub(super) async fn accept(tx: &mut SqliteConnection, payment: PaymentId) -> Result<(), Error> {
    obey(tx, payment).await?;
    sqlx::query(
        "UPDATE receipts SET state = 'accepted' WHERE payment_id = ? AND state = 'pending'",
    )
    .bind(payment.to_string())
    .execute(tx)
    .await?;
    Ok(())
}

async fn obey(tx: &mut SqliteConnection, payment: PaymentId) -> Result<(), Error> {
    let state: Option<String> =
        sqlx::query_scalar("SELECT state FROM receipts WHERE payment_id = ?")
            .bind(payment.to_string())
            .fetch_optional(tx)
            .await?;
    match state.as_deref() {
        Some("refused" | "declined") => Err(Error::ReceiptRefused),
        Some(_) | None => Ok(()),
    }
}

async fn next_sequence(
    tx: &mut SqliteConnection,
    merchant: &MerchantId,
    terminal: &TerminalId,
) -> Result<u64, Error> {
    let last: i64 = sqlx::query_scalar(
        "INSERT INTO terminal_sequences (merchant, terminal, last) VALUES (?, ?, 1)
         ON CONFLICT (merchant, terminal) DO UPDATE SET last = last + 1 RETURNING last",
    )
    .bind(merchant.as_str())
    .bind(terminal.as_str())
    .fetch_one(tx)
    .await?;
    number::count(last, "terminal sequence")
}

async fn insert(
    tx: &mut SqliteConnection,
    payment: PaymentId,
    merchant: &MerchantId,
    reference: &Reference,
    receipt: &Receipt,
) -> Result<(), Error> {
    let terms = written(payment, &receipt.terms)?;
    sqlx::query(
        "INSERT INTO receipts (payment_id, merchant, reference, payment_request_id, digest, state,
             accepted_at_ms, schema_version, terms)
         VALUES (?, ?, ?, ?, ?, 'pending', ?, ?, ?)",
    )
    .bind(payment.to_string())
    .bind(merchant.as_str())
    .bind(reference.as_str())
    .bind(receipt.terms.payment_request_id.as_str())
    .bind(&receipt.digest)
    .bind(receipt.terms.accepted_at.as_ms())
    .bind(SCHEMA_VERSION)
    .bind(terms)
    .execute(tx)
    .await
    .map_err(|error| match error.as_database_error() {
        // The key itself was free a moment ago, under the same lock.
        Some(fault) if fault.is_unique_violation() => Error::RequestIdTaken,
        Some(_) | None => Error::Unavailable(error),
    })?;
    Ok(())
}

async fn fetch(
    connection: &mut SqliteConnection,
    payment: PaymentId,
) -> Result<Option<ReceiptRow>, Error> {
    let row = sqlx::query_as(
        "SELECT digest, state, refusal, schema_version, terms FROM receipts WHERE payment_id = ?",
    )
    .bind(payment.to_string())
    .fetch_optional(connection)
    .await?;
    Ok(row)
}
