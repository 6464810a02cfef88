//! Who calls, as a handler asks for it: a request without a good token never reaches one.

use super::Grant;
use crate::problem::{Code, Problem};
use crate::request_id::Subject;
use crate::state::State;
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use payment::MerchantId;
use std::future::{Ready, ready};
use std::marker::PhantomData;

/// What a call needs its token to allow.
pub(crate) trait Scope {
    /// As the token's `scope` spells it.
    const NAME: &'static str;
}

/// Looking at payments.
pub(crate) struct Reads;

/// Starting and changing payments.
pub(crate) struct Writes;

impl Scope for Reads {
    const NAME: &'static str = "payments:read";
}

impl Scope for Writes {
    const NAME: &'static str = "payments:write";
}

/// A caller whose token was believed and allows `S`.
pub(crate) struct Caller<S> {
    pub(crate) merchant: MerchantId,
    scope: PhantomData<S>,
}

impl<S: Scope> FromRequest for Caller<S> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(caller(request))
    }
}

fn caller<S: Scope>(request: &HttpRequest) -> Result<Caller<S>, Problem> {
    let state = request
        .app_data::<web::Data<State>>()
        .ok_or_else(|| Problem::internal(&"the gateway's state is not there"))?;
    let grant: Grant = state.tokens.verify(bearer(request)?, state.now())?;
    if !grant.scopes.iter().any(|scope| scope == S::NAME) {
        return Err(Problem::new(
            Code::InsufficientScope,
            format!("This call needs the scope `{}` in the token.", S::NAME),
        ));
    }
    if !state.merchants.contains_key(&grant.merchant) {
        return Err(Problem::new(
            Code::MerchantNotConfigured,
            format!(
                "The acquirer has not set up the merchant `{}` at this gateway.",
                grant.merchant
            ),
        ));
    }
    Subject::of(request, &grant.merchant);
    Ok(Caller {
        merchant: grant.merchant,
        scope: PhantomData,
    })
}

fn bearer(request: &HttpRequest) -> Result<&str, Problem> {
    let missing = || {
        Problem::new(
            Code::MissingToken,
            "Send the header `Authorization: Bearer <token>`, with a token of your issuer.",
        )
    };
    let mut values = request.headers().get_all(header::AUTHORIZATION);
    let value = values.next().ok_or_else(missing)?;
    if values.next().is_some() {
        // Whoever stands before the gateway may have looked at the other one.
        return Err(Problem::new(
            Code::InvalidToken,
            "The header `Authorization` stands more than once. Send one token, in one header.",
        ));
    }
    let text = value.to_str().map_err(|_| missing())?;
    let (scheme, token) = text.split_once(' ').ok_or_else(missing)?;
    let token = token.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
        return Err(missing());
    }
    Ok(token)
}
