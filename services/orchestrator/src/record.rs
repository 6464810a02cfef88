//! Load, decide, append, tell: how anything gets into an order's history. Patient with a journal
//! that is away, and never repeats an append: after a conflict it decides again.

use crate::patience::Patience;
use crate::{Journal, count};
use chassis::clock::Clock;
use fleet::{Leases, News};
use payment::{Call, Input, Order, OrderId, PaymentId, Refusal, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use store::{Decided, Error, ReceiptState};

/// How long a result waits for the order's lease, at most. Locks save work; versions keep truth.
const LEASE_WAIT: Duration = Duration::from_secs(1);

/// What came of an input, and what this very call appended.
pub(crate) type Written = store::Executed;

/// Why an input was not recorded. Waiting would not help.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// A business no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The merchant was told no, or 503, before this command came: drop it.
    #[error("the request was refused before its command came")]
    ReceiptRefused,
    /// The payment can't exist as asked for.
    #[error("its paymentRequestId belongs to another payment")]
    RequestIdTaken,
    /// A later release wrote to the order: leave it to a worker of that one.
    #[error("the order's history is newer than this worker: {0}")]
    Newer(store::Corruption),
    /// A person must look at the stored history.
    #[error("the order's history can't be read: {0}")]
    Corrupt(store::Corruption),
}

/// Writes into histories.
#[derive(Clone)]
pub(crate) struct Recorder<J> {
    pub(crate) journal: J,
    pub(crate) leases: Leases,
    pub(crate) news: News,
    pub(crate) clock: Arc<dyn Clock>,
}

impl<J: Journal> Recorder<J> {
    /// Now, by this process's clock.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.clock.now_ms())
    }

    /// The order, however long the journal is away.
    pub(crate) async fn load(&self, order: OrderId) -> Result<Order, RecordError> {
        let mut patience = Patience::new();
        loop {
            match self.journal.load(order).await {
                Ok(order) => return Ok(order),
                Err(Error::Newer(newer)) => return Err(RecordError::Newer(newer)),
                Err(Error::Corrupt(corruption)) => return Err(RecordError::Corrupt(corruption)),
                Err(error) => {
                    count::journal_unavailable();
                    tracing::warn!(order.id = %order, %error, "the journal is away; waiting");
                    patience.wait().await;
                }
            }
        }
    }

    /// Records an input under the order's lease, so that an inquiry's result and a notification's
    /// come one after the other (H3).
    pub(crate) async fn record(
        &self,
        order: OrderId,
        known: Option<Order>,
        input: Input,
    ) -> Result<Written, RecordError> {
        let mut lease = self.leases.lease(order, LEASE_WAIT).await;
        // What an earlier holder has overtaken would only come to a conflict.
        let mut known = known.filter(|known| !lease.is_past(known.version));
        let mut patience = Patience::new();
        loop {
            let before = match known.take() {
                Some(before) => before,
                None => self.load(order).await?,
            };
            match self.once(order, before, input.clone(), self.now()).await {
                Ok(written) => {
                    lease.leave_at(written.order.version);
                    return Ok(written);
                }
                Err(Setback::Final(error)) => return Err(error),
                Err(Setback::Stale) => count::conflict(),
                Err(Setback::Away(error)) => {
                    count::journal_unavailable();
                    tracing::warn!(order.id = %order, %error, "the journal is away; waiting");
                    patience.wait().await;
                }
            }
        }
    }

    /// Takes a payment into its order, or declines its request where the order does not take it, so
    /// that its key has an answer (decision 12). Whatever was written first holds.
    pub(crate) async fn take(
        &self,
        order: OrderId,
        payment: PaymentId,
        input: Input,
    ) -> Result<Written, RecordError> {
        let taken = self.record(order, None, input).await;
        if let Err(RecordError::Refused(refusal)) = &taken {
            self.decline(payment, *refusal).await?;
        }
        taken
    }

    async fn decline(&self, payment: PaymentId, refusal: Refusal) -> Result<(), RecordError> {
        let mut patience = Patience::new();
        loop {
            match self.journal.decline_receipt(payment, refusal).await {
                Ok(state) => {
                    if state == ReceiptState::Declined(refusal) {
                        count::declined(refusal);
                    }
                    self.news.tell(payment);
                    return Ok(());
                }
                Err(Error::Newer(newer)) => return Err(RecordError::Newer(newer)),
                Err(Error::Corrupt(corruption)) => return Err(RecordError::Corrupt(corruption)),
                Err(error) => {
                    count::journal_unavailable();
                    tracing::warn!(payment.id = %payment, %error, "the journal is away; waiting");
                    patience.wait().await;
                }
            }
        }
    }

    /// Writes down the intention to call. Nothing when someone else got on meanwhile: the caller
    /// goes back to `due` (decision 1).
    pub(crate) async fn begin(
        &self,
        id: OrderId,
        order: Order,
        payment: PaymentId,
        call: Call,
    ) -> Result<Option<Written>, RecordError> {
        let input = Input::Begin { payment, call };
        match self.once(id, order, input, self.now()).await {
            Ok(written) => Ok(Some(written)),
            Err(Setback::Final(RecordError::Refused(_)) | Setback::Stale) => {
                count::conflict();
                Ok(None)
            }
            Err(Setback::Final(error)) => Err(error),
            Err(Setback::Away(error)) => {
                count::journal_unavailable();
                tracing::warn!(order.id = %id, %error, "the journal is away; the call waits");
                Patience::new().wait().await;
                Ok(None)
            }
        }
    }

    async fn once(
        &self,
        id: OrderId,
        before: Order,
        input: Input,
        now: Timestamp,
    ) -> Result<Written, Setback> {
        let decided = Decided::on(before, input, now)
            .map_err(|refusal| Setback::Final(RecordError::Refused(refusal)))?;
        let executed = decided
            .append(&self.journal, id, bus::partition_of(id))
            .await
            .map_err(Setback::of)?;
        count::events(&executed.events);
        for event in &executed.events {
            self.news.tell(event.payment);
        }
        Ok(executed)
    }
}

/// Why one try did not get in.
enum Setback {
    /// Decide again on what is there by now.
    Stale,
    /// Wait, then load to see whether it was written after all.
    Away(Error),
    /// No use trying.
    Final(RecordError),
}

impl Setback {
    fn of(error: Error) -> Self {
        match error {
            Error::Conflict => Self::Stale,
            Error::Busy(_) | Error::Unavailable(_) => Self::Away(error),
            Error::ReceiptRefused => Self::Final(RecordError::ReceiptRefused),
            Error::RequestIdTaken => Self::Final(RecordError::RequestIdTaken),
            Error::Newer(newer) => Self::Final(RecordError::Newer(newer)),
            Error::Corrupt(corruption) => Self::Final(RecordError::Corrupt(corruption)),
        }
    }
}
