//! What was answered to a request to pay (decision 11): one row per merchant and reference, kept
//! for ever. Whoever is second obeys.

use crate::database::Engine;
use crate::schema::proof::StoredRefusal;
use crate::schema::{self, StoredTerms};
use crate::{Error, Store, number};
use payment::{MerchantId, PaymentId, Reference, Refusal, TerminalId, Terms, Timestamp};
use uuid::Uuid;

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
    /// Its order takes no payment; its command, if it ever comes, is dropped.
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
pub(crate) type ReceiptRow = (String, String, Option<String>, i64, String);

/// When it was taken and the payment, before the same.
pub(crate) type ForgottenRow = (i64, String, ReceiptRow);

/// The same, as an engine gives it.
pub(crate) type FlatRow = (i64, String, String, String, Option<String>, i64, String);

pub(crate) fn folded(row: FlatRow) -> ForgottenRow {
    let (accepted_at_ms, payment, digest, state, refusal, schema_version, terms) = row;
    let receipt = (digest, state, refusal, schema_version, terms);
    (accepted_at_ms, payment, receipt)
}

/// A place among pending requests.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Behind(pub(crate) (i64, Uuid));

impl Behind {
    /// Before the first.
    pub fn nothing() -> Self {
        Self((i64::MIN, Uuid::nil()))
    }
}

/// Requests that no command followed yet.
#[derive(Debug, Default)]
pub struct Forgotten {
    /// Those that can be read.
    pub receipts: Vec<Receipt>,
    /// Why the others can't: each an [`Error::Newer`] or [`Error::Corrupt`].
    pub unreadable: Vec<Error>,
    /// Where to go on, if there may be more.
    pub more_behind: Option<Behind>,
}

fn forgotten(rows: Vec<ForgottenRow>, limit: u32) -> Forgotten {
    let full = u32::try_from(rows.len()).is_ok_and(|count| count >= limit);
    let mut forgotten = Forgotten::default();
    for (accepted_at_ms, payment, (digest, state, refusal, schema_version, terms)) in rows {
        let read = number::payment_id(&payment, "receipt").and_then(|payment| {
            forgotten.more_behind = Some(Behind((accepted_at_ms, payment.as_uuid())));
            read(payment, (digest, state, refusal, schema_version, terms))
        });
        match read {
            Ok(receipt) => forgotten.receipts.push(receipt),
            Err(error) => forgotten.unreadable.push(error),
        }
    }
    if !full {
        forgotten.more_behind = None;
    }
    forgotten
}

/// How a door changes a receipt; what each does stands with the operation of that name.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Refuse,
    RefuseAlone,
    /// With the refusal as it is stored.
    Decline(String),
    Join,
}

impl Change {
    pub(crate) fn refusal(&self) -> Option<&str> {
        match self {
            Self::Decline(refusal) => Some(refusal),
            Self::Refuse | Self::RefuseAlone | Self::Join => None,
        }
    }
}

impl Store {
    /// Takes a request to pay, or says what became of the one before under this key. The
    /// terminal's counter moves in the same transaction.
    ///
    /// # Errors
    /// [`Error::RequestIdTaken`] when the terms bear another payment's `paymentRequestId`;
    /// [`Error::Busy`] when it was surely not taken; [`Error::Corrupt`] and [`Error::Unavailable`].
    pub async fn take_receipt<F>(&self, new: NewReceipt<F>) -> Result<Taken, Error>
    where
        F: FnOnce(u64) -> Terms + Send,
    {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.take_receipt(new).await,
            Engine::Postgres(postgres) => postgres.take_receipt(new).await,
        }
    }

    /// What is known of this payment's request.
    ///
    /// # Errors
    /// [`Error::Corrupt`] and [`Error::Unavailable`].
    pub async fn receipt(&self, payment: PaymentId) -> Result<Option<Receipt>, Error> {
        let row = match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.receipt(payment).await?,
            Engine::Postgres(postgres) => postgres.receipt(payment).await?,
        };
        row.map(|row| read(payment, row)).transpose()
    }

    /// Refuses a request that is still pending, whoever else may be at it: its command can't be
    /// carried out. What it returns holds. A request never taken counts as refused.
    ///
    /// # Errors
    /// [`Error::Corrupt`] and [`Error::Unavailable`].
    pub async fn refuse_receipt(&self, payment: PaymentId) -> Result<ReceiptState, Error> {
        self.change(payment, Change::Refuse).await
    }

    /// Refuses a pending request before a 503 leaves, unless another door joined it: that one may
    /// have said that it was taken. What it returns holds: only on [`ReceiptState::Refused`] may
    /// the door say 503. A request never taken counts as refused.
    ///
    /// # Errors
    /// [`Error::Corrupt`] and [`Error::Unavailable`].
    pub async fn refuse_receipt_alone(&self, payment: PaymentId) -> Result<ReceiptState, Error> {
        self.change(payment, Change::RefuseAlone).await
    }

    /// Declines a request that is still pending: its order takes no payment (decision 12). The first
    /// of this and the append that accepts wins, and the other obeys. What it returns holds. A
    /// request never taken counts as refused.
    ///
    /// # Errors
    /// [`Error::Newer`] where a later release took it: it stays pending for that one;
    /// [`Error::Corrupt`] and [`Error::Unavailable`].
    pub async fn decline_receipt(
        &self,
        payment: PaymentId,
        refusal: Refusal,
    ) -> Result<ReceiptState, Error> {
        let refusal = schema::write(&StoredRefusal::from(refusal));
        let refusal = refusal.map_err(|fault| Error::corrupt(place(payment), fault))?;
        self.change(payment, Change::Decline(refusal)).await
    }

    /// Joins a pending request whose command is to be produced again, and opens a refused one
    /// again. What it returns holds.
    ///
    /// # Errors
    /// [`Error::Busy`] when it was surely not joined; [`Error::Corrupt`] and [`Error::Unavailable`].
    pub async fn join_receipt(&self, payment: PaymentId) -> Result<ReceiptState, Error> {
        self.change(payment, Change::Join).await
    }

    /// Requests taken before `before` that are still pending, oldest first from `behind` on, at most
    /// `limit`: their commands may never have come (X16). One that can't be read is told apart, so
    /// that it stands in nobody's way.
    ///
    /// # Errors
    /// [`Error::Busy`] and [`Error::Unavailable`].
    pub async fn forgotten_receipts(
        &self,
        before: Timestamp,
        behind: Behind,
        limit: u32,
    ) -> Result<Forgotten, Error> {
        let range = (behind.0, before);
        let rows = match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.forgotten_receipts(range, limit).await?,
            Engine::Postgres(postgres) => postgres.forgotten_receipts(range, limit).await?,
        };
        Ok(forgotten(rows, limit))
    }

    async fn change(&self, payment: PaymentId, change: Change) -> Result<ReceiptState, Error> {
        let row = match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.change_receipt(payment, change).await?,
            Engine::Postgres(postgres) => postgres.change_receipt(payment, change).await?,
        };
        match row {
            Some(row) => Ok(read(payment, row)?.state),
            None => Ok(ReceiptState::Refused),
        }
    }
}

/// The terms as stored.
pub(crate) fn written(payment: PaymentId, terms: &Terms) -> Result<String, Error> {
    schema::write(&StoredTerms::from(terms)).map_err(|fault| Error::unread(place(payment), fault))
}

pub(crate) fn read(payment: PaymentId, row: ReceiptRow) -> Result<Receipt, Error> {
    let (digest, state, refusal, schema_version, terms) = row;
    let corrupt = |fault: schema::Fault| Error::unread(place(payment), fault);
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
