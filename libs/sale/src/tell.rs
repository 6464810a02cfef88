//! Telling how a payment stands. What telling it presupposes is written first: `Released` before
//! `paid` (decision 8), the close-out before a `not_paid` that only the clock says (X25). How
//! `Released` is written stands in `release`.

use crate::wait::Purpose;
use crate::{Error, Records, Sales, Snapshot};
use payment::{
    Input, MerchantId, PaymentId, Refusal, Seen, Standing, Timestamp, owed_before_telling,
    view as view_of,
};
use std::time::Duration;
use store::{ExecuteError, Executed, Receipt, ReceiptState};

/// How long a door waits for a close-out, or for its word that it tells `paid` too, to be written.
const WRITE_LIMIT: Duration = Duration::from_secs(5);

/// Each round means that another door or a worker got on with the payment.
const ROUNDS_MAX: u32 = 8;

/// What came of a write before telling.
pub(crate) enum Telling {
    /// It is written, and this is what may be told.
    Written(Box<Snapshot>),
    /// Something else was written first: read again.
    Overtaken,
    /// It is too late to begin the write: what was read may be told.
    NotBegun,
}

impl<R: Records> Sales<R> {
    /// The merchant's payment, only looked at: an approval stays unreleased, but what the clock
    /// alone would tell is written down before it is told.
    ///
    /// A refused command is an answer too, and the same at every door (decision 12).
    ///
    /// # Errors
    /// [`Error`]; [`Refusal::UnknownPayment`] for another merchant's payment too.
    pub async fn look(&self, merchant: &MerchantId, payment: PaymentId) -> Result<Snapshot, Error> {
        let snapshot = self.read(merchant, payment).await?;
        self.looked_at(snapshot).await
    }

    /// As [`Sales::look`], for a payment that was just read.
    ///
    /// # Errors
    /// As [`Sales::look`].
    pub async fn looked_at(&self, snapshot: Snapshot) -> Result<Snapshot, Error> {
        self.told_as(Purpose::Look, snapshot).await
    }

    /// The merchant's payment, handed over: where it is about to be told `paid`, that is written
    /// first (decision 8). The reversal of an undelivered approval needs the same version, so one
    /// of the two wins, and the winner is what is told (X24).
    ///
    /// # Errors
    /// As [`Sales::look`].
    pub async fn hand_over(
        &self,
        merchant: &MerchantId,
        payment: PaymentId,
    ) -> Result<Snapshot, Error> {
        let snapshot = self.read(merchant, payment).await?;
        self.told_as(Purpose::HandOver, snapshot).await
    }

    /// What may be told of a payment that was just read, once what must be written first is
    /// written.
    pub(crate) async fn told_as(
        &self,
        purpose: Purpose,
        mut snapshot: Snapshot,
    ) -> Result<Snapshot, Error> {
        for _ in 0..ROUNDS_MAX {
            let Some(input) = self.must_write(purpose, &snapshot) else {
                return Ok(snapshot);
            };
            let written = if snapshot.view.standing == Standing::Approved
                && matches!(input, Input::Release { .. })
            {
                self.release(&snapshot).await?
            } else {
                self.write(&snapshot, input).await?
            };
            match written {
                Telling::Written(snapshot) => return Ok(*snapshot),
                Telling::NotBegun => return Ok(snapshot),
                Telling::Overtaken => {
                    let terms = &snapshot.view.terms;
                    snapshot = self.read(&terms.merchant, terms.payment()).await?;
                }
            }
        }
        Err(Error::OutcomeUnknown)
    }

    /// What a door must write before it may tell this snapshot. A door that only looks leaves an
    /// approval unreleased; but where it tells `paid` of another gateway's young release, it says so
    /// first.
    pub(crate) fn must_write(&self, purpose: Purpose, snapshot: &Snapshot) -> Option<Input> {
        if snapshot.waiting {
            return None;
        }
        let input = owed_before_telling(&snapshot.view, snapshot.at)?;
        if !matches!(input, Input::Release { .. }) {
            return Some(input);
        }
        let wanted = if snapshot.view.standing == Standing::Approved {
            purpose == Purpose::HandOver
        } else {
            !self.board.told_here(snapshot.view.terms.payment())
        };
        wanted.then_some(input)
    }

    /// Writes what a door must write before it may tell, other than `Released`.
    async fn write(&self, snapshot: &Snapshot, input: Input) -> Result<Telling, Error> {
        let terms = &snapshot.view.terms;
        let (order, payment, at) = (terms.order(), terms.payment(), snapshot.at);
        let sales = self.clone();
        let writing = self.to_its_end(async move {
            let partition = bus::partition_of(order);
            let written = store::execute(&sales.records, order, input, at, partition).await;
            if let Ok(executed) = &written
                && !executed.events.is_empty()
            {
                sales.news.tell(payment);
            }
            Ok(written)
        });
        let Ok(written) = tokio::time::timeout(WRITE_LIMIT, writing).await else {
            return Err(Error::OutcomeUnknown);
        };
        match written? {
            Ok(executed) => Ok(telling(&executed, payment, at)),
            Err(ExecuteError::Refused(refusal)) => {
                tracing::info!(payment.id = %payment, %refusal, "a door came second");
                Ok(Telling::Overtaken)
            }
            Err(ExecuteError::Store(error)) => Err(in_doubt(error)),
        }
    }

    pub(crate) async fn read(
        &self,
        merchant: &MerchantId,
        payment: PaymentId,
    ) -> Result<Snapshot, Error> {
        let at = self.now();
        if let Some(view) = self.records.payment(merchant, payment).await? {
            return Ok(Snapshot::begun(view, at));
        }
        let receipt = self.records.receipt(payment).await?;
        match receipt.filter(|receipt| receipt.terms.merchant == *merchant) {
            None => Err(Refusal::UnknownPayment.into()),
            Some(receipt) => self.of_receipt(merchant, receipt, at).await,
        }
    }

    async fn of_receipt(
        &self,
        merchant: &MerchantId,
        receipt: Receipt,
        at: Timestamp,
    ) -> Result<Snapshot, Error> {
        match receipt.state {
            ReceiptState::Pending => Ok(Snapshot::taken(receipt.terms, at)),
            // Accepted between the two reads: the view is there now.
            ReceiptState::Accepted => {
                let payment = receipt.terms.payment();
                let view = self.records.payment(merchant, payment).await?;
                let view = view.ok_or(Error::ViewMissing(payment))?;
                Ok(Snapshot::begun(view, at))
            }
            ReceiptState::Refused => Err(Error::NotTaken),
            ReceiptState::Declined(refusal) => Err(refusal.into()),
        }
    }
}

/// What may be told of the order as it was written.
pub(crate) fn telling(executed: &Executed, payment: PaymentId, at: Timestamp) -> Telling {
    match view_of(&executed.order, payment) {
        Seen::Payment(view) => Telling::Written(Box::new(Snapshot::begun(*view, at))),
        Seen::Unknown => Telling::Overtaken,
    }
}

/// Whether something was written that decides what may be told is not known: nothing is guessed.
pub(crate) fn in_doubt(error: store::Error) -> Error {
    match error {
        // What a later release wrote, one of that release can tell.
        store::Error::Unavailable(_)
        | store::Error::Busy(_)
        | store::Error::Conflict
        | store::Error::Newer(_) => {
            tracing::warn!(%error, "a door could not write what it must write before it tells");
            Error::OutcomeUnknown
        }
        store::Error::ReceiptRefused | store::Error::RequestIdTaken | store::Error::Corrupt(_) => {
            error.into()
        }
    }
}
