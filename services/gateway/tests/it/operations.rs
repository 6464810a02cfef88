//! What operators and newcomers look at.

use crate::house::{House, json_of, problem};
use reqwest::StatusCode;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_operators_look_at_is_told_at_the_merchants_address() {
    let mut house = House::open().await;
    for path in ["/livez", "/readyz", "/metrics"] {
        let response = house.bare("GET", path).send().await.unwrap();
        problem(response, 404, "route_not_found").await;
    }
    assert_eq!(house.health.ready(), Ok(()));
    house.stop();
    house.ended().await;
    let down = house.health.ready().unwrap_err();
    assert_eq!(
        (down[0].check, down[0].reason.as_str()),
        ("gateway", "stopping")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_problems_and_notices_are_counted() {
    let house = House::open().await;
    house.bare("GET", "/v1/payments/17").send().await.unwrap();
    let forged = house.bare("POST", "/alipay/v1/notifications/payments");
    forged.body("{}").send().await.unwrap();
    let text = House::metrics();
    for line in [
        "gateway_problems_total{code=\"missing_token\"}",
        "gateway_notices_total{verdict=\"header_missing\"}",
        "gateway_http_requests_total{method=\"GET\",route=\"/v1/payments/{id}\",status=\"401\"}",
        "gateway_http_request_seconds_count{route=\"/v1/payments/{id}\"}",
    ] {
        assert!(text.contains(line), "{line}:\n{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_in_use_and_a_missing_key_file_are_told_with_what_to_do() {
    let house = House::open().await;
    let listen = house.base.trim_start_matches("http://").to_owned();
    let error = house.build_another(&listen).err().unwrap().to_string();
    assert!(error.contains(&listen), "{error}");
    assert!(error.contains("another port"), "{error}");
    std::fs::remove_file(house.dir.path().join("jwks.json")).unwrap();
    let error = house
        .build_another("127.0.0.1:0")
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("tokens.jwks_file"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_problem_leads_to_its_page() {
    let house = House::open().await;
    let response = house.bare("GET", "/v1/payments").send().await.unwrap();
    let body = problem(response, 401, "missing_token").await;
    let page = house.bare("GET", body["type"].as_str().unwrap());
    let page = page.send().await.unwrap();
    assert_eq!(
        page.headers()["content-type"],
        "text/markdown; charset=utf-8"
    );
    assert!(page.text().await.unwrap().starts_with("# missing_token"));
    let none = house.bare("GET", "/docs/errors/none").send().await.unwrap();
    problem(none, 404, "route_not_found").await;
    let all = house.bare("GET", "/docs/errors").send().await.unwrap();
    let all = all.text().await.unwrap();
    for code in gateway::Code::ALL {
        assert!(all.contains(&format!("(/docs/errors/{})", code.row().code)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_describes_itself_and_can_be_browsed() {
    let house = House::open().await;
    let api = house.bare("GET", "/openapi.json").send().await.unwrap();
    let api = json_of(api).await;
    assert!(api["openapi"].as_str().unwrap().starts_with("3.1"));
    for (path, method) in [
        ("/v1/payments", "post"),
        ("/v1/payments", "get"),
        ("/v1/payments/{id}", "get"),
        ("/v1/payments/{id}/cancel", "post"),
        ("/v1/payments/{id}/acknowledgement", "post"),
        ("/v1/payments/{id}/events", "get"),
        ("/alipay/v1/notifications/payments", "post"),
    ] {
        assert!(api["paths"][path][method].is_object(), "{method} {path}");
    }
    assert_eq!(
        api["components"]["securitySchemes"]["token"]["scheme"],
        "bearer"
    );
    for (path, method, status) in [
        ("/v1/payments", "post", "422"),
        ("/v1/payments", "get", "400"),
        ("/v1/payments/{id}", "get", "409"),
        ("/v1/payments/{id}/acknowledgement", "post", "404"),
        ("/alipay/v1/notifications/payments", "post", "401"),
    ] {
        let answers = &api["paths"][path][method]["responses"];
        assert!(answers[status].is_object(), "{method} {path} {status}");
        assert!(
            answers["4XX"].is_null(),
            "{method} {path}: any problem at all?"
        );
    }
    let page = house.bare("GET", "/docs").send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    assert!(page.text().await.unwrap().contains("swagger-ui"));
    let script = house.bare("GET", "/docs/swagger-ui-bundle.js");
    assert_eq!(script.send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_e1_the_document_tells_the_payment_codes_that_this_gateway_is_set_up_for() {
    let shape = async |house: House| {
        let api = house.bare("GET", "/openapi.json").send().await.unwrap();
        let api = json_of(api).await;
        api["components"]["schemas"]["PayBody"]["properties"]["payment_code"].clone()
    };
    let standard = shape(House::open().await).await;
    assert_eq!(standard["pattern"], "^(25|26|27|28|29|30)[0-9]*$");
    assert_eq!(standard["minLength"], 17);
    let codes = "[payment_codes]\nprefixes = [\"31\"]\ndigits_max = 40\n[limits]";
    let other = shape(House::open_set("[limits]", codes).await).await;
    assert_eq!(other["pattern"], "^(31)[0-9]*$");
    assert_eq!(other["maxLength"], 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_lists_every_word_says_that_more_may_come_and_names_servers_and_scopes() {
    let house = House::open().await;
    let api = house.bare("GET", "/openapi.json").send().await.unwrap();
    let api = json_of(api).await;
    assert_eq!(api["servers"][0]["url"], "/");
    let schemas = &api["components"]["schemas"];
    for (schema, field, words) in [
        (
            "PaymentBody",
            "status",
            &["needs_attention", "reversed"][..],
        ),
        ("PaymentBody", "outcome", &["pending", "paid", "not_paid"]),
        (
            "PaymentBody",
            "next_action",
            &["hand_over", "contact_acquirer"],
        ),
        (
            "PaymentBody",
            "reason",
            &["risk_rejected", "late_approval", "abandoned"],
        ),
        ("ProofBody", "kind", &["pay_refused", "never_arrived"]),
        ("EventBody", "type", &["accepted", "cancel_kept", "alarm"]),
        ("EventBody", "call", &["pay", "refund"]),
        ("ProblemBody", "code", &["gateway_busy"]),
    ] {
        let shape = &schemas[schema]["properties"][field];
        let listed = shape["enum"].as_array().unwrap();
        for word in words {
            assert!(listed.contains(&(*word).into()), "{schema}.{field}: {word}");
        }
        let description = shape["description"].as_str().unwrap();
        let is_open = description.contains("Later releases may add words");
        assert!(is_open, "{schema}.{field}: {description}");
        // A field that may be null says so in its list too: else null would not be allowed.
        let may_be_null = shape["type"].to_string().contains("null");
        assert_eq!(listed.contains(&serde_json::Value::Null), may_be_null);
    }
    for (path, method, scope) in [
        ("/v1/payments", "post", "payments:write"),
        ("/v1/payments/{id}", "get", "payments:read"),
        ("/v1/payments/{id}/cancel", "post", "payments:write"),
        ("/v1/payments/{id}/events", "get", "payments:read"),
    ] {
        let call = &api["paths"][path][method];
        assert_eq!(call["security"][0]["token"][0], scope, "{method} {path}");
        let description = call["description"].as_str().unwrap();
        let told = format!("Needs a token with the scope `{scope}`.");
        assert!(description.contains(&told), "{description}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_says_which_claims_a_token_needs() {
    let house = House::open().await;
    let page = house.bare("GET", "/docs/tokens").send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    let text = page.text().await.unwrap();
    for claim in ["`iss`", "`aud`", "`exp`", "`merchant_id`", "`scope`"] {
        assert!(text.contains(claim), "{claim}");
    }
    for link in text.split("](/docs/errors/").skip(1) {
        let code = link.split(')').next().unwrap();
        assert!(gateway::Code::named(code).is_some(), "{code}");
    }
}
