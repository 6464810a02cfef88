//! Alipay's API as merchants' systems call it: checks the signature over the raw bytes, works the
//! request at the desk, and lets the answer travel.

use crate::books::{Entry, Opened};
use crate::desk::{Desk, say};
use crate::keys::Keys;
use crate::reaction::{Api, Reaction, Travels};
use crate::rulebook;
use crate::travel::{Outgoing, travel, unsigned};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use alipay::signature::Bound;
use alipay::wire::{
    CancelRequest, InquiryRefundRequest, InquiryRequest, PayRequest, RefundRequest,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// What every call needs.
pub(crate) struct Counter {
    pub(crate) desk: Desk,
    pub(crate) keys: Keys,
    pub(crate) silence: Duration,
}

/// What a call came to.
struct Answer {
    reaction: Reaction,
    truth: Value,
}

/// One call of one API.
pub(crate) async fn call(
    api: Api,
    request: HttpRequest,
    body: Bytes,
    counter: Data<Counter>,
) -> HttpResponse {
    if let Some(code) = unsigned_by_us(&request, &body, &counter) {
        return unsigned(refusal(code));
    }
    let answered = match api {
        Api::Pay => pay(&counter, &body).await,
        Api::Inquiry => inquiry(&counter, &body).await,
        Api::Cancel => cancel(&counter, &body).await,
        Api::Refund => refund(&counter, &body).await,
        Api::InquiryRefund => inquiry_refund(&counter, &body).await,
    };
    let answered = match counter.desk.settled().await {
        Ok(()) => answered,
        Err(error) => Err(error),
    };
    let answer = match answered {
        Ok(Some(mut answer)) => {
            say(api, &mut answer.truth, &answer.reaction.says);
            answer
        }
        Ok(None) => Answer {
            reaction: Reaction::USUAL,
            truth: told(&serde_json::json!({ "result": rulebook::result("F", "PARAM_ILLEGAL") })),
        },
        Err(error) => {
            tracing::error!(%error, "the simulator's books can't be written");
            return HttpResponse::InternalServerError().finish();
        }
    };
    let outgoing = Outgoing {
        path: request.uri().path(),
        body: answer.truth.to_string().into_bytes(),
        now_ms: counter.desk.now_ms(),
        silence: counter.silence,
    };
    travel(answer.reaction.travels, outgoing, &counter.keys).await
}

/// The code to refuse with when the account's signature is not on these bytes.
fn unsigned_by_us(request: &HttpRequest, body: &[u8], counter: &Counter) -> Option<&'static str> {
    let header = |name: &str| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let (Some(client_id), Some(time), Some(signature)) = (
        header("client-id"),
        header("request-time"),
        header("signature"),
    ) else {
        return Some("INVALID_SIGNATURE");
    };
    if client_id != counter.keys.client_id {
        return Some("CLIENT_INVALID");
    }
    let path = request
        .uri()
        .path_and_query()
        .map_or("", |path| path.as_str());
    let bound = Bound {
        path,
        client_id,
        time,
    };
    let verified = counter.keys.verify(&bound, body, signature);
    verified.err().map(|_| "INVALID_SIGNATURE")
}

fn refusal(code: &str) -> Vec<u8> {
    serde_json::json!({ "result": rulebook::result("F", code) })
        .to_string()
        .into_bytes()
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    serde_json::from_slice(body).ok()
}

fn told(answer: &impl Serialize) -> Value {
    serde_json::to_value(answer).unwrap_or_default()
}

async fn pay(counter: &Counter, body: &[u8]) -> anyhow::Result<Option<Answer>> {
    let Some((asked, code, expires_at_ms)) = parse(body).and_then(|asked| opened(asked, counter))
    else {
        return Ok(None);
    };
    let mut open = counter.desk.open().await?;
    let (reaction, row) = open.meet_pay(&asked, &code)?;
    let asked = Opened {
        behavior: row.number,
        ..asked
    };
    let first = !open.state.books.payments.contains_key(&asked.request);
    if reaction.acts && first && row.arrives_after_ms > 0 {
        drop(open);
        let late = Duration::from_millis(u64::try_from(row.arrives_after_ms)?);
        tokio::spawn(arrive(counter.desk.clone(), asked, expires_at_ms, late));
        return Ok(Some(Answer {
            reaction: Reaction {
                travels: Travels::Never,
                ..reaction
            },
            truth: Value::Null,
        }));
    }
    if reaction.acts {
        let entries = rulebook::pay(&open.state.books, asked.clone(), expires_at_ms);
        open.write(entries)?;
    }
    let truth = told(&rulebook::pay_answer(&open.state.books, &asked));
    Ok(Some(Answer { reaction, truth }))
}

