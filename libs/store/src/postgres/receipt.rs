//! Receipts on PostgreSQL, each under a lock of its own.

use super::Postgres;
use crate::receipt::{
    Change, FlatRow, ForgottenRow, NewReceipt, Receipt, ReceiptRow, ReceiptState, Taken, folded,
    read, written,
};
use crate::schema::SCHEMA_VERSION;
use crate::{Error, number};
use payment::{MerchantId, PaymentId, Reference, TerminalId, Terms, Timestamp};
use sqlx::PgConnection;
use uuid::Uuid;

impl Postgres {
    pub(crate) async fn take_receipt<F>(&self, new: NewReceipt<F>) -> Result<Taken, Error>
    where
        F: FnOnce(u64) -> Terms + Send,
    {
        let mut kept = false;
        let taken = self.sessions.patiently(async {
            let mut lent = self.sessions.lend_soon().await?;
            let mut tx = lent.begin_with(alone_with(&new)).await?;
            let taken = take(&mut tx, new).await?;
            kept = true;
            tx.commit().await?;
            lent.give_back();
            Ok(taken)
        });
        let taken = taken.await;
        // What was never committed is undone, whatever broke.
        taken.map_err(|error| if kept { error } else { error.unwritten() })
    }

    pub(crate) async fn receipt(&self, payment: PaymentId) -> Result<Option<ReceiptRow>, Error> {
        let question = sqlx::query_as(
            "SELECT digest, state, refusal, schema_version, terms FROM receipts
             WHERE payment_id = $1",
        )
        .bind(payment.as_uuid());
        self.sessions.row(question).await
    }

    pub(crate) async fn forgotten_receipts(
        &self,
        ((after_ms, after), before): ((i64, Uuid), Timestamp),
        limit: u32,
    ) -> Result<Vec<ForgottenRow>, Error> {
        let question = sqlx::query_as(
            "SELECT accepted_at_ms, payment_id::text, digest, state, refusal, schema_version, terms
             FROM receipts
             WHERE state = 'pending' AND accepted_at_ms < $1
                 AND (accepted_at_ms, payment_id) > ($2, $3)
             ORDER BY accepted_at_ms, payment_id LIMIT $4",
        )
        .bind(before.as_ms())
        .bind(after_ms)
        .bind(after)
        .bind(i64::from(limit));
        let rows: Vec<FlatRow> = self.sessions.rows(question).await?;
        Ok(rows.into_iter().map(folded).collect())
    }

    /// The row is locked first, so that the state that is returned is the one that was changed or
    /// kept: an append that accepts it meanwhile is waited for, or waits.
    pub(crate) async fn change_receipt(
        &self,
        payment: PaymentId,
        change: Change,
    ) -> Result<Option<ReceiptRow>, Error> {
        // Not served by the index of pending receipts; see `write`.
        let update = match &change {
            Change::Refuse => {
                "UPDATE receipts SET state = 'refused'
                 WHERE payment_id = $1 AND state || '' = 'pending'"
            }
            Change::RefuseAlone => {
                "UPDATE receipts SET state = 'refused'
                 WHERE payment_id = $1 AND state || '' = 'pending' AND doors = 1"
            }
            Change::Decline(_) => {
                "UPDATE receipts SET state = 'declined', refusal = $2
                 WHERE payment_id = $1 AND state || '' = 'pending' AND schema_version <= $3"
            }
            Change::Join => {
                "UPDATE receipts SET state = 'pending',
                     doors = CASE state WHEN 'refused' THEN 1 ELSE doors + 1 END
                 WHERE payment_id = $1 AND state IN ('pending', 'refused')"
            }
        };
        let mut kept = false;
        let changed = self.sessions.patiently(async {
            let mut lent = match &change {
                // Who refuses has a command that was not produced: a 503 now promises nothing.
                Change::Refuse | Change::RefuseAlone | Change::Decline(_) => {
                    self.sessions.lend().await?
                }
                Change::Join => self.sessions.lend_soon().await?,
            };
            let mut tx = lent.begin().await?;
            sqlx::query("SELECT 1 FROM receipts WHERE payment_id = $1 FOR NO KEY UPDATE")
                .bind(payment.as_uuid())
                .execute(&mut *tx)
                .await?;
            let mut updating = sqlx::query(update).bind(payment.as_uuid());
            if let Some(refusal) = change.refusal() {
                updating = updating.bind(refusal).bind(SCHEMA_VERSION);
            }
            updating.execute(&mut *tx).await?;
            let row = fetch(&mut tx, payment).await?;
            kept = true;
            tx.commit().await?;
            lent.give_back();
            Ok(row)
        });
        let changed = changed.await;
        changed.map_err(|error| if kept { error } else { error.unwritten() })
    }
}

