//! `GET /v1/payments/{id}/events`: the history, at once or as it happens.

use super::event_body::{EventBody, HistoryBody};
use super::path::payment_id;
use super::sse;
use crate::payment_body::PaymentBody;
use crate::problem::Problem;
use crate::state::State;
use crate::token::{Caller, Reads};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};

/// What happened to a payment. With `Accept: text/event-stream` the connection stays open and each
/// event follows as it happens; go on after a break with `Last-Event-ID`.
#[utoipa::path(
    get, path = "/v1/payments/{id}/events", tag = "payments",
    params(
        ("id" = String, Path, format = "uuid", description = "The payment's id"),
        ("Last-Event-ID" = Option<String>, Header, description = "The `id` of the last event you have, to go on behind it."),
    ),
    responses(
        (
            status = 200, description = "The history",
            content((HistoryBody = "application/json"), (String = "text/event-stream")),
        ),
    ),
    security(("token" = ["payments:read"]))
)]
pub(crate) async fn events(
    state: web::Data<State>,
    caller: Caller<Reads>,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let payment = payment_id(&id)?;
    let streams = request
        .headers()
        .get_all(header::ACCEPT)
        .filter_map(|value| value.to_str().ok())
        .any(|text| text.contains("text/event-stream"));
    if streams {
        let seen = request.headers().get("last-event-id");
        let seen = seen.and_then(|value| value.to_str().ok()?.parse().ok());
        let stream = sse::Stream::open(
            state.into_inner(),
            caller.merchant,
            payment,
            seen.unwrap_or(0),
        );
        return stream.await.map(sse::Stream::respond);
    }
    let found = state.sales.look(&caller.merchant, payment).await?;
    let order = found.view.terms.order();
    let recorded = state.store.history(order, payment, 0).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(HistoryBody {
            payment: PaymentBody::of(&found),
            events: recorded
                .iter()
                // Not what was appended since the payment was read.
                .take_while(|recorded| recorded.version <= found.view.version)
                .map(EventBody::of)
                .collect(),
        }))
}
