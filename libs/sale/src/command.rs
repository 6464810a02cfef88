//! Putting a command about a payment on the bus.

use crate::{Records, Sales};
use bus::{Command, CommandBody};
use payment::{OrderId, PaymentId};

impl<R: Records> Sales<R> {
    /// Puts a command about this payment on the bus; it is durable when this returns.
    ///
    /// # Errors
    /// Those of [`bus::Producer::produce`].
    pub async fn produce(
        &self,
        order: OrderId,
        payment: PaymentId,
        traceparent: Option<String>,
        body: CommandBody,
    ) -> Result<(), bus::Error> {
        let command = Command {
            id: self.identities.next(),
            order,
            payment,
            produced_at: self.now(),
            traceparent,
            body,
        };
        let produced = self.producer.produce(&command).await;
        if let Err(error) = &produced {
            tracing::warn!(payment.id = %command.payment, %error, "a command was not produced");
            metrics::counter!("gateway_produce_failures_total").increment(1);
        }
        produced
    }
}
