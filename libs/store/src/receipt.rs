//! What was answered to a request to pay (decision 11): one row per merchant and reference, kept
//! for ever. Whoever is second obeys.

use crate::schema::proof::StoredRefusal;
use crate::schema::{self, SCHEMA_VERSION, StoredTerms};
use crate::{Error, Store, number};
use payment::{MerchantId, PaymentId, Reference, Refusal, TerminalId, Terms, Timestamp};
use sqlx::SqliteConnection;

/// A request to pay that a door wants to take.
#[derive(Clone, Debug)]
pub struct NewReceipt<F> {
    /// Whose request it is.
    pub merchant: MerchantId,
    /// Its `Idempotency-Key`.
    pub reference: Reference,
    /// The terminal whose sequence counts on.
    pub terminal: TerminalId,
    /// A digest of the body: another body under the same key is another request.
    pub digest: String,
    /// Makes the terms out of the terminal's next sequence number. Called only for a new key.
    pub make_terms: F,
}

/// What is known of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// What it was taken on.
    pub terms: Terms,
    /// The digest of its body.
    pub digest: String,
    /// What became of it.
    pub state: ReceiptState,
}

/// What became of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReceiptState {
    /// Taken; its command was not worked on yet.
    Pending,
    /// Its payment exists.
    Accepted,
    /// A door answered 503; its command, if it ever comes, is dropped.
    Refused,
    /// Its command was worked on and refused.
    Declined(Refusal),
}

/// Whether the key was new.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Taken {
    /// This call took it.
    New(Receipt),
    /// It was taken before; nothing was changed, no sequence number was used.
    Repeat(Receipt),
}

/// Digest, state, refusal, schema version, terms.
type ReceiptRow = (String, String, Option<String>, i64, String);

impl Store {
    /// Takes a request to pay, or says what became of the one before under this key. The
    /// terminal's counter moves in the same transaction.
    ///
    /// # Errors
    /// [`Error::RequestIdTaken`] when the terms bear another payment's `paymentRequestId`;
    /// [`Error::Corrupt`] and [`Error::Unavailable`].
    pub async fn take_receipt<F>(&self, new: NewReceipt<F>) -> Result<Taken, Error>
    where
        F: FnOnce(u64) -> Terms + Send,
    {
        let payment = PaymentId::of(&new.merchant, &new.reference);
        let mut tx = self.begin_write().await?;
        if let Some(row) = fetch(&mut tx, payment).await? {
            return Ok(Taken::Repeat(read(payment, row)?));
        }
        let sequence = next_sequence(&mut tx, &new.merchant, &new.terminal).await?;
        let receipt = Receipt {
            terms: (new.make_terms)(sequence),
            digest: new.digest,
            state: ReceiptState::Pending,
        };
        insert(&mut tx, payment, &new.merchant, &new.reference, &receipt).await?;
        tx.commit().await?;
        Ok(Taken::New(receipt))
    }

    /// What is known of this payment's request.
    ///
    /// # Errors
    /// [`Error::Corrupt`] and [`Error::Unavailable`].
    pub async fn receipt(&self, payment: PaymentId) -> Result<Option<Receipt>, Error> {
        let mut connection = self.reader.acquire().await?;
        let row = fetch(&mut connection, payment).await?;
        row.map(|row| read(payment, row)).transpose()
    }

    /// Refuses a request that is still pending, whoever else may be at it: its command can't be
    /// carried out. What it returns holds. A request never taken counts as refused.
    ///
    /// # Errors
    /// [`Error::Corrupt`] and [`Error::Unavailable`].
    pub async fn refuse_receipt(&self, payment: PaymentId) -> Result<ReceiptState, Error> {
        const REFUSE: &str = "UPDATE receipts SET state = 'refused'
             WHERE payment_id = ? AND state = 'pending'";
        self.change(payment, REFUSE).await
    }

    /// Refuses a pending request before a 503 leaves, unless another door joined it: that one may
    /// have said that it was taken. What it returns holds: only on [`ReceiptState::Refused`] may
    /// the door say 503. A request never taken counts as refused.
    ///
    /// # Errors
    /// [`Error::Corrupt`] and [`Error::Unavailable`].
    pub async fn refuse_receipt_alone(&self, payment: PaymentId) -> Result<ReceiptState, Error> {
        const REFUSE: &str = "UPDATE receipts SET state = 'refused'
             WHERE payment_id = ? AND state = 'pending' AND doors = 1";
        self.change(payment, REFUSE).await
    }

