//! `POST /v1/payments/{id}/acknowledgement`: "I have your answer" (K6b).

use super::answer::to_question;
use super::path::payment_id;
use crate::payment_body::PaymentBody;
use crate::prefer::Wait;
use crate::problem::Problem;
use crate::state::State;
use crate::token::{Caller, Writes};
use actix_web::{HttpResponse, web};

/// Confirm that you have the answer `paid`. It is written down before this answers 200; a repeat
/// changes nothing. Where the payment is not paid, or its reversal was first, 409 with the payment
/// as it stands.
#[utoipa::path(
    post, path = "/v1/payments/{id}/acknowledgement", tag = "payments",
    params(
        ("id" = String, Path, format = "uuid", description = "The payment's id"),
    ),
    responses(
        (status = 200, description = "Confirmed, and written down", body = PaymentBody),
    ),
    security(("token" = ["payments:write"]))
)]
pub(crate) async fn acknowledge(
    state: web::Data<State>,
    caller: Caller<Writes>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let payment = payment_id(&id)?;
    let found = state.sales.acknowledge(&caller.merchant, payment).await?;
    Ok(to_question(&found, Wait { seconds: None }))
}
