//! A payment as an HTTP answer: 200 once the outcome is final, 202 until then.

use crate::admission::{Kind, Share};
use crate::payment_body::PaymentBody;
use crate::prefer::Wait;
use crate::problem::Problem;
use crate::state::State;
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpResponse, HttpResponseBuilder};
use payment::{MerchantId, Outcome};
use sale::Snapshot;

/// The merchant's share of the gateway's waits, where this request waits.
///
/// # Errors
/// `merchant_busy`.
pub(super) fn wait_share(
    state: &State,
    merchant: &MerchantId,
    wait: Wait,
) -> Result<Option<Share>, Problem> {
    if wait.duration().is_zero() {
        return Ok(None);
    }
    state.shares.take(merchant, Kind::Wait).map(Some)
}

/// Whether there is nothing to wait for.
pub(super) fn is_final(found: &Snapshot) -> bool {
    match found.told().outcome {
        Outcome::Pending => false,
        Outcome::Paid | Outcome::NotPaid => true,
    }
}

/// For a call that starts or changes something.
pub(super) fn to_command(found: &Snapshot, wait: Wait) -> HttpResponse {
    let status = match found.told().outcome {
        Outcome::Pending => StatusCode::ACCEPTED,
        Outcome::Paid | Outcome::NotPaid => StatusCode::OK,
    };
    let location = format!("/v1/payments/{}", found.view.terms.payment());
    begun(status, found, wait)
        .insert_header((header::LOCATION, location))
        .json(PaymentBody::of(found))
}

/// For a call that only asks.
pub(super) fn to_question(found: &Snapshot, wait: Wait) -> HttpResponse {
    begun(StatusCode::OK, found, wait).json(PaymentBody::of(found))
}

/// For a call that asks and knows the answer already.
pub(super) fn not_modified(found: &Snapshot, wait: Wait) -> HttpResponse {
    begun(StatusCode::NOT_MODIFIED, found, wait).finish()
}

fn begun(status: StatusCode, found: &Snapshot, wait: Wait) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response.insert_header((header::ETAG, found.etag()));
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    if let Some(applied) = wait.applied() {
        response.insert_header(("Preference-Applied", applied));
    }
    response
}
