//! The simulator's own calls: its ledger, its behaviors, scripts, and customers' fingers on the
//! PIN pad. For this machine only.

use crate::behavior::{AMOUNTS, BEHAVIORS};
use crate::books::{Books, Payment};
use crate::door::Counter;
use crate::keys::{Party, Unchanged};
use crate::reaction::Api;
use crate::script::Script;
use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes, Data, Path, Query};
use actix_web::{HttpResponse, Responder};
use serde::Deserialize;
use serde_json::{Value, json};

/// Which part of the ledger.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    customer: Option<String>,
    payment_request_id: Option<String>,
    order: Option<String>,
}

/// `GET /simulator/ledger`.
pub(crate) async fn ledger(filter: Query<Filter>, counter: Data<Counter>) -> HttpResponse {
    let Ok(open) = counter.desk.open().await else {
        return problem(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the books can't be written",
        );
    };
    let books = &open.state.books;
    let fits = |payment: &&Payment| {
        let this = |wanted: &Option<String>, given: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == given)
        };
        this(&filter.customer, &payment.opened.customer)
            && this(&filter.payment_request_id, &payment.opened.request)
            && this(&filter.order, &payment.opened.order)
    };
    let payments: Vec<Value> = books
        .payments
        .values()
        .filter(fits)
        .map(|payment| shown(books, payment))
        .collect();
    let wanted = |customer: &str| {
        let filter = filter.customer.as_deref();
        filter.is_none_or(|wanted| wanted == customer)
    };
    let customers: Vec<Value> = books
        .accounts()
        .filter(|(customer, _)| wanted(customer))
        .map(|(customer, currency)| {
            json!({
                "customer": customer,
                "currency": currency,
                "opening_minor": books.opening_minor,
                "balance_minor": books.balance_minor(customer, currency),
            })
        })
        .collect();
    drop(open);
    if counter.desk.settled().await.is_err() {
        return problem(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the books can't be written",
        );
    }
    HttpResponse::Ok().json(json!({ "payments": payments, "customers": customers }))
}

fn shown(books: &Books, payment: &Payment) -> Value {
    let opened = &payment.opened;
    let calls = |api| books.calls(&opened.request, api);
    let story: Vec<Value> = payment
        .story
        .iter()
        .map(|(at_ms, what)| json!({ "at_ms": at_ms, "what": what }))
        .collect();
    json!({
        "payment_request_id": opened.request,
        "payment_id": payment.payment_id,
        "order": opened.order,
        "customer": opened.customer,
        "currency": opened.currency,
        "amount_minor": opened.amount_minor,
        "behavior": format!("{:04}", opened.behavior),
        "standing": payment.standing,
        "charged_minor": payment.charged_minor,
        "returned_minor": payment.returned_minor,
        "calls": {
            "pay": calls(Api::Pay),
            "inquiry": calls(Api::Inquiry),
            "cancel": calls(Api::Cancel),
            "refund": calls(Api::Refund),
        },
        "story": story,
    })
}

/// `GET /simulator/behaviors`.
pub(crate) async fn behaviors() -> impl Responder {
    let by_code: Vec<Value> = BEHAVIORS
        .iter()
        .map(|row| json!({ "code_begins": format!("28{:04}", row.number), "what": row.what }))
        .collect();
    let by_amount: Vec<Value> = AMOUNTS
        .iter()
        .map(|(amount_minor, row)| json!({ "amount_minor": amount_minor, "what": row.what }))
        .collect();
    HttpResponse::Ok().json(json!({ "codes": by_code, "amounts": by_amount }))
}

/// `POST /simulator/scripts`.
pub(crate) async fn script(body: Bytes, counter: Data<Counter>) -> HttpResponse {
    let script: Script = match serde_json::from_slice(&body) {
        Ok(script) => script,
        Err(error) => return problem(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    if script.times == 0 {
        return problem(StatusCode::BAD_REQUEST, "`times` must be at least 1");
    }
    let Ok(mut open) = counter.desk.open().await else {
        return problem(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the books can't be written",
        );
    };
    open.script(script);
    HttpResponse::NoContent().finish()
}

/// `POST /simulator/payments/{payment_request_id}/{confirm|refuse}`.
pub(crate) async fn decide(path: Path<(String, String)>, counter: Data<Counter>) -> HttpResponse {
    let (request, word) = path.into_inner();
    let confirms = match word.as_str() {
        "confirm" => true,
        "refuse" => false,
        _ => {
            return problem(
                StatusCode::NOT_FOUND,
                "a customer can `confirm` or `refuse`",
            );
        }
    };
    let Ok(mut open) = counter.desk.open().await else {
        return problem(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the books can't be written",
        );
    };
    let decided = open.decide_for(&request, confirms);
    drop(open);
    let decided = match counter.desk.settled().await {
        Ok(()) => decided,
        Err(error) => Err(error),
    };
    match decided {
        Ok(true) => HttpResponse::NoContent().finish(),
        Ok(false) => problem(
            StatusCode::CONFLICT,
            "no customer is typing a PIN for this payment",
        ),
        Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

/// `POST /simulator/keys/alipay` makes a pair, `POST /simulator/keys/account` takes a public key.
pub(crate) async fn add_key(
    party: Path<Party>,
    body: Bytes,
    counter: Data<Counter>,
) -> HttpResponse {
    let keys = counter.keys.clone();
    let added = match party.into_inner() {
        Party::Alipay => {
            // A pair takes a tenth of a second, and calls go on meanwhile.
            let made = web::block(move || keys.make_alipays()).await;
            let told =
                |(version, public_key)| json!({ "version": version, "public_key": public_key });
            made.unwrap_or(Err(Unchanged::NotMade)).map(told)
        }
        Party::Account => {
            let taken = keys.take_accounts(&String::from_utf8_lossy(&body));
            taken.map(|version| json!({ "version": version }))
        }
    };
    match added {
        Ok(told) => HttpResponse::Created().json(told),
        Err(unchanged) => problem(StatusCode::BAD_REQUEST, &unchanged.to_string()),
    }
}

/// `PUT /simulator/keys/{party}`: a list of versions.
pub(crate) async fn put_keys_in_force(
    party: Path<Party>,
    body: Bytes,
    counter: Data<Counter>,
) -> HttpResponse {
    let versions: Vec<u32> = match serde_json::from_slice(&body) {
        Ok(versions) => versions,
        Err(error) => return problem(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    match counter.keys.put_in_force(party.into_inner(), versions) {
        Ok(()) => HttpResponse::NoContent().finish(),
        Err(unchanged) => problem(StatusCode::BAD_REQUEST, &unchanged.to_string()),
    }
}

fn problem(status: StatusCode, detail: &str) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header(("content-type", "application/problem+json"))
        .body(json!({ "status": status.as_u16(), "detail": detail }).to_string())
}
