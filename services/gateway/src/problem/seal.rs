//! What every response passes on its way out: a problem gets the request's id, whatever made it,
//! and is counted by its code.

use super::{Code, Problem};
use actix_web::HttpResponse;
use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header;

/// The response with the request's id in it, if it is a problem; any other response as it is.
pub(crate) fn sealed(response: ServiceResponse<BoxBody>, request_id: &str) -> ServiceResponse {
    let Some(problem) = problem_of(&response) else {
        return response;
    };
    metrics::counter!("gateway_problems_total", "code" => problem.code.row().code).increment(1);
    let allow = response.headers().get(header::ALLOW).cloned();
    let mut sealed: HttpResponse = problem.response(request_id);
    if let Some(allow) = allow {
        sealed.headers_mut().insert(header::ALLOW, allow);
    }
    response.into_response(sealed)
}

fn problem_of(response: &ServiceResponse<BoxBody>) -> Option<Problem> {
    if let Some(error) = response.response().error() {
        if let Some(problem) = error.as_error::<Problem>() {
            return Some(problem.clone());
        }
        return Some(of_status(response.status()));
    }
    // The framework's own: no route, another method.
    let status = response.status();
    let ours = response.headers().contains_key(header::CONTENT_TYPE);
    let framework = status.is_client_error() || status.is_server_error();
    (framework && !ours).then(|| of_status(status))
}

fn of_status(status: StatusCode) -> Problem {
    match status {
        StatusCode::NOT_FOUND => Problem::new(
            Code::RouteNotFound,
            "Nothing lives at this address. /docs lists what does.",
        ),
        StatusCode::METHOD_NOT_ALLOWED => Problem::new(
            Code::MethodNotAllowed,
            "Use a method that /docs lists for this address.",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(Code::BodyTooLarge, "Send a smaller body."),
        other if other.is_server_error() => Problem::internal(&other),
        _ => Problem::new(
            Code::BadRequest,
            "The request could not be read. Check its address, headers and encoding.",
        ),
    }
}
