//! The payment that a path names.

use crate::problem::{Code, Problem};
use payment::PaymentId;
use uuid::Uuid;

/// The payment's id out of a path; anything that is not an id names no payment.
pub(super) fn payment_id(text: &str) -> Result<PaymentId, Problem> {
    let uuid = Uuid::try_parse(text).map_err(|_| {
        Problem::new(
            Code::PaymentNotFound,
            "No payment of yours has this id. Ids look like \
             5f0c6e0e-8d0c-5d7a-9d3f-0e6f6f1f2a3b; find one with GET /v1/payments?reference=….",
        )
    })?;
    Ok(PaymentId::from_uuid(uuid))
}
