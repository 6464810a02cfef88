//! Every request has an id: the caller's, if it is sane, else one made here. It stands in the
//! response's header, in every problem and in the log. Requests are counted and timed here too.

use crate::problem::sealed;
use crate::state::State;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, web};
use uuid::Uuid;

const HEADER: &str = "x-request-id";

/// A sane id is not longer; it goes into logs and answers.
const CHARS_MAX: usize = 64;

/// Wraps every request.
pub(crate) async fn numbered(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = sane(&request).unwrap_or_else(|| Uuid::new_v4().to_string());
    let method = request.method().to_string();
    let clock = request
        .app_data::<web::Data<State>>()
        .map(|state| std::sync::Arc::clone(&state.clock));
    let began = clock.as_ref().map(|clock| clock.monotonic());
    // No handle to the request may be kept meanwhile: routing writes into it.
    let response = next.call(request).await?.map_into_boxed_body();
    let route = route_of(&response);
    let mut response = sealed(response, &id);
    if let Ok(value) = HeaderValue::from_str(&id) {
        let headers = response.headers_mut();
        headers.insert(HeaderName::from_static(HEADER), value);
        headers.insert(
            HeaderName::from_static("x-content-type-options"),
            HeaderValue::from_static("nosniff"),
        );
    }
    let status = response.status().as_u16();
    tracing::info!(
        request.id = %id, http.method = %method, http.route = %route, http.status = status,
        "answered a request"
    );
    metrics::counter!(
        "gateway_http_requests_total",
        "method" => method, "route" => route.clone(), "status" => status.to_string()
    )
    .increment(1);
    if let (Some(clock), Some(began)) = (clock, began) {
        let took = clock.monotonic().saturating_duration_since(began);
        metrics::histogram!("gateway_http_request_seconds", "route" => route).record(took);
    }
    Ok(response)
}

fn sane(request: &ServiceRequest) -> Option<String> {
    let text = request.headers().get(HEADER)?.to_str().ok()?;
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let sane = !text.is_empty() && text.len() <= CHARS_MAX && text.chars().all(fits);
    sane.then(|| text.to_owned())
}

/// The pattern, never the path: paths hold ids, of which there are too many for a label.
fn route_of(response: &ServiceResponse<BoxBody>) -> String {
    let pattern = response.request().match_pattern();
    pattern.unwrap_or_else(|| "unmatched".to_owned())
}
