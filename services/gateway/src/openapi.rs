//! The API as OpenAPI 3.1, made from the code and the settings, and the page to browse it.

mod answers;
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
use shapes::Shapes;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_swagger_ui::SwaggerUi;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tidegate",
        description = "One call per sale; one final answer before your own timeout. Amounts are \
                       integers in minor units. Each problem's `code` has a page under /docs/errors."
    ),
    paths(pay, get, find, cancel, acknowledge, events, notify),
    components(schemas(
        PayBody, PaymentBody, ProofBody, ProblemBody, EventBody, HistoryBody, FoundBody
    )),
    modifiers(&Credentials, &Answers, &Shapes),
    tags(
        (name = "payments", description = "Selling"),
        (name = "alipay", description = "Alipay's side in")
    )
)]
struct Api;

struct Credentials;

impl Modify for Credentials {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let mut bearer = Http::new(HttpAuthScheme::Bearer);
        bearer.bearer_format = Some("JWT".to_owned());
        bearer.description =
            Some("RS256, ES256 or EdDSA; scopes `payments:write` and `payments:read`".to_owned());
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
