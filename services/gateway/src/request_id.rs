//! Every request has an id: the caller's, if it is sane, else one made here. It stands in the
//! response's header, in every problem and in the log, where it is tied to merchant and payment.
//! Requests are counted and timed here too.

use crate::problem::sealed;
use crate::server::Talk;
use crate::state::State;
use crate::{idempotency, page_policy};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, web};
use payment::{MerchantId, PaymentCode, PaymentId};
use std::sync::Arc;
use store::Located;
use uuid::Uuid;

const HEADER: &str = "x-request-id";

/// A sane id is not longer; it goes into logs and answers.
const CHARS_MAX: usize = 64;

/// Whom and what a request is about, once its token or its signature is believed.
pub(crate) struct Subject {
    merchant: MerchantId,
    payment: Option<PaymentId>,
}

/// The id that the caller gave holds the payment code of the same request.
struct Hidden;

impl Subject {
    /// Keeps it for the request's log line.
    pub(crate) fn of(request: &HttpRequest, merchant: &MerchantId) {
        let named = request.match_info().get("id");
        let payment = match named {
            Some(id) => Uuid::try_parse(id).ok().map(PaymentId::from_uuid),
            None if request.method() == Method::POST => idempotency::key_of(request)
                .ok()
                .map(|reference| PaymentId::of(merchant, &reference)),
            None => None,
        };
        request.extensions_mut().insert(Self {
            merchant: merchant.clone(),
            payment,
        });
    }

    /// The same for a request that names the payment in its body, as Alipay's notifications do.
    pub(crate) fn found(request: &HttpRequest, located: &Located) {
        request.extensions_mut().insert(Self {
            merchant: located.merchant.clone(),
            payment: Some(located.payment),
        });
    }
}

/// Has the request's id replaced if the payment code stands in it (E1).
pub(crate) fn hide_if_it_holds(request: &HttpRequest, code: &PaymentCode) {
    let id = request.headers().get(HEADER);
    let id = id.and_then(|value| value.to_str().ok()).unwrap_or_default();
    if code.stands_in(id) {
        request.extensions_mut().insert(Hidden);
    }
}

/// Wraps every request.
pub(crate) async fn numbered(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let talk = request.conn_data::<Arc<Talk>>().map(Arc::clone);
    let _answered = talk.map(Asked::of);
    let id = sane(&request);
    let method = word_of(request.method());
    let policy = page_policy::of(request.path());
    // What is looked up and read has a HEAD of its own; pages have the one of their GET, whose body
    // the connection leaves out.
    if request.method() == Method::HEAD && !request.path().starts_with("/v1/") {
        request.head_mut().method = Method::GET;
    }
    let clock = request
        .app_data::<web::Data<State>>()
        .map(|state| Arc::clone(&state.clock));
    let began = clock.as_ref().map(|clock| clock.monotonic());
    // No handle to the request may be kept meanwhile: routing writes into it.
    let response = next.call(request).await?.map_into_boxed_body();
    let route = route_of(&response);
    let hidden = response.request().extensions().contains::<Hidden>();
    let id = id.filter(|_| !hidden);
    let id = id.unwrap_or_else(|| Uuid::new_v4().to_string());
    let mut response = sealed(response, &id);
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(HeaderName::from_static(HEADER), value);
    }
    page_policy::add(headers, policy);
    log(&response, &id, method, &route);
    let status = response.status().as_u16().to_string();
    metrics::counter!(
        "gateway_http_requests_total",
        "method" => method, "route" => route.clone(), "status" => status
    )
    .increment(1);
    if let (Some(clock), Some(began)) = (clock, began) {
        let took = clock.monotonic().saturating_duration_since(began);
        metrics::histogram!("gateway_http_request_seconds", "route" => route).record(took);
    }
    Ok(response)
}

fn log(response: &ServiceResponse<BoxBody>, id: &str, method: &str, route: &str) {
    let told = response.request().extensions();
    let subject = told.get::<Subject>();
    let merchant = subject.map(|subject| subject.merchant.as_str());
    let payment = subject.and_then(|subject| subject.payment);
    tracing::info!(
        request.id = id,
        http.method = method,
        http.route = route,
        http.status = response.status().as_u16(),
        merchant.id = merchant,
        payment.id = payment.map(tracing::field::display),
        "answered a request"
    );
}

/// Tells the connection that its request is under way, and, when dropped, that it no longer is.
struct Asked(Arc<Talk>);

impl Asked {
    fn of(talk: Arc<Talk>) -> Self {
        talk.asked();
        Self(talk)
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.0.answered();
    }
}

/// The caller's id, if it may stand in a log.
fn sane(request: &ServiceRequest) -> Option<String> {
    let text = request.headers().get(HEADER)?.to_str().ok()?;
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let sane = !text.is_empty() && text.len() <= CHARS_MAX && text.chars().all(fits);
    let state = request.app_data::<web::Data<State>>()?;
    (sane && !state.codes.may_stand_in(text)).then(|| text.to_owned())
}

/// A method that HTTP has; a caller may send any word, and neither logs nor labels hold those.
fn word_of(method: &Method) -> &'static str {
    const KNOWN: [(&Method, &str); 8] = [
        (&Method::GET, "GET"),
        (&Method::POST, "POST"),
        (&Method::HEAD, "HEAD"),
        (&Method::PUT, "PUT"),
        (&Method::PATCH, "PATCH"),
        (&Method::DELETE, "DELETE"),
        (&Method::OPTIONS, "OPTIONS"),
        (&Method::TRACE, "TRACE"),
    ];
    let known = KNOWN.iter().find(|(known, _)| *known == method);
    known.map_or("other", |(_, word)| word)
}

/// The pattern, never the path: paths hold ids, of which there are too many for a label.
fn route_of(response: &ServiceResponse<BoxBody>) -> String {
    let pattern = response.request().match_pattern();
    pattern.unwrap_or_else(|| "unmatched".to_owned())
}
