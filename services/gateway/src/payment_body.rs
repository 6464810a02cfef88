//! How a payment looks to its merchant. One shape at every door.

use crate::words::ProofKind;
use payment::{NeverSent, Proof, Standing, Timestamp, close_reason_code};
use sale::Snapshot;
use serde::Serialize;
use utoipa::ToSchema;

/// A payment as it stands.
#[derive(Clone, Serialize, ToSchema, Debug)]
pub(crate) struct PaymentBody {
    /// Our id of it.
    #[schema(format = "uuid")]
    id: String,
    /// Your number of the order.
    order_id: String,
    /// Your name of this attempt: its `Idempotency-Key`.
    reference: String,
    /// The till.
    terminal_id: String,
    /// The amount in minor units.
    amount_minor: i64,
    /// ISO 4217.
    currency: &'static str,
    /// What the customer reads in the wallet.
    description: String,
    /// Where it stands.
    status: &'static str,
    /// What to act on.
    outcome: &'static str,
    /// What to do.
    next_action: &'static str,
    /// One line for the cashier.
    cashier_line: &'static str,
    /// Why it was declined or is being closed, where that is known.
    reason: Option<&'static str>,
    /// Alipay's own code behind the reason, for people.
    result_code: Option<String>,
    /// Alipay's key of this attempt, as a receipt shows it.
    payment_request_id: String,
    /// What Alipay calls the payment, once known.
    alipay_payment_id: Option<String>,
    /// The fact that proves it ended unpaid.
    proof: Option<ProofBody>,
    /// When the request was taken.
    #[schema(format = DateTime)]
    accepted_at: String,
    /// By then the outcome is final.
    #[schema(format = DateTime)]
    final_by: String,
    /// When you were first told `paid`.
    #[schema(format = DateTime)]
    paid_at: Option<String>,
    /// When it last changed.
    #[schema(format = DateTime)]
    changed_at: String,
    /// Its order's sequence: the same at every door.
    sequence: u64,
}

/// What proves that a payment ended unpaid.
#[derive(Clone, Serialize, ToSchema, Debug)]
pub(crate) struct ProofBody {
    /// Which kind of fact.
    kind: &'static str,
    /// Alipay's code, its refund id, or why nothing was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl PaymentBody {
    /// What every door says of it.
    pub(crate) fn of(found: &Snapshot) -> Self {
        let (view, told) = (&found.view, found.told());
        let terms = &view.terms;
        let (reason, proof) = why(&view.standing);
        let decline = view.decline();
        Self {
            id: terms.payment().to_string(),
            order_id: terms.order_number.to_string(),
            reference: terms.reference.to_string(),
            terminal_id: terms.terminal.to_string(),
            amount_minor: terms.amount.amount_minor(),
            currency: terms.amount.currency().code(),
            description: terms.description.clone(),
            status: told.status.code(),
            outcome: told.outcome.code(),
            next_action: told.next_action.code(),
            cashier_line: told.cashier_line,
            reason: decline.map(|(reason, _)| reason.code()).or(reason),
            result_code: decline.and_then(|(_, code)| code.told().map(str::to_owned)),
            payment_request_id: terms.payment_request_id.to_string(),
            alipay_payment_id: view.alipay_payment_id.as_ref().map(ToString::to_string),
            proof,
            accepted_at: terms.accepted_at.rfc3339(),
            final_by: terms.last_release_at().rfc3339(),
            paid_at: view.released_at.map(Timestamp::rfc3339),
            changed_at: view.changed_at.rfc3339(),
            sequence: view.version,
        }
    }
}

fn why(standing: &Standing) -> (Option<&'static str>, Option<ProofBody>) {
    match standing {
        Standing::Processing | Standing::Approved | Standing::Paid { .. } => (None, None),
        Standing::Closing(reason) | Standing::NeedsAttention(reason) => {
            (Some(close_reason_code(*reason)), None)
        }
        Standing::Ended(proof) => {
            let body = ProofBody::of(proof);
            let reason = match proof {
                Proof::NeverSent(why) => Some(never_sent(*why)),
                Proof::PayRefused { .. }
                | Proof::InquiryFailed { .. }
                | Proof::InquiryCancelled
                | Proof::CancelSucceeded
                | Proof::RefundSucceeded { .. }
                | Proof::NeverArrived => None,
            };
            (reason, Some(body))
        }
    }
}

/// Why nothing was sent, as a stable code.
pub(crate) fn never_sent(why: NeverSent) -> &'static str {
    match why {
        NeverSent::TooLate => "too_late",
        NeverSent::CancelledFirst => "cancelled_first",
        NeverSent::NoConnection => "no_connection",
        NeverSent::Abandoned => "abandoned",
    }
}

impl ProofBody {
    pub(crate) fn of(proof: &Proof) -> Self {
        let (kind, detail) = match proof {
            Proof::PayRefused { code } => (ProofKind::PayRefused, code.told().map(str::to_owned)),
            Proof::InquiryFailed { code } => {
                (ProofKind::InquiryFailed, code.told().map(str::to_owned))
            }
            Proof::InquiryCancelled => (ProofKind::InquiryCancelled, None),
            Proof::CancelSucceeded => (ProofKind::CancelSucceeded, None),
            Proof::RefundSucceeded { refund_id } => {
                (ProofKind::RefundSucceeded, Some(refund_id.to_string()))
            }
            Proof::NeverSent(why) => (ProofKind::NeverSent, Some(never_sent(*why).to_owned())),
            Proof::NeverArrived => (ProofKind::NeverArrived, None),
        };
        Self {
            kind: kind.code(),
            detail,
        }
    }
}
