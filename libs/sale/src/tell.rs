//! Telling how a payment stands. What telling it presupposes is written first: `Released` before
//! `paid` (decision 8), the close-out before a `not_paid` that only the clock says (X25).

use crate::{Error, Records, Sales, Snapshot};
use payment::{
    Input, MerchantId, PaymentId, Refusal, Seen, Timestamp, owed_before_telling, view as view_of,
};
use store::{ExecuteError, Receipt, ReceiptState};

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
        match owed_before_telling(&snapshot.view, snapshot.at) {
            Some(lapse @ Input::Lapse { .. }) if !snapshot.waiting => {
                self.write(snapshot, lapse).await
            }
            Some(_) | None => Ok(snapshot),
        }
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
        self.tellable(snapshot).await
    }

    /// As [`Sales::hand_over`], for a payment that was just read.
    ///
    /// # Errors
    /// As [`Sales::look`].
    pub async fn tellable(&self, snapshot: Snapshot) -> Result<Snapshot, Error> {
        match owed_before_telling(&snapshot.view, snapshot.at) {
            Some(input) if !snapshot.waiting => self.write(snapshot, input).await,
            Some(_) | None => Ok(snapshot),
        }
    }

    /// Writes what a door must write before it may tell. What it wrote, or else what won, is told.
    async fn write(&self, snapshot: Snapshot, input: Input) -> Result<Snapshot, Error> {
        let terms = &snapshot.view.terms;
        let (merchant, payment) = (terms.merchant.clone(), terms.payment());
        let order = terms.order();
        let partition = bus::partition_of(order);
        match store::execute(&self.records, order, input, snapshot.at, partition).await {
            Ok(executed) => {
                if !executed.events.is_empty() {
                    self.news.tell(payment);
                }
                if let Seen::Payment(view) = view_of(&executed.order, payment) {
                    return Ok(Snapshot::begun(*view, snapshot.at));
                }
            }
            Err(ExecuteError::Refused(refusal)) => {
                tracing::info!(payment.id = %payment, %refusal, "a door came second");
            }
            Err(ExecuteError::Store(error)) => return Err(error.into()),
        }
        let again = self.read(&merchant, payment).await?;
        Ok(Snapshot {
            at: snapshot.at,
            ..again
        })
    }

    async fn read(&self, merchant: &MerchantId, payment: PaymentId) -> Result<Snapshot, Error> {
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
