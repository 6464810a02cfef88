//! Notifications, scripts, fingers on the PIN pad, and what a wrong call is told.

use crate::counter::{CLIENT_ID, Counter};
use alipay::notification::{Headers, NotificationFault, read};
use alipay::signature::Verifier;
use payment::{Answer, CancelAnswer, InquiryAnswer, PayAnswer};
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const PATH: &str = "/alipay/v1/notifications/payments";

/// Takes one notification; acknowledges it if told to.
async fn take_one(listener: &TcpListener, dir: &Path, well: bool) -> Result<(), NotificationFault> {
    let accepted = tokio::time::timeout(Duration::from_secs(30), listener.accept()).await;
    let (mut stream, _) = accepted.expect("no notification came").unwrap();
    let mut received = Vec::new();
    let mut chunk = [0_u8; 4096];
    let (head, body) = loop {
        let count = stream.read(&mut chunk).await.unwrap();
        received.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&received).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && body.ends_with('}')
        {
            break (head.to_owned(), body.to_owned());
        }
    };
    let header = |name: &str| {
        let mut lines = head.lines();
        lines.find_map(|line| line.strip_prefix(&format!("{name}: ")))
    };
    let headers = Headers {
        client_id: header("client-id"),
        request_time: header("request-time"),
        signature: header("signature"),
    };
    let pem = std::fs::read_to_string(dir.join("alipays.pub")).unwrap();
    let verifier = Verifier::from_pem(&pem).unwrap();
    let verdict = read(&verifier, CLIENT_ID, PATH, headers, body.as_bytes());
    let reply = if well {
        alipay::notification::acknowledgement()
    } else {
        "{}"
    };
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{reply}",
        reply.len()
    );
    stream.write_all(answer.as_bytes()).await.unwrap();
    verdict.map(|_| ())
}

async fn listening() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}{PATH}", listener.local_addr().unwrap());
    (listener, url)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_success_is_notified_under_alipays_signature_again_until_it_is_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let (listener, url) = listening().await;
    let counter = Counter::notifying(dir.path(), &url);
    counter.pay("P-1", "280000000000000001", 1_280).await;
    assert_eq!(take_one(&listener, dir.path(), false).await, Ok(()));
    assert_eq!(take_one(&listener, dir.path(), true).await, Ok(()));
    let more = tokio::time::timeout(Duration::from_millis(1_500), listener.accept()).await;
    assert!(more.is_err(), "it was acknowledged");
    counter.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_and_altered_notifications_do_not_verify() {
    for code in ["280304000000000001", "280305000000000001"] {
        let dir = tempfile::tempdir().unwrap();
        let (listener, url) = listening().await;
        let counter = Counter::notifying(dir.path(), &url);
        counter.pay("P-1", code, 1_280).await;
        let fault = take_one(&listener, dir.path(), true).await.unwrap_err();
        assert_eq!(fault.code(), "bad_signature");
        assert_eq!(counter.balance_minor("000000000001").await, 100_000);
        counter.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_and_customers_obey_and_wrong_admin_calls_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let counter = Counter::open(dir.path());
    let http = reqwest::Client::new();
    let post = |path: &str| http.post(format!("{}{path}", counter.base));
    let script = r#"{"api":"cancel","reaction":{"acts":false,"says":"in_doubt","travels":"well"}}"#;
    let taken = post("/simulator/scripts")
        .body(script)
        .send()
        .await
        .unwrap();
    assert_eq!(taken.status().as_u16(), 204);
    let wrong = post("/simulator/scripts")
        .body("{\"api\":\"sell\"}")
        .send()
        .await
        .unwrap();
    assert_eq!(wrong.status().as_u16(), 400);
    counter.pay("P-1", "280199000000000001", 1_280).await;
    let confirm = "/simulator/payments/P-1/confirm";
    assert_eq!(post(confirm).send().await.unwrap().status().as_u16(), 204);
    assert_eq!(
        post(confirm).send().await.unwrap().status().as_u16(),
        409,
        "nobody types"
    );
    let found = counter.inquire("P-1").await;
    assert!(matches!(found, Answer::Inquiry(InquiryAnswer::Paid(_))));
    let scripted = counter.cancel("P-1").await;
    assert!(matches!(
        scripted,
        Answer::Cancel(CancelAnswer::InDoubt { .. })
    ));
    assert_eq!(
        counter.cancel("P-1").await,
        Answer::Cancel(CancelAnswer::Cancelled)
    );
    counter.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsigned_request_is_refused_without_a_signature_and_charges_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let counter = Counter::open(dir.path());
    let url = format!("{}/ams/sandbox/api/v1/payments/pay", counter.base);
    let answer = reqwest::Client::new()
        .post(url)
        .body("{}")
        .send()
        .await
        .unwrap();
    assert!(answer.headers().get("signature").is_none());
    let body: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(body["result"]["resultCode"], "INVALID_SIGNATURE");
    let later = counter.pay("P-1", "280000000000000001", 1).await;
    assert!(matches!(later, Answer::Pay(PayAnswer::Approved(_))));
    counter.close().await;
}
