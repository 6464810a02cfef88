//! The merchant confirms that it has the answer `paid` (K6b).

use crate::{Error, Records, Sales};
use payment::{Input, Refusal, Terms, decide};

impl<R: Records> Sales<R> {
    /// Whether the confirmation is recorded already; a refusal where there is nothing to confirm.
    ///
    /// # Errors
    /// [`Refusal::NotAcknowledgeable`], and what the store says.
    pub async fn is_acknowledged(&self, terms: &Terms) -> Result<bool, Error> {
        let order = self.records.load(terms.order()).await?;
        let payment = terms.payment();
        // A payment that was taken and has no event is known all the same, and not paid.
        if order.attempt(payment).is_none() {
            return Err(Refusal::NotAcknowledgeable.into());
        }
        let events = decide(&order, Input::Acknowledge { payment }, self.now())?;
        Ok(events.is_empty())
    }
}
