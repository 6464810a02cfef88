//! `HEAD` where `GET` looks at a payment: the same headers and no body. Nothing is handed over by it
//! (decision 8), so an approval stays unreleased, and nothing is waited for.

use super::answer::to_question;
use super::path::payment_id;
use crate::prefer::Wait;
use crate::problem::Problem;
use crate::state::State;
use crate::token::{Caller, Reads};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};

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
    let mut response = payment(state, caller, id).await?;
    let accept = request.headers().get(header::ACCEPT);
    let streams = accept
        .and_then(|value| value.to_str().ok())
        .is_some_and(|text| text.contains("text/event-stream"));
    let media_type = if streams {
        "text/event-stream"
    } else {
        "application/json"
    };
    let media_type = header::HeaderValue::from_static(media_type);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, media_type);
    // It is of the payment, not of its history.
    headers.remove(header::ETAG);
    Ok(response)
}
