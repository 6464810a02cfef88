//! What a command carries of the request that it came in, and what is told when it can't be kept.

use crate::problem::{Code, Problem};
use crate::state::State;
use actix_web::HttpRequest;
use actix_web::web::Data;

/// A traceparent is 55 characters; longer ones of later versions are not passed on.
const TRACEPARENT_CHARS: usize = 55;

/// The W3C trace context the request came in, if it has the shape of one and holds nothing that may
/// be a payment code (E1): it is stored and sent on in clear.
pub(super) fn traceparent(request: &HttpRequest) -> Option<String> {
    let text = request.headers().get("traceparent")?.to_str().ok()?;
    let fits = |c: char| c.is_ascii_hexdigit() || c == '-';
    let state = request.app_data::<Data<State>>()?;
    if state.codes.may_stand_in(text) {
        return None;
    }
    (text.len() == TRACEPARENT_CHARS && text.chars().all(fits)).then(|| text.to_owned())
}

/// What a caller is told whose command about an existing payment could not be put on the bus.
pub(crate) fn unavailable(error: &bus::Error) -> Problem {
    match error {
        bus::Error::Unavailable(_) => Problem::new(
            Code::ServiceUnavailable,
            "The command could not be written down. Ask again.",
        ),
        bus::Error::BadKey(_) | bus::Error::NotSealable(_) | bus::Error::Misconfigured(_) => {
            Problem::internal(error)
        }
    }
}
