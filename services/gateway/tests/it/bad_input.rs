//! What a new user gets wrong: each gets an error that says what to do.

use crate::house::{CODE, House, ids, path, problem, sale};
use serde_json::{Value, json};

async fn refused(field: &str, value: Value, status: u16, code: &str) -> Value {
    let house = House::open().await;
    let mut body = sale("o-1");
    body[field] = value;
    let response = house.pay("k-1", &body).send().await.unwrap();
    let problem = problem(response, status, code).await;
    assert_eq!(problem["field"], field);
    let ids = ids("m-1", "k-1", "o-1");
    assert!(house.store.receipt(ids.payment).await.unwrap().is_none());
    assert!(house.idle().await);
    problem
}

fn says(problem: &Value, what: &str) {
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains(what), "{detail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_e1_a_16_digit_code_is_told_how_many_digits_a_code_has() {
    let code = json!("2810120202624671");
    let problem = refused("payment_code", code, 400, "invalid_payment_code").await;
    says(&problem, "16 digits; it must have 17 to 32");
    assert!(!problem.to_string().contains("2810120202624671"));
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_e1_codes_of_other_wallets_and_texts_are_not_payment_codes() {
    for code in ["131012020262467128", "28101202026246712x", ""] {
        refused("payment_code", json!(code), 400, "invalid_payment_code").await;
    }
    let number = json!(281_012_020_262_467_128_u64);
    let problem = refused("payment_code", number, 400, "invalid_payment_code").await;
    says(&problem, "quotes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_float_amount_is_told_to_send_minor_units() {
    for amount in [json!(19.88), json!(1988.0), json!("1988"), json!("19.88")] {
        let problem = refused("amount_minor", amount, 400, "amount_not_integer").await;
        says(&problem, "1988 for CNY 19.88");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_amount_nobody_can_pay_is_told_its_bounds() {
    for amount in [
        json!(0),
        json!(-1),
        json!(9_007_199_254_740_992_u64),
        json!(9_999_999_999_999_999_u64),
        json!(u64::MAX),
        serde_json::from_str("1234567890123456789012345").unwrap(),
    ] {
        let problem = refused("amount_minor", amount, 400, "invalid_amount").await;
        says(&problem, "1 to 9007199254740991");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_currency_and_one_the_merchant_may_not_take_are_told_apart() {
    for currency in ["RMB", "cny", "", "XAU"] {
        let problem = refused("currency", json!(currency), 400, "unknown_currency").await;
        says(&problem, "CNY");
    }
    let problem = refused("currency", json!("EUR"), 403, "currency_not_allowed").await;
    says(&problem, "CNY, JPY");
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_order_numbers_terminals_and_descriptions_are_refused() {
    refused("order_id", json!("o 1"), 400, "invalid_field").await;
    refused("order_id", json!(17), 400, "invalid_field").await;
    refused("order_id", json!("x".repeat(65)), 400, "invalid_field").await;
    refused("terminal_id", json!("till/3"), 400, "invalid_field").await;
    refused("description", json!("x".repeat(257)), 400, "invalid_field").await;
    refused("description", json!("tea\u{0}"), 400, "invalid_field").await;
    refused("terminal_id", Value::Null, 400, "missing_field").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_field_is_named() {
    let problem = refused("amount", json!(1988), 400, "unknown_field").await;
    says(&problem, "amount_minor");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_amount_that_stands_twice_is_not_guessed() {
    let house = House::open().await;
    let body = sale("o-1").to_string();
    let body = body.replacen('{', "{\"amount_minor\": 1,", 1);
    let request = house
        .post("/v1/payments")
        .header("Idempotency-Key", "k-1")
        .header("Content-Type", "application/json")
        .body(body);
    let body = problem(request.send().await.unwrap(), 400, "invalid_field").await;
    assert_eq!(body["field"], "amount_minor");
    says(&body, "twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_or_odd_idempotency_key_is_told_what_to_send() {
    let house = House::open().await;
    let without = house.post("/v1/payments").json(&sale("o-1"));
    let body = problem(
        without.send().await.unwrap(),
        400,
        "missing_idempotency_key",
    )
    .await;
    says(&body, "UUID");
    for key in ["", "two words", &"x".repeat(129), "quo\"te"] {
        let response = house.pay(key, &sale("o-1")).send().await.unwrap();
        problem(response, 400, "invalid_idempotency_key").await;
    }
    let twice = house
        .pay("k-1", &sale("o-1"))
        .header("Idempotency-Key", "k-2");
    problem(twice.send().await.unwrap(), 400, "invalid_idempotency_key").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_10_mb_is_refused_before_it_is_read_and_its_sender_reads_why() {
    let house = House::open().await;
    let request = house
        .post("/v1/payments")
        .header("Idempotency-Key", "k-1")
        .header("Content-Type", "application/json")
        .body(vec![b'1'; 10_000_000]);
    let body = problem(request.send().await.unwrap(), 413, "body_too_large").await;
    says(&body, "65536");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_a_json_object_is_refused_with_the_place_and_without_the_text() {
    let house = House::open().await;
    let broken = format!("{{\"payment_code\": \"{CODE}\", oops}}");
    for (text, where_) in [(broken.as_str(), "line 1"), ("[1]", "object"), ("", "line")] {
        let request = house
            .post("/v1/payments")
            .header("Idempotency-Key", "k-1")
            .header("Content-Type", "application/json")
            .body(text.to_owned());
        let body = problem(request.send().await.unwrap(), 400, "invalid_json").await;
        says(&body, where_);
    }
    let form = house
        .post("/v1/payments")
        .header("Idempotency-Key", "k-1")
        .header("Content-Type", "text/plain")
        .body("{}");
    problem(form.send().await.unwrap(), 415, "wrong_media_type").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_merchants_payment_is_as_unknown_as_one_that_never_was() {
    let house = House::open().await;
    let ids = house.paid("k-1", "o-1").await;
    for rest in ["", "/events"] {
        let theirs = house.bare("GET", &path(ids, rest));
        let theirs = theirs.bearer_auth(house.token("m-2"));
        let theirs = problem(theirs.send().await.unwrap(), 404, "payment_not_found").await;
        let never = format!("/v1/payments/5f0c6e0e-8d0c-5d7a-9d3f-0e6f6f1f2a3b{rest}");
        let never = house.get(&never).send().await.unwrap();
        let never = problem(never, 404, "payment_not_found").await;
        assert_eq!(theirs["detail"], never["detail"]);
    }
    for rest in ["/cancel", "/acknowledgement"] {
        let theirs = house.bare("POST", &path(ids, rest));
        let theirs = theirs.bearer_auth(house.token("m-2"));
        problem(theirs.send().await.unwrap(), 404, "payment_not_found").await;
    }
    let odd = house.get("/v1/payments/17").send().await.unwrap();
    problem(odd, 404, "payment_not_found").await;
    assert!(house.idle().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_addresses_and_methods_are_problems_too() {
    let house = House::open().await;
    let nowhere = house.get("/v2/payments").send().await.unwrap();
    problem(nowhere, 404, "route_not_found").await;
    let delete = house.bare("DELETE", "/v1/payments");
    let delete = delete.bearer_auth(house.token("m-1"));
    problem(delete.send().await.unwrap(), 405, "method_not_allowed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sane_request_id_is_kept_and_an_odd_one_replaced() {
    let house = House::open().await;
    let kept = house
        .bare("GET", "/v1/payments")
        .header("X-Request-Id", "till-3.42");
    let body = problem(kept.send().await.unwrap(), 401, "missing_token").await;
    assert_eq!(body["request_id"], "till-3.42");
    let odd = house
        .bare("GET", "/v1/payments")
        .header("X-Request-Id", "a b");
    let body = problem(odd.send().await.unwrap(), 401, "missing_token").await;
    assert_eq!(body["request_id"].as_str().unwrap().len(), 36);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_never_comes_is_not_waited_for() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let house = House::open_set("workers = 1", "workers = 1\nclient_timeout_ms = 100").await;
    let address = house.base.trim_start_matches("http://");
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /v1/payments HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\n\
         Idempotency-Key: k-1\r\nContent-Type: application/json\r\nContent-Length: 200\r\n\r\n{{",
        house.token("m-1")
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 2_000];
    let read = socket.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..read]);
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("body_too_slow"), "{answer}");
}

/// A sale with these bytes as its body, and another header or two.
async fn sent(body: Vec<u8>, headers: &[(&str, &str)], status: u16, code: &str) -> Value {
    let house = House::open().await;
    let mut request = house.post("/v1/payments").header("Idempotency-Key", "k-1");
    let typed = headers.iter().any(|(name, _)| *name == "Content-Type");
    if !typed {
        request = request.header("Content-Type", "application/json");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let problem = problem(request.body(body).send().await.unwrap(), status, code).await;
    assert!(house.idle().await);
    problem
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_e1_a_scanners_own_signs_around_a_code_are_cut_off_and_a_repeat_without_them_is_the_same()
 {
    let house = House::open().await;
    let mut body = sale("o-1");
    for code in [
        format!("]Q1{CODE}\r\n"),
        CODE.to_owned(),
        format!("\u{feff}\t{CODE} \0"),
    ] {
        body["payment_code"] = json!(code);
        let response = house.pay("k-1", &body).send().await.unwrap();
        assert_eq!(response.status().as_u16(), 202, "{code:?}");
    }
    // `work` looks at the code that reaches the worker.
    house.work().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_e1_what_else_a_scanner_sends_is_named_and_not_repeated() {
    for (code, what) in [
        ("2810 1202 0262 467128", "a space stands at place 5"),
        (
            "２８１０１２０２０２６２４６７１２８",
            "a digit that is not ASCII's",
        ),
        (
            "281012020262467128\n281012020262467128",
            "the end of a line",
        ),
        ("\r\n", "is empty"),
    ] {
        let problem = refused("payment_code", json!(code), 400, "invalid_payment_code").await;
        says(&problem, what);
        assert!(!problem.to_string().contains("2810"));
    }
    let raw = sale("o-1").to_string().replace(CODE, &format!("{CODE}\n"));
    let problem = sent(raw.into_bytes(), &[], 400, "invalid_json").await;
    says(&problem, "the end of a line");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_in_another_encoding_is_told_which() {
    let text = sale("o-1").to_string();
    let wide = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    let marked = |mark: &[u8], text: &[u8]| [mark, text].concat();
    let (little, big) = (wide(u16::to_le_bytes), wide(u16::to_be_bytes));
    for (body, what) in [
        (marked(&[0xFF, 0xFE], &little), "UTF-16"),
        (marked(&[0xFE, 0xFF], &big), "UTF-16"),
        (little, "UTF-16"),
        (big, "UTF-16"),
        (
            text.chars()
                .flat_map(|c| u32::from(c).to_le_bytes())
                .collect(),
            "UTF-32",
        ),
        (marked(&[0x1F, 0x8B, 8, 0], text.as_bytes()), "compressed"),
        (
            text.replace("o-1", "?")
                .bytes()
                .map(|b| if b == b'?' { 0xE4 } else { b })
                .collect(),
            "not UTF-8",
        ),
    ] {
        let problem = sent(body, &[], 415, "wrong_media_type").await;
        says(&problem, what);
    }
    let body = marked(&[0xEF, 0xBB, 0xBF], text.as_bytes());
    let problem = sent(body, &[], 400, "invalid_json").await;
    says(&problem, "byte order mark");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_said_to_be_compressed_or_in_another_charset_is_told_what_to_send() {
    let text = sale("o-1").to_string().into_bytes();
    let typed = |value| ("Content-Type", value);
    for (header, what) in [
        (("Content-Encoding", "gzip"), "gzip"),
        (("Content-Encoding", "identity, br"), "br"),
        (("Content-Encoding", "aws-chunked"), "does not know"),
        (typed("application/json; charset=gbk"), "UTF-8"),
        (typed("application/json;charset=\"ISO-8859-1\""), "UTF-8"),
        (
            typed("application/x-www-form-urlencoded"),
            "application/json",
        ),
    ] {
        let problem = sent(text.clone(), &[header], 415, "wrong_media_type").await;
        says(&problem, what);
    }
    let house = House::open().await;
    for right in [
        "application/json; charset=UTF-8",
        "Application/JSON ;charset=utf8",
    ] {
        let request = house.post("/v1/payments").header("Idempotency-Key", "k-1");
        let request = request
            .header("Content-Type", right)
            .header("Content-Encoding", "identity");
        let response = request.body(text.clone()).send().await.unwrap();
        assert_eq!(response.status().as_u16(), 202, "{right}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_e1_no_name_of_a_sale_may_hold_its_payment_code() {
    for field in ["order_id", "terminal_id", "description"] {
        for text in [CODE.to_owned(), format!("till-3.{CODE}-1")] {
            let problem = refused(field, json!(text), 400, "invalid_field").await;
            says(&problem, "payment code");
        }
    }
    let house = House::open().await;
    for key in [
        CODE.to_owned(),
        format!("\"{CODE}\""),
        format!("till-3:{CODE}"),
    ] {
        let response = house.pay(&key, &sale("o-1")).send().await.unwrap();
        let problem = problem(response, 400, "invalid_idempotency_key").await;
        says(&problem, "payment code");
    }
    let mut odd = sale("o-1");
    odd[CODE] = json!(1);
    let response = house.pay("k-1", &odd).send().await.unwrap();
    problem(response, 400, "unknown_field").await;
    assert!(house.idle().await);
}