/// A pay that was on its way for long. Lost if the process is killed meanwhile, as on a network.
async fn arrive(desk: Desk, asked: Opened, expires_at_ms: Option<i64>, late: Duration) {
    tokio::time::sleep(late).await;
    let arrived = async {
        let mut open = desk.open().await?;
        let asked = Opened {
            at_ms: open.now_ms,
            ..asked
        };
        let entries: Vec<Entry> = rulebook::pay(&open.state.books, asked, expires_at_ms);
        open.write(entries)
    };
    if let Err(error) = arrived.await {
        tracing::error!(%error, "the simulator's books can't be written");
    }
}

/// What the request says; nothing if a field that Alipay requires is wrong.
fn opened(asked: PayRequest, counter: &Counter) -> Option<(Opened, String, Option<i64>)> {
    let code = asked.payment_method.payment_method_id;
    let right = asked.product_code == "IN_STORE_PAYMENT"
        && asked.payment_method.payment_method_type == "CONNECT_WALLET"
        && asked.payment_factor.in_store_payment_scenario == "PaymentCode"
        && (1..=64).contains(&asked.payment_request_id.len())
        && code.bytes().all(|byte| byte.is_ascii_digit())
        && asked.order.merchant.is_some();
    let amount = right.then(|| asked.payment_amount.money()).flatten()?;
    let expires_at_ms = match &asked.payment_expiry_time {
        Some(text) => Some(alipay::time::parse(text)?.as_ms()),
        None => None,
    };
    let mut digest = DefaultHasher::new();
    code.hash(&mut digest);
    let customer = code.get(code.len().saturating_sub(12)..)?.to_owned();
    let opened = Opened {
        request: asked.payment_request_id,
        customer,
        currency: amount.currency().code().to_owned(),
        amount_minor: amount.amount_minor(),
        order: asked.order.reference_order_id,
        notify_url: asked.payment_notify_url,
        behavior: 0,
        code_digest: digest.finish(),
        at_ms: counter.desk.now_ms(),
    };
    Some((opened, code, expires_at_ms))
}

async fn inquiry(counter: &Counter, body: &[u8]) -> anyhow::Result<Option<Answer>> {
    let Some(asked) = parse::<InquiryRequest>(body) else {
        return Ok(None);
    };
    let mut open = counter.desk.open().await?;
    let Some(request) = named(&open.state.books, &asked) else {
        return Ok(None);
    };
    let reaction = open.meet(Api::Inquiry, &request)?;
    let truth = told(&rulebook::inquiry_answer(
        open.state.books.payments.get(&request),
    ));
    Ok(Some(Answer { reaction, truth }))
}

async fn cancel(counter: &Counter, body: &[u8]) -> anyhow::Result<Option<Answer>> {
    let Some(asked) = parse::<CancelRequest>(body) else {
        return Ok(None);
    };
    let mut open = counter.desk.open().await?;
    let Some(request) = named(&open.state.books, &asked) else {
        return Ok(None);
    };
    let reaction = open.meet(Api::Cancel, &request)?;
    let now_ms = open.now_ms;
    let done = rulebook::cancel(open.state.books.payments.get(&request), now_ms);
    if reaction.acts {
        open.write(done.entries)?;
    }
    let truth = told(&done.says);
    Ok(Some(Answer { reaction, truth }))
}

async fn refund(counter: &Counter, body: &[u8]) -> anyhow::Result<Option<Answer>> {
    let Some(asked) = parse::<RefundRequest>(body) else {
        return Ok(None);
    };
    let mut open = counter.desk.open().await?;
    let by_id = InquiryRequest {
        payment_id: Some(asked.payment_id.clone()),
        payment_request_id: None,
    };
    let request = named(&open.state.books, &by_id).unwrap_or_default();
    let reaction = open.meet(Api::Refund, &request)?;
    let now_ms = open.now_ms;
    let done = rulebook::refund(open.state.books.payments.get(&request), &asked, now_ms);
    if reaction.acts {
        open.write(done.entries)?;
    }
    let truth = told(&done.says);
    Ok(Some(Answer { reaction, truth }))
}

async fn inquiry_refund(counter: &Counter, body: &[u8]) -> anyhow::Result<Option<Answer>> {
    let Some(asked) = parse::<InquiryRefundRequest>(body)
        .filter(|asked| asked.refund_id.is_some() || asked.refund_request_id.is_some())
    else {
        return Ok(None);
    };
    let open = counter.desk.open().await?;
    let truth = told(&rulebook::inquiry_refund_answer(&open.state.books, &asked));
    Ok(Some(Answer {
        reaction: Reaction::USUAL,
        truth,
    }))
}

/// The payment's key, by either of its names, of which Alipay's own wins: empty if it is nobody's.
/// Nothing if it is not named at all, which is PARAM_ILLEGAL.
fn named(books: &crate::books::Books, asked: &InquiryRequest) -> Option<String> {
    let by_id = asked.payment_id.as_ref();
    let by_id = by_id.map(|id| books.request_of(id).unwrap_or_default().to_owned());
    by_id.or_else(|| asked.payment_request_id.clone())
}
