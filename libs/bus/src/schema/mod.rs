//! Commands as written into the log: JSON, versioned. A field may be added with a default; a new
//! kind or meaning is a new version, and this one's reader stays (golden/v1 holds one of each).
//! Only the payment code is sealed, so that a person can read everything else.

mod body;
mod terms;

use crate::seal::{Binding, OpenFault};
use crate::{Command, Error, Lack, Payload, Sealer};
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
enum Fault {
    /// A later release wrote it, and can read it.
    Newer(String),
    /// No release wrote it so.
    Wrong(String),
}

impl Fault {
    fn new(reason: impl ToString) -> Self {
        Self::Wrong(reason.to_string())
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

/// What a record says, or what this process lacks to say it.
pub(crate) fn read(record: &[u8], sealer: &Sealer) -> Payload {
    let value: Value = match serde_json::from_slice(record) {
        Ok(value) => value,
        Err(error) => return unreadable(None, BodyFault::Fault(fault(&error))),
    };
    let version = match value.get("version").map(|_| serde_json::from_slice(record)) {
        Some(Ok(Versioned { version })) => Some(version),
        // Two versions are none: what a later release writes has one.
        Some(Err(error)) => return unreadable(Some(&value), BodyFault::Fault(fault(&error))),
        None => None,
    };
    match version {
        Some(VERSION) => {}
        // A later release's record is no poison: a later release can carry it out.
        Some(later) if later > VERSION => return waits(&value, Lack::Version(later)),
        Some(_) | None => {
            let none = BodyFault::Fault(Fault::new("it has no version"));
            return unreadable(Some(&value), none);
        }
    }
    // From the bytes again, so that a fault names its place in the record.
    let read = serde_json::from_slice(record)
        .map_err(|error| BodyFault::Fault(fault(&error)))
        .and_then(|envelope| command(envelope, sealer));
    match read {
        Ok(command) => Payload::Command(command),
        Err(fault) => unreadable(Some(&value), fault),
    }
}

fn unreadable(value: Option<&Value>, fault: BodyFault) -> Payload {
    match (fault, value) {
        (BodyFault::UnknownKey(id), Some(value)) => waits(value, Lack::Key(id)),
        (BodyFault::Fault(Fault::Newer(_)), Some(value)) => waits(value, Lack::Word),
        (BodyFault::UnknownKey(reason), None)
        | (BodyFault::Fault(Fault::Newer(reason) | Fault::Wrong(reason)), _) => Payload::Poison {
            order: id(value, "order").map(OrderId::from_uuid),
            payment: id(value, "payment").map(PaymentId::from_uuid),
            reason,
        },
    }
}

fn waits(value: &Value, lacks: Lack) -> Payload {
    Payload::Waits {
        order: id(Some(value), "order").map(OrderId::from_uuid),
        payment: id(Some(value), "payment").map(PaymentId::from_uuid),
        kind: kind(value),
        lacks,
    }
}

/// What the body asks for, if it is a word as kinds are.
fn kind(value: &Value) -> String {
    let kind = value.pointer("/body/kind").and_then(Value::as_str);
    let is_word = |kind: &&str| {
        (1..=32).contains(&kind.len())
            && kind
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    kind.filter(is_word).unwrap_or("unknown").to_owned()
}

fn id(value: Option<&Value>, name: &str) -> Option<Uuid> {
    let text = value.and_then(|value| value.get(name))?.as_str()?;
    Uuid::parse_str(text).ok()
}

fn command(envelope: Envelope, sealer: &Sealer) -> Result<Command, BodyFault> {
    let id = uuid(&envelope.id, "id")?;
    let order = OrderId::from_uuid(uuid(&envelope.order, "order")?);
    let payment = PaymentId::from_uuid(uuid(&envelope.payment, "payment")?);
    let body = envelope.body.read(sealer, binding(payment, id))?;
    if let crate::CommandBody::Pay { terms, .. } = &body
        && (terms.order() != order || terms.payment() != payment)
    {
        let fault = Fault::new("its terms are of another order or payment");
        return Err(BodyFault::Fault(fault));
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
    Uuid::parse_str(text)
        .map_err(|_| BodyFault::Fault(Fault::Wrong(format!("`{what}` is not a UUID"))))
}

/// Where the JSON is wrong. Serde's own text would quote the record.
fn fault(error: &serde_json::Error) -> Fault {
    // Kinds are only ever added, so one that is not known is a later release's. Serde tells it apart
    // from other faults by its text alone.
    if is_new_word(&error.to_string()) {
        return Fault::Newer("a word of it is not known to this release".to_owned());
    }
    let what = match error.classify() {
        serde_json::error::Category::Io => "it can't be read",
        serde_json::error::Category::Syntax => "it is not JSON",
        serde_json::error::Category::Data => "a field is missing, there twice or of the wrong kind",
        serde_json::error::Category::Eof => "it is cut off",
    };
    Fault::new(format!("{what} (at byte {})", error.column()))
}

/// Whether serde's text tells of a word that a later release may have added: one as ours are.
fn is_new_word(told: &str) -> bool {
    let behind = told.strip_prefix("unknown variant `");
    let word = behind.and_then(|behind| behind.split('`').next());
    word.is_some_and(|word| {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        (1..=64).contains(&word.len()) && word.bytes().all(fits)
    })
}

impl From<OpenFault> for BodyFault {
    fn from(fault: OpenFault) -> Self {
        match fault {
            OpenFault::UnknownKey(id) => Self::UnknownKey(id),
            OpenFault::NotAuthentic => Self::Fault(Fault::new(
                "its payment code was tampered with, or sealed for another command",
            )),
        }
    }
}

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod tests;