/// Two doors with one key are told apart by a lock on the key, which outlasts the look at the
/// table: a row that is not there yet can't be locked. Two keys that share the lock only wait. It
/// goes with the transaction's beginning; what follows sees all that was there when it was taken.
fn alone_with<F>(new: &NewReceipt<F>) -> String {
    let payment = PaymentId::of(&new.merchant, &new.reference);
    let (_, lock) = payment.as_uuid().as_u64_pair();
    let lock = lock.cast_signed();
    format!("BEGIN; SELECT pg_advisory_xact_lock({lock}::bigint)")
}

async fn take<F>(tx: &mut PgConnection, new: NewReceipt<F>) -> Result<Taken, Error>
where
    F: FnOnce(u64) -> Terms + Send,
{
    let payment = PaymentId::of(&new.merchant, &new.reference);
    let Some(sequence) = next_sequence(tx, payment, &new.merchant, &new.terminal).await? else {
        let row = fetch(tx, payment).await?;
        let row = row.ok_or(Error::Unavailable(sqlx::Error::RowNotFound))?;
        return Ok(Taken::Repeat(read(payment, row)?));
    };
    let receipt = Receipt {
        terms: (new.make_terms)(sequence),
        digest: new.digest,
        state: ReceiptState::Pending,
    };
    insert(tx, payment, &new.merchant, &new.reference, &receipt).await?;
    Ok(Taken::New(receipt))
}

/// `None` if the key has a receipt; no number is used then.
async fn next_sequence(
    tx: &mut PgConnection,
    payment: PaymentId,
    merchant: &MerchantId,
    terminal: &TerminalId,
) -> Result<Option<u64>, Error> {
    let last: Option<i64> = sqlx::query_scalar(
        "INSERT INTO terminal_sequences AS known (merchant, terminal, last)
         SELECT $1, $2, 1 WHERE NOT EXISTS (SELECT 1 FROM receipts WHERE payment_id = $3)
         ON CONFLICT (merchant, terminal) DO UPDATE SET last = known.last + 1 RETURNING last",
    )
    .bind(merchant.as_str())
    .bind(terminal.as_str())
    .bind(payment.as_uuid())
    .fetch_optional(tx)
    .await?;
    last.map(|last| number::count(last, "terminal sequence"))
        .transpose()
}

async fn insert(
    tx: &mut PgConnection,
    payment: PaymentId,
    merchant: &MerchantId,
    reference: &Reference,
    receipt: &Receipt,
) -> Result<(), Error> {
    let terms = written(payment, &receipt.terms)?;
    sqlx::query(
        "INSERT INTO receipts (payment_id, merchant, reference, payment_request_id, digest, state,
             accepted_at_ms, schema_version, terms)
         VALUES ($1, $2, $3, $4, $5, 'pending', $6, $7, $8)",
    )
    .bind(payment.as_uuid())
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

async fn fetch(tx: &mut PgConnection, payment: PaymentId) -> Result<Option<ReceiptRow>, Error> {
    let row = sqlx::query_as(
        "SELECT digest, state, refusal, schema_version, terms FROM receipts WHERE payment_id = $1",
    )
    .bind(payment.as_uuid())
    .fetch_optional(tx)
    .await?;
    Ok(row)
}
