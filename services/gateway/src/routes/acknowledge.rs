//! `POST /v1/payments/{id}/acknowledgement`: "I have your answer" (K6b).

use super::answer::{to_command, to_question};
use super::path::payment_id;
use super::produce::traceparent;
use crate::door::{self, Door, Says};
use crate::payment_body::PaymentBody;
use crate::prefer::Wait;
use crate::problem::Problem;
use crate::state::State;
use crate::token::{Caller, Writes};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use bus::CommandBody;
use tokio::time::Instant;

/// Confirm that you have the answer `paid`. A repeat changes nothing.
#[utoipa::path(
    post, path = "/v1/payments/{id}/acknowledgement", tag = "payments",
    params(
        ("id" = String, Path, format = "uuid", description = "The payment's id"),
        ("Prefer" = Option<String>, Header, description = "`wait=n`: keep the connection open up to n seconds, until the confirmation is recorded."),
    ),
    responses(
        (status = 200, description = "Confirmed", body = PaymentBody),
        (status = 202, description = "Taken; it will be recorded", body = PaymentBody),
    ),
    security(("token" = ["payments:write"]))
)]
pub(crate) async fn acknowledge(
    state: web::Data<State>,
    caller: Caller<Writes>,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let wait = Wait::asked(&request, state.limits.wait_s_max);
    let door = Door {
        state: &state,
        merchant: &caller.merchant,
        payment: payment_id(&id)?,
        says: Says::NothingNew,
    };
    let terms = door.read().await?.view.terms;
    let mut watch = state.news.watch(door.payment);
    let mut confirmed = state.sales.is_acknowledged(&terms).await?;
    if !confirmed {
        let (order, trace) = (terms.order(), traceparent(&request));
        let produced = state
            .sales
            .produce(order, door.payment, trace, CommandBody::Acknowledge);
        produced.await.map_err(sale::Error::from)?;
    }
    let until = Instant::now().checked_add(wait.duration());
    while !confirmed && !state.stopping.is_cancelled() {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        let left = left.unwrap_or_default();
        if left.is_zero() {
            break;
        }
        door::pause(&state, &mut watch, door::READ_AGAIN.min(left)).await;
        confirmed = state.sales.is_acknowledged(&terms).await?;
    }
    let found = door.read().await?;
    if confirmed {
        return Ok(to_question(&found, wait));
    }
    let mut response = to_command(&found, wait);
    *response.status_mut() = StatusCode::ACCEPTED;
    Ok(response)
}
