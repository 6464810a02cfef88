//! `POST /v1/payments/{id}/cancel`: the merchant cancels (K5).

use super::answer::{to_command, wait_share};
use super::path::payment_id;
use super::produce::traceparent;
use crate::payment_body::PaymentBody;
use crate::prefer::Wait;
use crate::problem::Problem;
use crate::state::State;
use crate::token::{Caller, Writes};
use actix_web::{HttpRequest, HttpResponse, web};
use payment::{Outcome, Standing};
use sale::{LongPoll, Purpose};

/// Cancel a payment, paid or not. What was charged is given back. A repeat changes nothing.
#[utoipa::path(
    post, path = "/v1/payments/{id}/cancel", tag = "payments",
    params(
        ("id" = String, Path, format = "uuid", description = "The payment's id"),
        ("Prefer" = Option<String>, Header, description = "`wait=n`: keep the connection open up to n seconds, until the outcome is `not_paid`."),
    ),
    responses(
        (status = 200, description = "Not paid", body = PaymentBody),
        (status = 202, description = "Taken; look again", body = PaymentBody),
    ),
    security(("token" = ["payments:write"]))
)]
pub(crate) async fn cancel(
    state: web::Data<State>,
    caller: Caller<Writes>,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let wait = Wait::asked(&request, state.limits.wait_s_max);
    // H2: an approval that meets a cancel is not released by the door that cancels.
    let poll = LongPoll {
        merchant: &caller.merchant,
        payment: payment_id(&id)?,
        purpose: Purpose::Look,
        wait: wait.duration(),
    };
    let _share = wait_share(&state, &caller.merchant, wait)?;
    let following = state.sales.follow(poll.payment);
    let found = state
        .sales
        .cancel(&caller.merchant, poll.payment, traceparent(&request))
        .await?;
    if matches!(found.view.standing, Standing::Ended(_)) {
        return Ok(to_command(&found, wait));
    }
    let found = state
        .sales
        .wait(poll, following, None, |found| {
            found.told().outcome == Outcome::NotPaid
        })
        .await?;
    let mut response = to_command(&found, wait);
    // Paid, and the cancel not worked on yet: taken, not done.
    if found.told().outcome == Outcome::Paid {
        *response.status_mut() = actix_web::http::StatusCode::ACCEPTED;
    }
    Ok(response)
}
