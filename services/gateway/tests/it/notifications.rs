//! Alipay's notifications in.

use crate::forgeries::logged;
use crate::house::{House, Ids, ids, json_of, paid_notice, path, problem, sale};
use crate::issuer::{self, CLIENT_ID};
use bus::{CommandBody, Payload};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::json;

const PATH: &str = "/alipay/v1/notifications/payments";
const TIME: &str = "2026-11-23T18:12:05+08:00";

async fn begun(house: &House) -> (Ids, String) {
    house.pay("k-1", &sale("o-1")).send().await.unwrap();
    house.work().await;
    let ids = ids("m-1", "k-1", "o-1");
    let view = json_of(house.get(&path(ids, "")).send().await.unwrap()).await;
    (ids, view["payment_request_id"].as_str().unwrap().to_owned())
}

/// White space and unknown fields are Alipay's business: the bytes count.
fn success(request_id: &str, value: &str) -> String {
    format!(
        "{{ \"notifyType\":\"PAYMENT_RESULT\",\"result\":{{\"resultCode\":\"SUCCESS\",\
         \"resultStatus\":\"S\",\"resultMessage\":\"success\"}},\"paymentRequestId\":\"{request_id}\",\
         \"paymentId\":\"2026112311223344556677\",\"paymentAmount\":{{\"currency\":\"CNY\",\
         \"value\":\"{value}\"}},\"unknown\":{} }}",
        json!({"x": [1]})
    )
}

