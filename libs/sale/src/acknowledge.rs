//! The merchant confirms that it has the answer `paid` (K6b).

use crate::{Error, Records, Sales, Snapshot};
use payment::{Input, MerchantId, OrderId, PaymentId, Refusal, Seen, view as view_of};
use store::{ExecuteError, Executed};

impl<R: Records> Sales<R> {
    /// Writes the confirmation down and returns the payment with it. `Acknowledged` or the reversal
    /// of an unacknowledged sale, whichever is appended first, holds: both need the same version.
    ///
    /// # Errors
    /// [`Error::NotAcknowledgeable`] with the payment as it stands; otherwise what failed: then the
    /// confirmation may or may not be written, and the merchant sends it again.
    pub async fn acknowledge(
        &self,
        merchant: &MerchantId,
        payment: PaymentId,
    ) -> Result<Snapshot, Error> {
        let snapshot = self.look(merchant, payment).await?;
        if snapshot.waiting {
            return Err(Error::NotAcknowledgeable(Box::new(snapshot)));
        }
        let (sales, order) = (self.clone(), snapshot.view.terms.order());
        let written = self
            .to_its_end(async move { sales.write_acknowledgement(order, payment).await })
            .await;
        match written {
            Ok(executed) => match view_of(&executed.order, payment) {
                Seen::Payment(view) => Ok(Snapshot::begun(*view, snapshot.at)),
                Seen::Unknown => Err(Error::ViewMissing(payment)),
            },
            Err(Error::Refused(Refusal::NotAcknowledgeable)) => {
                let stands = self.look(merchant, payment).await?;
                Err(Error::NotAcknowledgeable(Box::new(stands)))
            }
            Err(error) => Err(error),
        }
    }

    async fn write_acknowledgement(
        &self,
        order: OrderId,
        payment: PaymentId,
    ) -> Result<Executed, Error> {
        let input = Input::Acknowledge { payment };
        let partition = bus::partition_of(order);
        match store::execute(&self.records, order, input, self.now(), partition).await {
            Ok(executed) => {
                if !executed.events.is_empty() {
                    self.news.tell(payment);
                }
                Ok(executed)
            }
            Err(ExecuteError::Refused(refusal)) => Err(refusal.into()),
            Err(ExecuteError::Store(error)) => Err(error.into()),
        }
    }
}
