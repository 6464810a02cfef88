//! `POST /v1/payments`: starts an attempt.

use super::answer::{is_final, to_command};
use super::produce::traceparent;
use crate::body::JsonBody;
use crate::door::{Door, Says};
use crate::idempotency::key_of;
use crate::pay_request::{PayBody, PayRequest};
use crate::payment_body::PaymentBody;
use crate::prefer::Wait;
use crate::problem::Problem;
use crate::request_id::hide_if_it_holds;
use crate::state::State;
use crate::token::{Caller, Writes};
use actix_web::{HttpRequest, HttpResponse, web};
use sale::NewSale;

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
    let door = Door {
        state: &state,
        merchant: &caller.merchant,
        payment: sale.payment(),
        says: Says::Anything,
    };
    let turn = state.admission.enter(state.now()).await?;
    // Before the command is out, so that nothing is told of it unheard.
    let watch = door.watch();
    let taken = state.sales.accept(&sale).await?;
    drop(turn);
    let found = door
        .wait_from(watch, taken, wait.duration(), is_final)
        .await?;
    Ok(to_command(&found, wait))
}
