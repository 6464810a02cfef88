//! `POST /alipay/v1/notifications/payments`: Alipay says how a payment went. Evidence, no more
//! (decision 15): it goes on the bus, and Alipay is answered only once it is durable there.

use super::produce::{traceparent, unavailable};
use crate::body::Body;
use crate::problem::{Code, Problem};
use crate::request_id::Subject;
use crate::state::State;
use actix_web::http::header::HeaderMap;
use actix_web::{HttpRequest, HttpResponse, web};
use alipay::notification::{Headers, Heard, NotificationFault, acknowledgement, read, unbelieved};
use bus::{Command, CommandBody};
use uuid::Uuid;

/// Alipay's notifyPayment (AMS 3.7). Not for merchants.
#[utoipa::path(
    post, path = "/alipay/v1/notifications/payments", tag = "alipay",
    request_body(
        content = Object, content_type = "application/json",
        description = "AMS 3.7. Its exact bytes are what is signed.",
    ),
    params(
        ("client-id" = String, Header, description = "Our id at Alipay"),
        ("request-time" = String, Header, description = "When Alipay signed; a part of what is signed"),
    ),
    responses(
        (status = 200, description = "Durable; Alipay need not send it again", content_type = "application/json"),
    ),
    security(("alipay" = []))
)]
pub(crate) async fn notify(
    state: web::Data<State>,
    request: HttpRequest,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let Body(bytes) = body;
    let said = match verified(&state, &request, &bytes)? {
        Heard::Result(said) => said,
        Heard::OtherKind { kind } => {
            count("ignored");
            tracing::info!(
                kind,
                "Alipay sent a notification that is none of a payment's result"
            );
            return Ok(acknowledged());
        }
    };
    let id = said.payment_request_id;
    let Some(located) = state.store.locate(&id).await? else {
        count("unknown_payment");
        tracing::warn!(payment.request_id = %id, "Alipay notified of a payment nobody began");
        return Err(Problem::new(
            Code::NotificationUnknownPayment,
            "No payment was begun under this paymentRequestId.",
        ));
    };
    Subject::found(&request, &located);
    let command = Command {
        id: Uuid::new_v4(),
        order: located.order,
        payment: located.payment,
        produced_at: state.now(),
        traceparent: traceparent(&request),
        body: CommandBody::Notice(said.notice),
    };
    state.producer.produce(&command).await.map_err(|error| {
        count("not_durable");
        tracing::warn!(payment.id = %located.payment, %error, "a notification was not kept");
        unavailable(&error)
    })?;
    count("taken");
    Ok(acknowledged())
}

fn acknowledged() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(acknowledgement())
}

/// H1: the raw bytes are verified before anything is read out of them.
fn verified(state: &State, request: &HttpRequest, body: &[u8]) -> Result<Heard, Problem> {
    let path = signed_path(&state.notify_path, request.query_string());
    let headers = request.headers();
    let headers = Headers {
        client_id: text(headers, "client-id"),
        request_time: text(headers, "request-time"),
        signature: signature(headers),
    };
    let ours = &state.alipay;
    read(&ours.verifier, &ours.client_id, &path, headers, body).map_err(|fault| {
        let why = fault.code();
        count(why);
        match fault {
            NotificationFault::Unreadable(_) => {
                tracing::warn!(why, %fault, "a signed notification was refused");
                Problem::new(
                    Code::NotificationUnreadable,
                    "The signature is right, but the body is not a notification that can be read.",
                )
            }
            NotificationFault::HeaderMissing(_)
            | NotificationFault::OtherClient
            | NotificationFault::Signature(_) => {
                tracing::warn!(
                    why,
                    %fault,
                    unbelieved.result_code = unbelieved(body),
                    "a notification was refused, and nothing of it is believed"
                );
                Problem::new(
                    Code::NotificationNotVerified,
                    format!("Not taken in: {fault}."),
                )
            }
        }
    })
}

/// The path as Alipay sent to it, whatever a proxy in front made of it; a query is signed too.
fn signed_path(public: &str, query: &str) -> String {
    if query.is_empty() {
        public.to_owned()
    } else {
        format!("{public}?{query}")
    }
}

/// Two signatures, or one that is no text, are a bad signature and not none.
fn signature(headers: &HeaderMap) -> Option<&str> {
    const UNREADABLE: &str = "signature=?";
    let there = headers.contains_key("signature");
    text(headers, "signature").or(there.then_some(UNREADABLE))
}

/// A header that stands there once: of two nobody can tell which was meant.
fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut all = headers.get_all(name);
    let first = all.next()?;
    if all.next().is_some() {
        return None;
    }
    first.to_str().ok()
}

fn count(verdict: &'static str) {
    metrics::counter!("gateway_notices_total", "verdict" => verdict).increment(1);
}