    /// Joins a pending request whose command is to be produced again, and opens a refused one
    /// again. What it returns holds.
    ///
    /// # Errors
    /// [`Error::Corrupt`] and [`Error::Unavailable`].
    pub async fn join_receipt(&self, payment: PaymentId) -> Result<ReceiptState, Error> {
        const JOIN: &str = "UPDATE receipts SET state = 'pending',
                 doors = CASE state WHEN 'refused' THEN 1 ELSE doors + 1 END
             WHERE payment_id = ? AND state IN ('pending', 'refused')";
        self.change(payment, JOIN).await
    }

    /// Requests taken before `before` that are still pending, oldest first, at most `limit`: their
    /// commands may never have come (X16).
    ///
    /// # Errors
    /// [`Error::Corrupt`] and [`Error::Unavailable`].
    pub async fn forgotten_receipts(
        &self,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<Receipt>, Error> {
        let rows: Vec<(String, String, String, Option<String>, i64, String)> = sqlx::query_as(
            "SELECT payment_id, digest, state, refusal, schema_version, terms FROM receipts
             WHERE state = 'pending' AND accepted_at_ms < ? ORDER BY accepted_at_ms LIMIT ?",
        )
        .bind(before.as_ms())
        .bind(limit)
        .fetch_all(&self.reader)
        .await?;
        rows.into_iter()
            .map(|(payment, digest, state, refusal, schema_version, terms)| {
                let payment = number::payment_id(&payment, "receipt")?;
                read(payment, (digest, state, refusal, schema_version, terms))
            })
            .collect()
    }

    async fn change(
        &self,
        payment: PaymentId,
        update: &'static str,
    ) -> Result<ReceiptState, Error> {
        let mut tx = self.begin_write().await?;
        sqlx::query(update)
            .bind(payment.to_string())
            .execute(&mut *tx)
            .await?;
        let row = fetch(&mut tx, payment).await?;
        tx.commit().await?;
        match row {
            Some(row) => Ok(read(payment, row)?.state),
            None => Ok(ReceiptState::Refused),
        }
    }
}

/// The payment's first event makes a pending receipt accepted. A payment without a receipt (its
/// order was driven by something else than a door) has nothing to obey.
pub(crate) async fn accept(tx: &mut SqliteConnection, payment: PaymentId) -> Result<(), Error> {
    obey(tx, payment).await?;
    sqlx::query(
        "UPDATE receipts SET state = 'accepted' WHERE payment_id = ? AND state = 'pending'",
    )
    .bind(payment.to_string())
    .execute(tx)
    .await?;
    Ok(())
}

/// The refusal of its command makes a pending receipt declined (decision 12).
pub(crate) async fn decline(
    tx: &mut SqliteConnection,
    payment: PaymentId,
    refusal: Refusal,
) -> Result<(), Error> {
    obey(tx, payment).await?;
    let refusal = schema::write(&StoredRefusal::from(refusal))
        .map_err(|fault| Error::corrupt(place(payment), fault))?;
    sqlx::query(
        "UPDATE receipts SET state = 'declined', refusal = ?
         WHERE payment_id = ? AND state = 'pending'",
    )
    .bind(refusal)
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
    if state.as_deref() == Some("refused") {
        return Err(Error::ReceiptRefused);
    }
    Ok(())
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
    let terms = schema::write(&StoredTerms::from(&receipt.terms))
        .map_err(|fault| Error::corrupt(place(payment), fault))?;
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

fn read(payment: PaymentId, row: ReceiptRow) -> Result<Receipt, Error> {
    let (digest, state, refusal, schema_version, terms) = row;
    let corrupt = |fault: schema::Fault| Error::corrupt(place(payment), fault);
    let terms: StoredTerms = schema::read(schema_version, &terms).map_err(corrupt)?;
    let state = match (state.as_str(), refusal) {
        ("pending", None) => ReceiptState::Pending,
        ("accepted", None) => ReceiptState::Accepted,
        ("refused", None) => ReceiptState::Refused,
        ("declined", Some(refusal)) => {
            let refusal: StoredRefusal = schema::read(schema_version, &refusal).map_err(corrupt)?;
            ReceiptState::Declined(refusal.into())
        }
        (other, _) => return Err(Error::corrupt(place(payment), format!("state {other}"))),
    };
    Ok(Receipt {
        terms: terms.try_into().map_err(corrupt)?,
        digest,
        state,
    })
}

fn place(payment: PaymentId) -> String {
    format!("receipt of payment {payment}")
}
