//! The merchant cancels (K5).

use crate::{Error, Records, Sales, Snapshot};
use bus::CommandBody;
use payment::{MerchantId, PaymentId, Standing};

impl<R: Records> Sales<R> {
    /// Puts the merchant's cancel on the bus, unless the payment has ended. Returns the payment as
    /// it stood before. An approval stays unreleased: the door that cancels hands nothing over
    /// (H2).
    ///
    /// # Errors
    /// [`Error`]; after [`Error::Bus`] the merchant cancels again.
    pub async fn cancel(
        &self,
        merchant: &MerchantId,
        payment: PaymentId,
        traceparent: Option<String>,
    ) -> Result<Snapshot, Error> {
        let snapshot = self.look(merchant, payment).await?;
        if !matches!(snapshot.view.standing, Standing::Ended(_)) {
            let order = snapshot.view.terms.order();
            let sales = self.clone();
            self.to_its_end(async move {
                let body = CommandBody::Cancel;
                let produced = sales.produce(order, payment, traceparent, body).await;
                produced.map_err(Error::from)
            })
            .await?;
        }
        Ok(snapshot)
    }
}
