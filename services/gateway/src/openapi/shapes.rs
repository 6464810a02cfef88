//! What the fields may hold where the types can't say it: lists of words, ISO 4217, and the
//! payment codes of this gateway's own settings.

use crate::payment_body::never_sent;
use crate::problem::Code;
use crate::words::{CallWord, EventType, ProofKind};
use payment::{
    CloseReason, CodeFormat, Currency, DeclineReason, NeverSent, NextAction, Outcome, Status,
    close_reason_code,
};
use serde_json::Value;
use std::collections::BTreeSet;
use utoipa::Modify;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{Object, OpenApi, RefOr, Schema, Type};

const LETTERS: std::ops::RangeInclusive<char> = 'A'..='Z';

/// The words of one field, and what a program does with one that it does not know yet.
struct List {
    schema: &'static str,
    field: &'static str,
    words: Vec<&'static str>,
    unknown: &'static str,
}

/// Every list of words in an answer, each from the type that the answer is made of.
fn lists() -> [List; 7] {
    let list = |schema, field, words, unknown| List {
        schema,
        field,
        words,
        unknown,
    };
    let types = EventType::ALL.iter().map(|word| word.code());
    let calls = CallWord::ALL.iter().map(|word| word.code());
    let proofs = ProofKind::ALL.iter().map(|word| word.code());
    let actions = NextAction::ALL.iter().map(|word| word.code());
    [
        list(
            "PaymentBody",
            "status",
            Status::ALL.iter().map(|word| word.code()).collect(),
            "act on `outcome`",
        ),
        list(
            "PaymentBody",
            "outcome",
            Outcome::ALL.iter().map(|word| word.code()).collect(),
            "take it as `pending`: hand nothing over, and ask again",
        ),
        list(
            "PaymentBody",
            "next_action",
            actions.collect(),
            "show `cashier_line`",
        ),
        list("PaymentBody", "reason", reasons(), "take it as `declined`"),
        list("ProofBody", "kind", proofs.collect(), "act on `outcome`"),
        list("EventBody", "type", types.collect(), "pass over the event"),
        list("EventBody", "call", calls.collect(), "pass over the event"),
    ]
}

/// Why a payment was declined, is being closed, or was never sent.
fn reasons() -> Vec<&'static str> {
    let declined = DeclineReason::ALL.iter().map(|reason| reason.code());
    let closing = CloseReason::ALL.iter().map(|why| close_reason_code(*why));
    let never_sent = NeverSent::ALL.iter().map(|why| never_sent(*why));
    declined.chain(closing).chain(never_sent).collect()
}

/// Narrows the fields to what the gateway takes and gives.
pub(super) struct Shapes;

impl Modify for Shapes {
    fn modify(&self, api: &mut OpenApi) {
        let codes = Code::ALL.iter().map(|code| code.row().code);
        one_of(api, "ProblemBody", "code", codes);
        open_for_more(api, "ProblemBody", "code", "act on the HTTP status");
        let actions: BTreeSet<&str> = Code::ALL.iter().map(|c| c.row().next_action).collect();
        one_of(api, "ProblemBody", "next_action", actions);
        open_for_more(
            api,
            "ProblemBody",
            "next_action",
            "show `title` and `detail`",
        );
        for list in lists() {
            one_of(api, list.schema, list.field, list.words);
            open_for_more(api, list.schema, list.field, list.unknown);
        }
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
        let mut words: Vec<Value> = words.into_iter().map(Value::from).collect();
        // A list of all that may stand there: also that nothing does.
        if may_be_null(&field.schema_type) {
            words.push(Value::Null);
        }
        field.enum_values = Some(words);
    }
}

fn may_be_null(kind: &SchemaType) -> bool {
    match kind {
        SchemaType::Array(kinds) => kinds.contains(&Type::Null),
        SchemaType::Type(_) | SchemaType::AnyValue => false,
    }
}

/// The list is what this release says; a later one may say more.
fn open_for_more(api: &mut OpenApi, schema: &str, name: &str, unknown: &str) {
    if let Some(field) = field(api, schema, name) {
        let said = field.description.take().unwrap_or_default();
        field.description = Some(format!(
            "{said} Later releases may add words; with one that you do not know, {unknown}."
        ));
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
