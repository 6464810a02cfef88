//! Why an operation on a sale did not come to an answer, named for what the caller tells its
//! merchant.

use crate::Snapshot;
use payment::{PaymentId, Refusal};

/// Why the merchant's side could not answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A business no: the same at every door.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The request was not taken: the merchant sends the very same request again, with the same key.
    #[error("the request was not taken; send it again with the same key")]
    NotTaken,
    /// Nothing of this request was written: the merchant sends it again later, with the same key.
    #[error("nothing of the request was written: {0}")]
    Busy(#[source] store::Error),
    /// The key came before with another body (X18).
    #[error("the idempotency key came before with another body")]
    KeyReused,
    /// The store could not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The command could not be put on the bus.
    #[error(transparent)]
    Bus(#[from] bus::Error),
    /// There is nothing to acknowledge: the payment is not paid, or is paid no longer.
    #[error("the payment can't be acknowledged as it stands")]
    NotAcknowledgeable(Box<Snapshot>),
    /// Whether the answer was written down is not known in time: the merchant hands nothing over and
    /// asks again. It is never told `not_paid` on that ground.
    #[error("the database did not say in time what was written")]
    OutcomeUnknown,
    /// What the caller waited for panicked, or the process ends.
    #[error("what was under way ended early: {0}")]
    TaskEnded(#[source] tokio::task::JoinError),
    /// The payment was accepted, yet it has no view. A person must look.
    #[error("payment {0} was accepted, yet it has no view")]
    ViewMissing(PaymentId),
}
