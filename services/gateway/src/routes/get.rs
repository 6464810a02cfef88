//! `GET /v1/payments/{id}`: the state, or its change.

use super::answer::{is_final, not_modified, to_question, wait_share};
use super::path::payment_id;
use crate::payment_body::PaymentBody;
use crate::prefer::Wait;
use crate::problem::Problem;
use crate::state::State;
use crate::token::{Caller, Reads};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use sale::{LongPoll, Purpose};

/// Look at a payment. With `Prefer: wait=n` it answers once the outcome is final; with
/// `If-None-Match` too, once anything has changed.
#[utoipa::path(
    get, path = "/v1/payments/{id}", tag = "payments",
    params(
        ("id" = String, Path, format = "uuid", description = "The payment's id"),
        ("Prefer" = Option<String>, Header, description = "`wait=n`: keep the connection open up to n seconds."),
        ("If-None-Match" = Option<String>, Header, description = "The ETag you know: 304 while nothing has changed."),
    ),
    responses(
        (status = 200, description = "The payment", body = PaymentBody),
        (status = 304, description = "As you know it"),
    ),
    security(("token" = ["payments:read"]))
)]
pub(crate) async fn get(
    state: web::Data<State>,
    caller: Caller<Reads>,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let wait = Wait::asked(&request, state.limits.wait_s_max);
    let known: Vec<&str> = request
        .headers()
        .get_all(header::IF_NONE_MATCH)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','))
        .map(|tag| tag.trim().trim_start_matches("W/"))
        .collect();
    let _share = wait_share(&state, &caller.merchant, wait)?;
    let poll = LongPoll {
        merchant: &caller.merchant,
        payment: payment_id(&id)?,
        purpose: Purpose::HandOver,
        wait: wait.duration(),
    };
    let following = state.sales.follow(poll.payment);
    if known.is_empty() {
        let found = state.sales.wait(poll, following, None, is_final).await?;
        return Ok(to_question(&found, wait));
    }
    let is_known = |tag: &str| known.iter().any(|known| *known == tag || *known == "*");
    let found = state
        .sales
        .wait(poll, following, None, |found| !is_known(&found.etag()))
        .await?;
    if is_known(&found.etag()) {
        return Ok(not_modified(&found, wait));
    }
    Ok(to_question(&found, wait))
}
