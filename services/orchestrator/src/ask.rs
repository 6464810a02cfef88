//! From the call that is owed to the question that goes on the wire. Pure.

use payment::{Ask, Attempt, Call, PaymentCode};

/// The question for this call, or nothing when a part of it is not known: the code is gone after a
/// restart (decision 2), Alipay's paymentId was never heard.
pub(crate) fn ask(attempt: &Attempt, call: Call, code: Option<PaymentCode>) -> Option<Ask> {
    let terms = &attempt.terms;
    match call {
        Call::Pay => code.map(|code| Ask::Pay {
            terms: Box::new(terms.clone()),
            code,
        }),
        Call::Inquire => Some(Ask::Inquire {
            payment_request_id: terms.payment_request_id.clone(),
        }),
        Call::Cancel => Some(Ask::Cancel {
            payment_request_id: terms.payment_request_id.clone(),
        }),
        Call::Refund { id, .. } => attempt.charge.as_ref().map(|charge| Ask::Refund {
            refund_request_id: id,
            alipay_payment_id: charge.alipay_payment_id.clone(),
            amount: charge.amount,
        }),
        Call::InquireRefund { id, .. } => Some(Ask::InquireRefund {
            refund_request_id: id,
        }),
    }
}
