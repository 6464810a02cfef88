//! What can't be read as HTTP, or is odd HTTP, sent byte by byte over TCP: each gets an answer that
//! says so.

use crate::forgeries::logged;
use crate::house::{CODE, House, approved, ids, json_of, path, problem, sale};
use bus::Payload;
use reqwest::StatusCode;
use serde_json::Value;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The head and the body of what comes back for these bytes, until the gateway closes.
async fn answered(house: &House, bytes: &[u8]) -> (String, String) {
    let address = house.base.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.unwrap();
    // It may hang up on a sender that goes on after it was refused.
    let _refused = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let reading = stream.read_to_end(&mut answer);
    let _reset = tokio::time::timeout(Duration::from_secs(15), reading)
        .await
        .expect("no end");
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    (head.to_owned(), body.to_owned())
}

async fn refused(house: &House, bytes: &[u8], status: u16, code: &str) {
    let (head, body) = answered(house, bytes).await;
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned();
    assert!(
        head.starts_with(&format!("HTTP/1.1 {status} ")),
        "{shown}: {head}"
    );
    assert!(head.contains("application/problem+json"), "{shown}: {head}");
    let body: Value = serde_json::from_str(&body).unwrap_or_else(|_| panic!("{shown}: {body}"));
    assert_eq!(body["code"], code, "{shown}");
    let id = body["request_id"].as_str().unwrap();
    assert!(
        head.contains(&format!("x-request-id: {id}")),
        "{shown}: {head}"
    );
    assert_eq!(id.len(), 36, "{shown}");
    assert!(!body.to_string().contains(CODE));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_parser_refuses_is_a_problem_with_a_request_id_too() {
    let house = House::open().await;
    let many: String = (0..100).map(|n| format!("x-{n}: 1\r\n")).collect();
    for bytes in [
        "GARBAGE\r\n\r\n".to_owned(),
        "GET /docs HTTP/9.9\r\n\r\n".to_owned(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        "GET /docs HTTP/1.1\r\nbad header\r\n\r\n".to_owned(),
        format!("GET /docs HTTP/1.1\r\n{CODE}\r\n\r\n"),
        "GET /docs HTTP/1.1\r\nhost: x\r\ncontent-length: x\r\n\r\n".to_owned(),
        "POST /v1/payments HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n".to_owned(),
        "GET /docs HTTP/1.1\r\nhost: x\r\nfolded: a\r\n b\r\n\r\n".to_owned(),
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\r\n\r\n".to_owned(),
        format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(70_000)),
    ] {
        refused(&house, bytes.as_bytes(), 400, "bad_request").await;
    }
    let long = format!("GET /docs HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(140_000));
    refused(&house, long.as_bytes(), 431, "head_too_large").await;
    let many = format!("GET /docs HTTP/1.1\r\n{many}\r\n");
    refused(&house, many.as_bytes(), 431, "head_too_large").await;
    let text = House::metrics();
    assert!(text.contains("gateway_problems_total{code=\"head_too_large\"}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipelined_answer_stays_whole_before_the_refusal_of_what_follows() {
    let house = House::open().await;
    let bytes = "GET /v1/payments HTTP/1.1\r\nhost: x\r\n\r\nGARBAGE\r\n\r\n";
    let (first, rest) = answered(&house, bytes.as_bytes()).await;
    assert!(first.starts_with("HTTP/1.1 401"), "{first}");
    let (_, second) = rest.split_once("HTTP/1.1 400").expect("no second answer");
    assert!(second.contains("\"code\":\"bad_request\""), "{second}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_never_ends_is_told_so_and_who_says_nothing_is_hung_up_on() {
    let house = House::open_set("[limits]", "[limits]\nclient_timeout_ms = 100").await;
    refused(&house, b"GET /docs HTTP/1.1\r\nhost:", 408, "head_too_slow").await;
    let (head, body) = answered(&house, b"").await;
    assert_eq!((head.as_str(), body.as_str()), ("", ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_whose_chunks_break_off_or_are_malformed_is_a_problem() {
    let house = House::open().await;
    let token = house.token("m-1");
    let head = format!(
        "POST /v1/payments HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         idempotency-key: k-1\r\ncontent-type: application/json\r\n\
         transfer-encoding: chunked\r\n\r\n"
    );
    for chunks in ["zz\r\n{}\r\n0\r\n\r\n", "2\r\n{}xx0\r\n\r\n"] {
        refused(
            &house,
            format!("{head}{chunks}").as_bytes(),
            400,
            "bad_request",
        )
        .await;
    }
    assert!(house.idle().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_waits_to_be_told_to_continue_is_told() {
    let house = House::open().await;
    let (token, body) = (house.token("m-1"), sale("o-1").to_string());
    let head = format!(
        "POST /v1/payments HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         idempotency-key: k-1\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         expect: 100-continue\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let address = house.base.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut told = [0; 25];
    stream.read_exact(&mut told).await.unwrap();
    assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_method_is_told_which_are_allowed_and_no_caller_makes_up_a_label() {
    let house = House::open().await;
    for (method, path, allowed) in [
        ("DELETE", "/v1/payments", "POST"),
        ("OPTIONS", "/v1/payments", "GET"),
        (
            "PUT",
            "/v1/payments/5f0c6e0e-8d0c-5d7a-9d3f-0e6f6f1f2a3b",
            "HEAD",
        ),
        ("BREW281012020262467128", "/v1/payments", "POST"),
        ("GET", "/alipay/v1/notifications/payments", "POST"),
        (
            "HEAD",
            "/v1/payments/5f0c6e0e-8d0c-5d7a-9d3f-0e6f6f1f2a3b/cancel",
            "POST",
        ),
    ] {
        let request = house.bare(method, path).bearer_auth(house.token("m-1"));
        let response = request.send().await.unwrap();
        let allow = response.headers()["allow"].to_str().unwrap().to_owned();
        assert!(allow.contains(allowed), "{method} {path}: {allow}");
        assert_eq!(response.status().as_u16(), 405, "{method} {path}");
        if method != "HEAD" {
            problem(response, 405, "method_not_allowed").await;
        }
    }
    let text = House::metrics();
    assert!(text.contains("method=\"other\"") && !text.contains("BREW"));
}

#[tokio::test(flavor = "multi_thread")]
async fn head_answers_as_get_does_without_a_body_and_hands_nothing_over() {
    let house = House::open().await;
    let response = house.pay("k-1", &sale("o-1")).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    house.work().await;
    let ids = ids("m-1", "k-1", "o-1");
    house.answered(ids, approved(1988)).await;
    let version = house.store.load(ids.order).await.unwrap().version;
    let head = async |path: &str, accept: &str| {
        let request = house.bare("HEAD", path).bearer_auth(house.token("m-1"));
        let asked = request.header("accept", accept).send();
        let answered = tokio::time::timeout(Duration::from_secs(5), asked).await;
        let response = answered.expect("it waits").unwrap();
        let kind = response.headers()["content-type"]
            .to_str()
            .unwrap()
            .to_owned();
        let status = response.status().as_u16();
        assert_eq!(response.bytes().await.unwrap().len(), 0, "{path}");
        (status, kind)
    };
    let json = (200, "application/json".to_owned());
    assert_eq!(head(&path(ids, ""), "*/*").await, json);
    assert_eq!(head(&path(ids, "/events"), "*/*").await, json);
    let stream = head(&path(ids, "/events"), "text/event-stream").await;
    assert_eq!(stream, (200, "text/event-stream".to_owned()));
    let found = head("/v1/payments?order_id=o-1", "*/*").await;
    assert_eq!(found, json);
    let after = house.store.load(ids.order).await.unwrap().version;
    assert_eq!(after, version, "nothing was released");
    let body = json_of(house.get(&path(ids, "")).send().await.unwrap()).await;
    assert_eq!(body["outcome"], "paid");
    for page in [
        "/docs/",
        "/docs/errors",
        "/openapi.json",
        "/docs/errors/bad_request",
    ] {
        assert_eq!(head(page, "*/*").await.0, 200, "{page}");
    }
    let unknown = house.bare("HEAD", &path(ids, "")).send().await.unwrap();
    assert_eq!(unknown.status().as_u16(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_address_leads_to_the_documentation_whose_pages_may_run_only_their_own_scripts() {
    let house = House::open().await;
    let page = house.bare("GET", "/").send().await.unwrap();
    assert_eq!(page.url().path(), "/docs/");
    assert_eq!(page.status(), StatusCode::OK);
    let policy = page.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self'"));
    let text = page.text().await.unwrap();
    assert!(
        !text.contains("<script>"),
        "a script in the page would not run:\n{text}"
    );
    let api = house.bare("GET", "/v1/payments").send().await.unwrap();
    let policy = api.headers()["content-security-policy"].to_str().unwrap();
    assert_eq!(policy, "default-src 'none'; frame-ancestors 'none'");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_say_nothing_make_room_when_few_places_are_left() {
    // Time-outs alone would let the one who asks in after two minutes.
    let few = "[limits]\nconnections_max = 8\nclient_timeout_ms = 60000";
    let house = House::open_set("[limits]", few).await;
    let address = house.base.trim_start_matches("http://").to_owned();
    let mut idle = Vec::new();
    for _ in 0..24 {
        idle.push(TcpStream::connect(&address).await.unwrap());
    }
    let asked = house.bare("GET", "/v1/payments").send();
    let response = tokio::time::timeout(Duration::from_secs(50), asked).await;
    let response = response.expect("it waits for the silent ones to time out");
    problem(response.unwrap(), 401, "missing_token").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_asked_once_make_room_when_few_places_are_left() {
    let few = "[limits]\nconnections_max = 8\nclient_timeout_ms = 60000";
    let house = House::open_set("[limits]", few).await;
    let address = house.base.trim_start_matches("http://").to_owned();
    let mut kept = Vec::new();
    for _ in 0..8 {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        let request = b"GET /v1/payments HTTP/1.1\r\nhost: x\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 401");
        kept.push(stream);
    }
    let asked = house.bare("GET", "/v1/payments").send();
    let response = tokio::time::timeout(Duration::from_secs(50), asked).await;
    let response = response.expect("it waits for the kept ones to time out");
    problem(response.unwrap(), 401, "missing_token").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_e1_a_code_in_a_header_a_path_or_a_query_reaches_no_log_and_no_command() {
    const SECRET: &str = "287654321098765432";
    let house = House::open().await;
    logged();
    let mut body = sale("o-1");
    body["payment_code"] = serde_json::json!(SECRET);
    let trace = format!("00-{SECRET}00000000000000-b7ad6b7169203331-01");
    for (number, id) in [
        SECRET.to_owned(),
        format!("9{SECRET}"),
        format!("a-{SECRET}-b"),
    ]
    .into_iter()
    .enumerate()
    {
        let key = format!("k-{number}");
        body["order_id"] = serde_json::json!(format!("o-{number}"));
        let request = house.pay(&key, &body).header("X-Request-Id", &id);
        let request = request
            .header("traceparent", &trace)
            .header("tracestate", format!("t={SECRET}"))
            .header("baggage", format!("code={SECRET}"))
            .header("Referer", format!("https://till.example/{SECRET}"))
            .header("User-Agent", SECRET);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        let told = response.headers()["x-request-id"].to_str().unwrap();
        assert!(!told.contains(SECRET), "{told}");
        let delivery = house.command().await;
        let Payload::Command(command) = &delivery.payload else {
            panic!("poison");
        };
        assert_eq!(command.traceparent, None);
    }
    for path in [
        format!("/{SECRET}"),
        format!("/v1/payments/{SECRET}"),
        format!("/v1/payments?order_id={SECRET}"),
        format!("/v1/payments?{SECRET}=1"),
        format!("/docs/errors/{SECRET}"),
    ] {
        house.get(&path).send().await.unwrap();
    }
    let key = house.pay(SECRET, &body).send().await.unwrap();
    problem(key, 400, "invalid_idempotency_key").await;
    answered(
        &house,
        format!("{SECRET} /{SECRET} HTTP/1.1\r\nconnection: close\r\n\r\n").as_bytes(),
    )
    .await;
    let log = logged();
    assert!(log.contains("answered a request"));
    let line = log.lines().find(|line| line.contains(SECRET));
    assert_eq!(line, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_log_line_ties_a_request_to_its_merchant_and_its_payment() {
    let house = House::open().await;
    logged();
    let request = house
        .pay("k-1", &sale("o-1"))
        .header("X-Request-Id", "tied-1");
    request.send().await.unwrap();
    let ids = ids("m-1", "k-1", "o-1");
    let look = house.get(&path(ids, "")).header("X-Request-Id", "tied-2");
    look.send().await.unwrap();
    let log = logged();
    for id in ["tied-1", "tied-2"] {
        let line = log.lines().find(|line| line.contains(id)).expect(id);
        assert!(line.contains(&ids.payment.to_string()), "{line}");
        assert!(line.contains("m-1"), "{line}");
    }
}
