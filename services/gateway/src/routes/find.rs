//! `GET /v1/payments?…`: find by the merchant's own words, or by what a receipt's barcode says.

use crate::payment_body::PaymentBody;
use crate::problem::{Code, Problem};
use crate::state::State;
use crate::token::{Caller, Reads};
use actix_web::{HttpRequest, HttpResponse, web};
use payment::{
    AlipayPaymentId, IdFault, MerchantId, OrderNumber, PaymentId, PaymentRequestId, Reference,
    Refusal, TerminalId,
};
use sale::Snapshot;
use serde::{Deserialize, Serialize};
use store::Find;
use utoipa::ToSchema;

/// The most that is found at once.
const FOUND_MAX: u32 = 50;

const WORDS: &str = "order_id, reference, terminal_id, payment_request_id or alipay_payment_id";

/// What was found, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct FoundBody {
    /// At most 50.
    payments: Vec<PaymentBody>,
}

/// What to find payments by, as OpenAPI shows it: a query of exactly one of these.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(min_properties = 1, max_properties = 1)]
pub(crate) struct FindWord {
    /// Your number of the order.
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 64,
        pattern = "^[!-~]*$"
    )]
    order_id: Option<String>,
    /// Your Idempotency-Key.
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 128,
        pattern = "^[!-~]*$"
    )]
    reference: Option<String>,
    /// The till: a rebooted one asks for its last payment.
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 64,
        pattern = "^[A-Za-z0-9._-]*$"
    )]
    terminal_id: Option<String>,
    /// As a receipt shows it.
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 64,
        pattern = "^[A-Za-z0-9._-]*$"
    )]
    payment_request_id: Option<String>,
    /// As a receipt shows it.
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 64,
        pattern = "^[!-~]*$"
    )]
    alipay_payment_id: Option<String>,
}

/// Find payments, newest first. Give exactly one word.
#[utoipa::path(
    get, path = "/v1/payments", tag = "payments",
    params(
        ("word" = inline(FindWord), Query, style = Form, explode, description = "Exactly one of these, each a query parameter of its own: `?order_id=2026-000017`"),
    ),
    responses(
        (status = 200, description = "What was found", body = FoundBody),
    ),
    security(("token" = ["payments:read"]))
)]
pub(crate) async fn find(
    state: web::Data<State>,
    caller: Caller<Reads>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let sought = sought(&request)?;
    let at = state.now();
    let views = state
        .store
        .find(&caller.merchant, &sought, FOUND_MAX)
        .await?;
    let mut all = Vec::with_capacity(views.len());
    for view in views {
        let found = Snapshot {
            view,
            at,
            waiting: false,
        };
        all.push(state.sales.looked_at(found).await?);
    }
    if all.is_empty() {
        all.extend(only_taken(&state, &caller.merchant, &sought).await?);
    }
    let payments = all.iter().map(PaymentBody::of);
    Ok(HttpResponse::Ok()
        .insert_header(("Cache-Control", "no-store"))
        .json(FoundBody {
            payments: payments.collect(),
        }))
}

/// A request that was taken a moment ago has no view yet; its reference finds it all the same.
async fn only_taken(
    state: &State,
    merchant: &MerchantId,
    sought: &Find,
) -> Result<Option<Snapshot>, Problem> {
    let Find::Reference(reference) = sought else {
        return Ok(None);
    };
    let payment = PaymentId::of(merchant, reference);
    match state.sales.look(merchant, payment).await {
        Ok(found) => Ok(Some(found)),
        Err(sale::Error::Refused(Refusal::UnknownPayment)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

pub(super) fn sought(request: &HttpRequest) -> Result<Find, Problem> {
    let invalid = |why: String| Problem::new(Code::InvalidQuery, why);
    let query = web::Query::<Vec<(String, String)>>::from_query(request.query_string())
        .map_err(|_| invalid("The query can't be read; check its escapes.".to_owned()))?;
    let [(name, word)] = query.as_slice() else {
        return Err(invalid(format!("Give exactly one of {WORDS}.")));
    };
    let read = |find: Result<Find, IdFault>| find.map_err(|fault| invalid(format!("{fault}.")));
    match name.as_str() {
        "order_id" => read(OrderNumber::parse(word).map(Find::Order)),
        "reference" => read(Reference::parse(word).map(Find::Reference)),
        "terminal_id" => read(TerminalId::parse(word).map(Find::Terminal)),
        "payment_request_id" => read(PaymentRequestId::parse(word).map(Find::PaymentRequestId)),
        "alipay_payment_id" => read(AlipayPaymentId::parse(word).map(Find::AlipayPaymentId)),
        other => {
            let other: String = other.chars().take(64).collect();
            Err(invalid(format!(
                "`{other}` can't be searched by; give exactly one of {WORDS}."
            )))
        }
    }
}
