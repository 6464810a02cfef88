//! The API as OpenAPI 3.1, made from the code and the settings, and the page to browse it.

mod answers;
mod scopes;
mod shapes;

use crate::pay_request::PayBody;
use crate::payment_body::{PaymentBody, ProofBody};
use crate::problem::ProblemBody;
use crate::routes::{
    __path_acknowledge, __path_cancel, __path_events, __path_find, __path_get, __path_notify,
    __path_pay, EventBody, FoundBody, HistoryBody,
};
use answers::Answers;
use payment::CodeFormat;
use scopes::Scopes;
use shapes::Shapes;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_swagger_ui::SwaggerUi;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tidegate",
        description = "One call per sale; one final answer before your own timeout. Amounts are \
                       integers in minor units. Each problem's `code` has a page under /docs/errors. A list of \
                       words is what this release says; later ones may add to it, and each field \
                       says what to do with a word that you do not know.",
        contact(name = "Tidegate", url = "https://github.com/tidegate/tidegate")
    ),
    servers((url = "/", description = "The gateway that serves this document")),
    paths(pay, get, find, cancel, acknowledge, events, notify),
    components(schemas(
        PayBody, PaymentBody, ProofBody, ProblemBody, EventBody, HistoryBody, FoundBody
    )),
    modifiers(&Credentials, &Answers, &Shapes, &Scopes),
    tags(
        (name = "payments", description = "Selling"),
        (name = "alipay", description = "Alipay's side in")
    )
)]
struct Api;

/// What a token must hold; `docs/tokens.md` has it with examples.
const CLAIMS: &str = "A JWT (RFC 7519) of the acquirer's issuer, signed with RS256, ES256 or EdDSA. \
    `iss` and `aud` are those that the gateway is set to; `exp` must be there, `nbf` is heeded; the \
    claim `merchant_id` (the acquirer may have named another) is the merchant; `scope` holds \
    `payments:read` to look at payments, `payments:write` to make, cancel and acknowledge them, or \
    both with a space between. The page /docs/tokens tells more.";

struct Credentials;

impl Modify for Credentials {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let mut bearer = Http::new(HttpAuthScheme::Bearer);
        bearer.bearer_format = Some("JWT".to_owned());
        bearer.description = Some(CLAIMS.to_owned());
        let components = api.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(bearer));
        let signature = ApiKeyValue::with_description(
            "signature",
            "Alipay's signature (AMS 1): `algorithm=RSA256,keyVersion=…,signature=…`",
        );
        components.add_security_scheme("alipay", SecurityScheme::ApiKey(ApiKey::Header(signature)));
    }
}

/// `/openapi.json`, and the page at `/docs/`.
pub(crate) fn pages(codes: &CodeFormat) -> SwaggerUi {
    let mut api = Api::openapi();
    shapes::payment_codes(&mut api, codes);
    SwaggerUi::new("/docs/{_:.*}").url("/openapi.json", api)
}
