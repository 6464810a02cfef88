//! `HEAD` where `GET` looks at a payment: the same headers and no body. Nothing is handed over by it
//! (decision 8), so an approval stays unreleased, and nothing is waited for.

use super::answer::to_question;
use super::find::sought;
use super::path::payment_id;
use crate::prefer::Wait;
use crate::problem::Problem;
use crate::state::State;
use crate::token::{Caller, Reads};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use std::convert::Infallible;

/// Whether there is such a payment, and how it stands by its `ETag`.
pub(super) async fn payment(
    state: web::Data<State>,
    caller: Caller<Reads>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let found = state.sales.look(&caller.merchant, payment_id(&id)?).await?;
    Ok(to_question(&found, Wait { seconds: None }))
}

/// Whether there is such a history, and in which form; no stream is opened.
pub(super) async fn events(
    state: web::Data<State>,
    caller: Caller<Reads>,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    payment(state, caller, id).await?;
    let accept = request.headers().get(header::ACCEPT);
    let streams = accept
        .and_then(|value| value.to_str().ok())
        .is_some_and(|text| text.contains("text/event-stream"));
    let media_type = if streams {
        "text/event-stream"
    } else {
        "application/json"
    };
    Ok(of_unknown_length(media_type))
}

/// Whether the query can be answered; nothing is found that would be handed over.
pub(super) async fn find(
    _caller: Caller<Reads>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    sought(&request)?;
    Ok(of_unknown_length("application/json"))
}

/// RFC 9110, 8.6: no length rather than one that `GET` would not have.
fn of_unknown_length(media_type: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(media_type)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .streaming(futures_util::stream::empty::<Result<web::Bytes, Infallible>>())
}
