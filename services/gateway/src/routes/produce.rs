//! Putting a command on the bus.

use crate::problem::{Code, Problem};
use crate::state::State;
use actix_web::HttpRequest;
use bus::{Command, CommandBody};
use payment::Terms;
use uuid::Uuid;

/// A traceparent is 55 characters; longer ones of later versions are not passed on.
const TRACEPARENT_CHARS: usize = 55;

/// Puts a command about this payment on the bus; durable when it returns.
pub(super) async fn produce(
    state: &State,
    terms: &Terms,
    traceparent: Option<String>,
    body: CommandBody,
) -> Result<(), bus::Error> {
    let command = Command {
        id: Uuid::new_v4(),
        order: terms.order(),
        payment: terms.payment(),
        produced_at: state.now(),
        traceparent,
        body,
    };
    let produced = state.producer.produce(&command).await;
    if let Err(error) = &produced {
        tracing::warn!(payment.id = %command.payment, %error, "a command was not produced");
        metrics::counter!("gateway_produce_failures_total").increment(1);
    }
    produced
}

/// The W3C trace context the request came in, if it has the shape of one.
pub(super) fn traceparent(request: &HttpRequest) -> Option<String> {
    let text = request.headers().get("traceparent")?.to_str().ok()?;
    let fits = |c: char| c.is_ascii_hexdigit() || c == '-';
    (text.len() == TRACEPARENT_CHARS && text.chars().all(fits)).then(|| text.to_owned())
}

/// What a caller is told whose command about an existing payment could not be put on the bus.
pub(super) fn unavailable(error: &bus::Error) -> Problem {
    match error {
        bus::Error::Unavailable(_) | bus::Error::PartitionStopped { .. } => Problem::new(
            Code::ServiceUnavailable,
            "The command could not be written down. Ask again.",
        ),
        bus::Error::BadKey(_) | bus::Error::NotSealable(_) | bus::Error::Misconfigured(_) => {
            Problem::internal(error)
        }
    }
}
