//! What each call may answer besides a payment: its problems by status, the headers of every
//! answer, and which call goes on from which. Said once here, not once at each route.

use crate::problem::{Code, ProblemBody};
use serde_json::json;
use std::collections::BTreeMap;
use utoipa::Modify;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::link::LinkBuilder;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::{ObjectBuilder, OpenApi, Ref, RefOr, Response, Type};

const OF_TOKENS: [Code; 10] = [
    Code::MissingToken,
    Code::InvalidToken,
    Code::WrongAlgorithm,
    Code::UnknownKey,
    Code::ExpiredToken,
    Code::TokenNotYetValid,
    Code::WrongIssuer,
    Code::WrongAudience,
    Code::InsufficientScope,
    Code::MerchantNotConfigured,
];

const OF_EVERY_CALL: [Code; 3] = [
    Code::BadRequest,
    Code::InternalError,
    Code::ServiceUnavailable,
];

/// A refused request to pay is refused at every door that asks for it (decision 12).
const OF_ATTEMPTS: [Code; 6] = [
    Code::OrderAlreadyPaid,
    Code::OrderHasOpenPayment,
    Code::OrderHasTooManyPayments,
    Code::ReversalInProgress,
    Code::RequestNotTaken,
    Code::OutcomeUnknown,
];

const OF_BODIES: [Code; 2] = [Code::BodyTooLarge, Code::BodyTooSlow];

/// The calls that go on from a payment's id.
const NEXT: [(&str, &str); 4] = [
    ("get", "Look at it, or wait for its outcome"),
    ("cancel", "Cancel it"),
    ("acknowledge", "Confirm that you have its answer"),
    ("events", "What happened to it"),
];

/// Adds all of it to what the routes say themselves.
pub(super) struct Answers;

impl Modify for Answers {
    fn modify(&self, api: &mut OpenApi) {
        for path in api.paths.paths.values_mut() {
            for operation in operations(path) {
                let name = operation.operation_id.clone().unwrap_or_default();
                for (status, codes) in by_status(&problems_of(&name)) {
                    let answer = refusal(status, &codes, &name);
                    let responses = &mut operation.responses.responses;
                    responses.insert(status.to_string(), RefOr::T(answer));
                }
                for (status, response) in &mut operation.responses.responses {
                    if let RefOr::T(response) = response {
                        add_headers(response, &name, status);
                        add_links(response, &name, status);
                    }
                }
            }
        }
    }
}

fn operations(path: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    path.get.iter_mut().chain(path.post.iter_mut())
}

fn problems_of(operation: &str) -> Vec<Code> {
    let own: &[&[Code]] = match operation {
        "pay" => &[
            &OF_TOKENS,
            &OF_BODIES,
            &OF_ATTEMPTS,
            &[
                Code::GatewayBusy,
                Code::MerchantBusy,
                Code::MissingIdempotencyKey,
                Code::InvalidIdempotencyKey,
                Code::IdempotencyKeyReused,
                Code::InvalidJson,
                Code::WrongMediaType,
                Code::UnknownField,
                Code::MissingField,
                Code::InvalidField,
                Code::InvalidPaymentCode,
                Code::AmountNotInteger,
                Code::InvalidAmount,
                Code::UnknownCurrency,
                Code::CurrencyNotAllowed,
            ],
        ],
        "find" => &[&OF_TOKENS, &OF_ATTEMPTS, &[Code::InvalidQuery]],
        "acknowledge" => &[
            &OF_TOKENS,
            &OF_ATTEMPTS,
            &[Code::PaymentNotFound, Code::NotAcknowledgeable],
        ],
        "notify" => &[
            &OF_BODIES,
            &[
                Code::NotificationNotVerified,
                Code::NotificationUnreadable,
                Code::NotificationUnknownPayment,
            ],
        ],
        "get" | "events" => &[
            &OF_TOKENS,
            &OF_ATTEMPTS,
            &[Code::PaymentNotFound, Code::MerchantBusy],
        ],
        _ => &[&OF_TOKENS, &OF_ATTEMPTS, &[Code::PaymentNotFound]],
    };
    let own = own.iter().copied().flatten().copied();
    own.chain(OF_EVERY_CALL).collect()
}

fn by_status(codes: &[Code]) -> BTreeMap<u16, Vec<Code>> {
    let mut all: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in codes {
        let status = code.row().status.as_u16();
        all.entry(status).or_default().push(*code);
    }
    all
}

fn refusal(status: u16, codes: &[Code], operation: &str) -> Response {
    let lines = codes.iter().map(|code| {
        let row = code.row();
        format!("- [`{0}`](/docs/errors/{0}): {1}", row.code, row.title)
    });
    let body = ContentBuilder::new().schema(Some(Ref::from_schema_name(
        <ProblemBody as utoipa::ToSchema>::name(),
    )));
    let mut response = ResponseBuilder::new()
        .description(lines.collect::<Vec<_>>().join("\n"))
        .content("application/problem+json", body.build())
        .build();
    // RFC 6750, 3. Alipay knows no bearer tokens.
    if status == 401 && operation != "notify" {
        let challenge = header("Why the token is not believed (RFC 6750)", Type::String);
        add(&mut response, "WWW-Authenticate", always(challenge));
    }
    if status == 503 {
        let wait = header("Seconds after which to ask again", Type::Integer);
        add(&mut response, "Retry-After", always(wait));
    }
    response
}

fn add_headers(response: &mut Response, operation: &str, status: &str) {
    let id = header(
        "The request's id, to quote when asking for help",
        Type::String,
    );
    add(response, "X-Request-Id", always(id));
    let of_payment = matches!(operation, "pay" | "get" | "cancel" | "acknowledge");
    if !of_payment || !matches!(status, "200" | "202" | "304") {
        return;
    }
    let tag = header("Changes whenever what is told changes", Type::String);
    add(response, "ETag", always(tag));
    let applied = header("The wait that was granted (RFC 7240)", Type::String);
    add(response, "Preference-Applied", applied);
    let commands = matches!(operation, "pay" | "cancel");
    if commands || status == "202" {
        let place = header("Where to look at the payment", Type::String);
        add(response, "Location", always(place));
    }
}

fn header(description: &str, kind: Type) -> Header {
    HeaderBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(kind).build()))
        .description(Some(description))
        .build()
}

/// `required`, for which utoipa's header has no field.
fn always(mut header: Header) -> Header {
    header.extensions = Some(Extensions::from_iter([("required", json!(true))]));
    header
}

fn add(response: &mut Response, name: &str, header: Header) {
    response.headers.insert(name.to_owned(), RefOr::T(header));
}

fn add_links(response: &mut Response, operation: &str, status: &str) {
    if operation != "pay" || !matches!(status, "200" | "202") {
        return;
    }
    for (next, why) in NEXT {
        let link = LinkBuilder::new()
            .operation_id(next)
            .parameter("id", "$response.body#/id")
            .description(why);
        response
            .links
            .insert(next.to_owned(), RefOr::T(link.build()));
    }
}
