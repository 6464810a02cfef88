//! What the fields may hold where the types can't say it: lists of words, ISO 4217, and the
//! payment codes of this gateway's own settings.

use crate::problem::Code;
use payment::{CodeFormat, Currency};
use serde_json::Value;
use std::collections::BTreeSet;
use utoipa::Modify;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{Object, OpenApi, RefOr, Schema, Type};

const STATUSES: [&str; 8] = [
    "accepted",
    "processing",
    "paid",
    "failed",
    "closing",
    "cancelled",
    "reversed",
    "needs_attention",
];

const OUTCOMES: [&str; 3] = ["pending", "paid", "not_paid"];

const NEXT_ACTIONS: [&str; 7] = [
    "wait",
    "hand_over",
    "acknowledge",
    "scan_new_code",
    "new_attempt",
    "take_another_tender",
    "contact_acquirer",
];

const LETTERS: std::ops::RangeInclusive<char> = 'A'..='Z';

/// Narrows the fields to what the gateway takes and gives.
pub(super) struct Shapes;

impl Modify for Shapes {
    fn modify(&self, api: &mut OpenApi) {
        let codes = Code::ALL.iter().map(|code| code.row().code);
        one_of(api, "ProblemBody", "code", codes);
        let actions: BTreeSet<&str> = Code::ALL.iter().map(|c| c.row().next_action).collect();
        one_of(api, "ProblemBody", "next_action", actions);
        one_of(api, "PaymentBody", "status", STATUSES);
        one_of(api, "PaymentBody", "outcome", OUTCOMES);
        one_of(api, "PaymentBody", "next_action", NEXT_ACTIONS);
        one_of(api, "PayBody", "currency", currencies());
        let paths = api.paths.paths.values_mut();
        let operations = paths.flat_map(|path| path.get.iter_mut().chain(path.post.iter_mut()));
        for parameter in operations.flat_map(|operation| operation.parameters.iter_mut().flatten())
        {
            if let RefOr::T(parameter) = parameter {
                never_null(parameter);
            }
        }
    }
}

/// E1 as this gateway is set up: an operator may allow other codes.
pub(super) fn payment_codes(api: &mut OpenApi, format: &CodeFormat) {
    if let Some(code) = field(api, "PayBody", "payment_code") {
        code.pattern = Some(format!("^({})[0-9]*$", format.prefixes.join("|")));
        code.min_length = Some(format.digits_min);
        code.max_length = Some(format.digits_max);
    }
}

/// Every currency there is: 17,576 texts are tried, once, when the document is made.
fn currencies() -> Vec<&'static str> {
    let texts = LETTERS
        .flat_map(|a| LETTERS.map(move |b| (a, b)))
        .flat_map(|(a, b)| LETTERS.map(move |c| String::from_iter([a, b, c])));
    texts
        .filter_map(|text| Currency::parse(&text).ok())
        .map(Currency::code)
        .collect()
}

fn one_of(
    api: &mut OpenApi,
    schema: &str,
    name: &str,
    words: impl IntoIterator<Item = &'static str>,
) {
    if let Some(field) = field(api, schema, name) {
        field.enum_values = Some(words.into_iter().map(Value::from).collect());
    }
}

fn field<'a>(api: &'a mut OpenApi, schema: &str, name: &str) -> Option<&'a mut Object> {
    let schemas = &mut api.components.as_mut()?.schemas;
    let fields = &mut object(schemas.get_mut(schema)?)?.properties;
    object(fields.get_mut(name)?)
}

fn object(schema: &mut RefOr<Schema>) -> Option<&mut Object> {
    if let RefOr::T(Schema::Object(object)) = schema {
        return Some(object);
    }
    None
}

/// A header is there or it is not; no header is null.
fn never_null(parameter: &mut Parameter) {
    let in_header = parameter.parameter_in == ParameterIn::Header;
    let Some(schema) = parameter.schema.as_mut().filter(|_| in_header) else {
        return;
    };
    if let Some(object) = object(schema) {
        object.schema_type = SchemaType::Type(Type::String);
    }
}
