//! `POST /v1/payments`: starts an attempt.

use super::answer::{is_final, to_command, wait_share};
use super::produce::traceparent;
use crate::admission::watch_begin;
use crate::body::JsonBody;
use crate::idempotency::key_of;
use crate::pay_request::{PayBody, PayRequest};
use crate::payment_body::PaymentBody;
use crate::prefer::Wait;
use crate::problem::Problem;
use crate::request_id::hide_if_it_holds;
use crate::state::State;
use crate::token::{Caller, Writes};
use actix_web::{HttpRequest, HttpResponse, web};
use sale::{LongPoll, NewSale, Purpose};

/// Start a payment. With `Prefer: wait=25` it answers 200 as soon as the outcome is final; without,
/// or when the wait is over first, 202: then ask `GET` at the Location.
#[utoipa::path(
    post, path = "/v1/payments", tag = "payments", request_body = PayBody,
    params(
        ("Idempotency-Key" = String, Header, pattern = r#"^("[!#-\[\]-~]{1,128}"|[!#-\[\]-~]{1,128})$"#, description = "Your own name of this attempt. A repeat with the same body answers with the payment as it now stands."),
        ("Prefer" = Option<String>, Header, description = "`wait=n`: keep the connection open up to n seconds for a final outcome."),
    ),
    responses(
        (status = 200, description = "The outcome is final", body = PaymentBody),
        (status = 202, description = "Taken; the outcome is pending", body = PaymentBody),
    ),
    security(("token" = ["payments:write"]))
)]
pub(crate) async fn pay(
    state: web::Data<State>,
    caller: Caller<Writes>,
    request: HttpRequest,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    let merchant = state.merchant(&caller.merchant)?;
    let reference = key_of(&request)?;
    let wait = Wait::asked(&request, state.limits.wait_s_max);
    let JsonBody(bytes) = body;
    let request_to_pay = PayRequest::parse(&bytes, &reference, merchant, &state.codes)?;
    drop(bytes);
    hide_if_it_holds(&request, &request_to_pay.code);
    let sale = NewSale {
        merchant: merchant.id.clone(),
        policy: merchant.policy.clone(),
        reference,
        digest: request_to_pay.digest(),
        order: request_to_pay.order,
        terminal: request_to_pay.terminal,
        amount: request_to_pay.amount,
        description: request_to_pay.description,
        code: request_to_pay.code,
        traceparent: traceparent(&request),
    };
    let poll = LongPoll {
        merchant: &caller.merchant,
        payment: sale.payment(),
        purpose: Purpose::HandOver,
        wait: wait.duration(),
    };
    let _share = wait_share(&state, &caller.merchant, wait)?;
    let turn = state.admission.enter(&merchant.id, state.now()).await?;
    // Before the command is out, so that nothing is told of it unheard.
    let following = state.sales.follow(poll.payment);
    let known = state.sales.accept(sale, turn).await?;
    if let Some(known) = &known {
        let accepted_at = known.view.terms.accepted_at;
        watch_begin(
            state.clone().into_inner(),
            caller.merchant.clone(),
            poll.payment,
            accepted_at,
        );
    }
    let found = state.sales.wait(poll, following, known, is_final).await?;
    Ok(to_command(&found, wait))
}