fn notify(house: &House, signed: &str, sent: &str) -> RequestBuilder {
    house
        .bare("POST", PATH)
        .header("client-id", CLIENT_ID)
        .header("request-time", TIME)
        .header(
            "signature",
            issuer::alipay_signature(PATH, TIME, signed.as_bytes()),
        )
        .header("content-type", "application/json; charset=UTF-8")
        .body(sent.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_is_put_on_the_bus_as_evidence_and_then_acknowledged() {
    let house = House::open().await;
    let (ids, id) = begun(&house).await;
    let body = success(&id, "1988");
    let response = notify(&house, &body, &body).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let reply = json_of(response).await;
    assert_eq!(reply["result"]["resultStatus"], "S");
    let taken = house.work().await;
    let payment::Fact::Noticed(notice) = &taken.events[0].fact else {
        panic!("{:?}", taken.events);
    };
    assert_eq!(*notice, paid_notice(1988));
    let told = json_of(house.get(&path(ids, "")).send().await.unwrap()).await;
    assert_eq!(told["outcome"], "paid");
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_h1_case_x30_a_body_changed_by_one_space_or_signed_by_nobody_is_refused() {
    let house = House::open().await;
    let (_, id) = begun(&house).await;
    let body = success(&id, "1988");
    let changed = format!("{body} ");
    let response = notify(&house, &body, &changed).send().await.unwrap();
    problem(response, 401, "notification_not_verified").await;
    let unsigned = house
        .bare("POST", PATH)
        .header("client-id", CLIENT_ID)
        .header("request-time", TIME)
        .body(body.clone());
    problem(
        unsigned.send().await.unwrap(),
        401,
        "notification_not_verified",
    )
    .await;
    assert!(house.idle().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_for_another_client_or_a_forged_signature_leaves_nothing_on_the_bus() {
    let house = House::open().await;
    let (_, id) = begun(&house).await;
    let body = success(&id, "1988");
    for (client, signature) in [
        (
            "OTHER",
            issuer::alipay_signature(PATH, TIME, body.as_bytes()),
        ),
        (
            CLIENT_ID,
            issuer::alipay_signature("/other", TIME, body.as_bytes()),
        ),
        (
            CLIENT_ID,
            "algorithm=RSA256,keyVersion=1,signature=AAAA".to_owned(),
        ),
        (CLIENT_ID, "nonsense".to_owned()),
    ] {
        let request = house
            .bare("POST", PATH)
            .header("client-id", client)
            .header("request-time", TIME)
            .header("signature", signature)
            .body(body.clone());
        problem(
            request.send().await.unwrap(),
            401,
            "notification_not_verified",
        )
        .await;
    }
    assert!(house.idle().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_x29_another_amount_is_evidence_too_and_never_paid() {
    let house = House::open().await;
    let (ids, id) = begun(&house).await;
    let body = success(&id, "1");
    let response = notify(&house, &body, &body).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    house.work().await;
    let told = json_of(house.get(&path(ids, "")).send().await.unwrap()).await;
    assert_eq!(told["outcome"], "not_paid");
    assert_eq!(told["reason"], "amount_mismatch");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_nobody_began_and_a_body_nobody_can_read_are_told_apart() {
    let house = House::open().await;
    let stranger = success("20261123101205till3a1988s9r00000000", "1988");
    let response = notify(&house, &stranger, &stranger).send().await.unwrap();
    problem(response, 404, "notification_unknown_payment").await;
    let response = notify(&house, "[]", "[]").send().await.unwrap();
    problem(response, 400, "notification_unreadable").await;
    assert!(house.idle().await);
}

/// A pending one bears a success of its own; a refund's or a capture's is none of a sale.
#[tokio::test(flavor = "multi_thread")]
async fn a_notification_of_another_kind_is_acknowledged_and_changes_nothing() {
    let house = House::open().await;
    let (ids, id) = begun(&house).await;
    let before = json_of(house.get(&path(ids, "")).send().await.unwrap()).await;
    let odd = r#"{"notifyType":"NEW","result":[],"paymentRequestId":7}"#.to_owned();
    let kinds = ["PAYMENT_PENDING", "REFUND_RESULT", "CAPTURE_RESULT", "NEW"];
    let bodies = kinds.map(|kind| success(&id, "1988").replace("PAYMENT_RESULT", kind));
    let odd = [odd, "{}".to_owned()];
    for body in bodies.iter().chain(&odd) {
        let response = notify(&house, body, body).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{body}");
        assert_eq!(json_of(response).await["result"]["resultStatus"], "S");
        let forged = notify(&house, "{ }", body).send().await.unwrap();
        problem(forged, 401, "notification_not_verified").await;
    }
    assert!(house.idle().await);
    let after = json_of(house.get(&path(ids, "")).send().await.unwrap()).await;
    assert_eq!(before, after);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_durable_is_not_acknowledged() {
    let house = House::open().await;
    let (_, id) = begun(&house).await;
    house.log.set_outage(Some("the disk is full"));
    let body = success(&id, "1988");
    let response = notify(&house, &body, &body).send().await.unwrap();
    problem(response, 503, "service_unavailable").await;
    house.log.set_outage(None);
    let again = notify(&house, &body, &body).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::OK);
    let delivery = house.command().await;
    let Payload::Command(command) = &delivery.payload else {
        panic!("poison");
    };
    assert!(matches!(command.body, CommandBody::Notice(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_log_line_ties_a_notification_to_its_payment_and_merchant() {
    let house = House::open().await;
    logged();
    let (ids, id) = begun(&house).await;
    let body = success(&id, "1988");
    let notice = notify(&house, &body, &body).header("X-Request-Id", "noticed-1");
    assert_eq!(notice.send().await.unwrap().status(), StatusCode::OK);
    // Nothing of an unsigned one is believed, not even whose it is.
    let unsigned = house
        .bare("POST", PATH)
        .header("X-Request-Id", "noticed-2")
        .body(body);
    problem(
        unsigned.send().await.unwrap(),
        401,
        "notification_not_verified",
    )
    .await;
    let log = logged();
    let line = |id: &str| log.lines().find(|line| line.contains(id)).unwrap();
    let (signed, unsigned) = (line("noticed-1"), line("noticed-2"));
    let payment = ids.payment.to_string();
    assert!(
        signed.contains(&payment) && signed.contains("m-1"),
        "{signed}"
    );
    assert!(!unsigned.contains(&payment), "{unsigned}");
}
