//! Commands as written into the log: JSON, versioned. A field may be added with a default; a new
//! kind or meaning is a new version, and this one's reader stays (golden/v1 holds one of each).
//! Only the payment code is sealed, so that a person can read everything else.

mod body;
mod terms;

use crate::seal::{Binding, OpenFault};
use crate::{Command, Error, Payload, Sealer, StopReason};
use body::{BodyFault, WrittenBody};
use payment::{OrderId, PaymentId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// The version of the envelope that is written.
const VERSION: u64 = 1;

#[derive(Serialize, Deserialize)]
struct Envelope {
    version: u64,
    id: String,
    order: String,
    payment: String,
    produced_at_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    traceparent: Option<String>,
    body: WrittenBody,
}

/// What every envelope begins with, whichever its version.
#[derive(Deserialize)]
struct Versioned {
    version: u64,
}

/// Why a form can't be read. Its text holds nothing of the record's content.
#[derive(Debug)]
struct Fault(String);

impl Fault {
    fn new(reason: impl ToString) -> Self {
        Self(reason.to_string())
    }
}

/// The command as a record.
pub(crate) fn write(command: &Command, sealer: &Sealer) -> Result<Vec<u8>, Error> {
    let envelope = Envelope {
        version: VERSION,
        id: command.id.to_string(),
        order: command.order.to_string(),
        payment: command.payment.to_string(),
        produced_at_ms: command.produced_at.as_ms(),
        traceparent: command.traceparent.clone(),
        body: WrittenBody::of(&command.body, sealer, binding(command.payment, command.id))?,
    };
    serde_json::to_vec(&envelope).map_err(|_| Error::NotSealable("it can't be put into JSON"))
}

/// What a record says; or what this process lacks to say it.
pub(crate) fn read(record: &[u8], sealer: &Sealer) -> Result<Payload, StopReason> {
    let value: Value = match serde_json::from_slice(record) {
        Ok(value) => value,
        Err(error) => return Ok(poison(None, &unreadable(&error))),
    };
    let version = match value.get("version").map(|_| serde_json::from_slice(record)) {
        Some(Ok(Versioned { version })) => Some(version),
        // Two versions are none: what a later release writes has one.
        Some(Err(error)) => return Ok(poison(Some(&value), &unreadable(&error))),
        None => None,
    };
    match version {
        Some(VERSION) => {}
        // A later release's record is no poison: a later release can carry it out.
        Some(later) if later > VERSION => return Err(StopReason::UnknownVersion(later)),
        Some(_) | None => return Ok(poison(Some(&value), &Fault::new("it has no version"))),
    }
    // From the bytes again, so that a fault names its place in the record.
    let envelope = match serde_json::from_slice(record) {
        Ok(envelope) => envelope,
        Err(error) => return Ok(poison(Some(&value), &unreadable(&error))),
    };
    match command(envelope, sealer) {
        Ok(command) => Ok(Payload::Command(command)),
        Err(BodyFault::UnknownKey(id)) => Err(StopReason::UnknownKey(id)),
        Err(BodyFault::Poison(fault)) => Ok(poison(Some(&value), &fault)),
    }
}

fn command(envelope: Envelope, sealer: &Sealer) -> Result<Command, BodyFault> {
    let id = uuid(&envelope.id, "id")?;
    let order = OrderId::from_uuid(uuid(&envelope.order, "order")?);
    let payment = PaymentId::from_uuid(uuid(&envelope.payment, "payment")?);
    let body = envelope.body.read(sealer, binding(payment, id))?;
    if let crate::CommandBody::Pay { terms, .. } = &body
        && (terms.order() != order || terms.payment() != payment)
    {
        return Err(BodyFault::Poison(Fault::new(
            "its terms are of another order or payment",
        )));
    }
    Ok(Command {
        id,
        order,
        payment,
        produced_at: Timestamp::from_ms(envelope.produced_at_ms),
        traceparent: envelope.traceparent,
        body,
    })
}

fn binding(payment: PaymentId, command: Uuid) -> Binding {
    Binding { payment, command }
}

fn uuid(text: &str, what: &'static str) -> Result<Uuid, BodyFault> {
    Uuid::parse_str(text).map_err(|_| BodyFault::Poison(Fault(format!("`{what}` is not a UUID"))))
}

fn poison(value: Option<&Value>, fault: &Fault) -> Payload {
    let id = |name| {
        let text = value.and_then(|value| value.get(name))?.as_str()?;
        Uuid::parse_str(text).ok()
    };
    Payload::Poison {
        order: id("order").map(OrderId::from_uuid),
        payment: id("payment").map(PaymentId::from_uuid),
        reason: fault.0.clone(),
    }
}

/// Where the JSON is wrong. Serde's own text would quote the record.
fn unreadable(error: &serde_json::Error) -> Fault {
    let what = match error.classify() {
        serde_json::error::Category::Io => "it can't be read",
        serde_json::error::Category::Syntax => "it is not JSON",
        serde_json::error::Category::Data => "a field is missing, there twice or of the wrong kind",
        serde_json::error::Category::Eof => "it is cut off",
    };
    Fault(format!("{what} (at byte {})", error.column()))
}

impl From<OpenFault> for BodyFault {
    fn from(fault: OpenFault) -> Self {
        match fault {
            OpenFault::UnknownKey(id) => Self::UnknownKey(id),
            OpenFault::NotAuthentic => Self::Poison(Fault::new(
                "its payment code was tampered with, or sealed for another command",
            )),
        }
    }
}

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod tests;
