//! One question, and everything that can come back for it.

use crate::vectors::{ALIPAY_KEY, ALIPAY_PUBLIC, MERCHANT_KEY, MERCHANT_PUBLIC};
use alipay::signature::{Bound, Signer, Verifier};
use alipay::{Account, Asked, Client, Options, Shop, Within};
use payment::{
    AlipayPaymentId, Answer, Ask, CodeFormat, Currency, InquiryAnswer, Loss, MerchantId, Money,
    OrderNumber, PayAnswer, PaymentCode, PaymentRequestId, Policy, PolicyNumbers, Reference,
    TerminalId, Terms, Timestamp,
};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

pub(crate) const CLIENT_ID: &str = "SANDBOX_5Y4A0000000000001";
pub(crate) const NOW_MS: i64 = 1_795_428_900_000;
const CODE: &str = "281666040092810557";

/// How the server answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Server {
    Signed,
    Unsigned,
    OtherKey,
    OneSpaceMore,
    Http500,
    Closes,
    Silent,
}

pub(crate) fn terms() -> Terms {
    Terms {
        merchant: MerchantId::parse("corner-shop").unwrap(),
        order_number: OrderNumber::parse("order-1001").unwrap(),
        reference: Reference::parse("R-1").unwrap(),
        terminal: TerminalId::parse("till-1").unwrap(),
        payment_request_id: PaymentRequestId::parse("P-1").unwrap(),
        amount: Money::new(1_988, Currency::parse("CNY").unwrap()).unwrap(),
        description: "Coffee".to_owned(),
        accepted_at: Timestamp::from_ms(NOW_MS),
        policy: Policy::new(PolicyNumbers::standard()).unwrap(),
    }
}

pub(crate) fn pay() -> Ask {
    Ask::Pay {
        terms: Box::new(terms()),
        code: PaymentCode::parse(CODE, &CodeFormat::standard()).unwrap(),
    }
}

pub(crate) fn inquire() -> Ask {
    Ask::Inquire {
        payment_request_id: terms().payment_request_id,
    }
}

pub(crate) fn shop() -> Shop {
    Shop {
        merchant_name: "Corner".to_owned(),
        merchant_mcc: "5812".to_owned(),
        store_id: "S-1".to_owned(),
        store_name: "Corner, the counter".to_owned(),
        store_mcc: "5812".to_owned(),
        merchant_region: None,
    }
}

/// An account at this address. Its key files are gone when this returns.
pub(crate) fn account(base_url: String, idle_ms: u64) -> Account {
    let dir = tempfile::tempdir().unwrap();
    let (private, public) = (dir.path().join("private"), dir.path().join("public"));
    std::fs::write(&private, MERCHANT_KEY).unwrap();
    std::fs::write(&public, ALIPAY_PUBLIC).unwrap();
    let options = Options {
        client_id: CLIENT_ID.to_owned(),
        private_key_file: private,
        key_version: 1,
        further_private_keys: Vec::new(),
        alipay_public_key_file: public,
        further_alipay_keys: Vec::new(),
        base_url,
        notify_url: "https://gateway.example/notify".to_owned(),
        settlement_currency: "USD".to_owned(),
        idle_ms,
        merchant_region: Some("SG".to_owned()),
    };
    Account::open(&options).unwrap()
}

fn client(base_url: String) -> Client {
    Client::new(account(base_url, 4_000)).unwrap()
}

/// At most this long, all in all.
pub(crate) fn within(ms: u64) -> Within {
    let whole = Duration::from_millis(ms);
    Within {
        begin: whole,
        whole,
    }
}

/// Serves one request; gives its head and body.
async fn serve(listener: TcpListener, server: Server, body: String) -> (String, Vec<u8>) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut received = Vec::new();
    let (head, request) = loop {
        let mut chunk = [0_u8; 4096];
        let count = stream.read(&mut chunk).await.unwrap();
        received.extend_from_slice(&chunk[..count]);
        let Some(end) = received.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&received[..end]).to_lowercase();
        let length = head.split("content-length: ").nth(1).unwrap();
        let length: usize = length.lines().next().unwrap().trim().parse().unwrap();
        if received.len() >= end + 4 + length {
            break (head, received[end + 4..].to_vec());
        }
    };
    let path = head
        .split(' ')
        .nth(1)
        .unwrap()
        .replace("inquirypayment", "inquiryPayment")
        .replace("inquiryrefund", "inquiryRefund");
    let key = if server == Server::OtherKey {
        MERCHANT_KEY
    } else {
        ALIPAY_KEY
    };
    let time = "2026-11-23T10:15:00+00:00";
    let bound = Bound {
        path: &path,
        client_id: CLIENT_ID,
        time,
    };
    let signer = Signer::from_pem(key, 1).unwrap();
    let signature = signer.header_value(&bound, body.as_bytes()).unwrap();
    let signed =
        format!("client-id: {CLIENT_ID}\r\nresponse-time: {time}\r\nsignature: {signature}\r\n");
    let (status, headers, body) = match server {
        Server::Signed | Server::OtherKey => ("200 OK", signed, body),
        Server::OneSpaceMore => ("200 OK", signed, format!("{body} ")),
        Server::Unsigned => ("200 OK", String::new(), body),
        Server::Http500 => ("500 Oops", signed, body),
        Server::Closes => return (head, request),
        Server::Silent => {
            tokio::time::sleep(Duration::from_secs(2)).await;
            return (head, request);
        }
    };
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes()).await.unwrap();
    (head, request)
}

pub(crate) async fn ask(server: Server, ask: &Ask, body: &str) -> (Asked, String, Vec<u8>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(serve(listener, server, body.to_owned()));
    let now = Timestamp::from_ms(NOW_MS);
    let asked = client(base).ask(ask, Some(&shop()), now, within(400)).await;
    serving.abort();
    let (head, request) = serving.await.unwrap_or_default();
    (asked, head, request)
}

pub(crate) const PAID: &str = r#"{"result":{"resultCode":"SUCCESS","resultStatus":"S","resultMessage":"success."},
    "paymentRequestId":"P-1","paymentId":"20261123A","someNewField":[1,{"x":false}],
    "paymentAmount":{"value":1988,"currency":"CNY"}}"#;

#[tokio::test]
async fn rule_a2_pay_carries_every_field_that_alipay_requires_under_our_signature() {
    let (asked, head, body) = ask(Server::Signed, &pay(), PAID).await;
    let Answer::Pay(PayAnswer::Approved(approval)) = asked.answer else {
        panic!("{:?}", asked.answer);
    };
    assert_eq!(approval.amount, terms().amount);
    assert!(
        asked.clock_skew_ms.unwrap().abs() < 2_000,
        "{asked:?}",
        asked = asked.clock_skew_ms
    );
    let header = |name: &str| {
        head.split(&format!("{name}: "))
            .nth(1)
            .unwrap()
            .lines()
            .next()
    };
    assert_eq!(header("request-time"), Some("1795428900000"));
    assert!(head.starts_with("post /ams/sandbox/api/v1/payments/pay "));
    let sent: serde_json::Value = serde_json::from_slice(&body).unwrap();
    for (pointer, value) in [
        ("/productCode", "IN_STORE_PAYMENT"),
        ("/paymentRequestId", "P-1"),
        ("/order/referenceOrderId", "order-1001"),
        ("/order/orderDescription", "Coffee"),
        ("/order/orderAmount/value", "1988"),
        ("/order/merchant/merchantMCC", "5812"),
        ("/order/merchant/store/storeMCC", "5812"),
        ("/order/env/storeTerminalId", "till-1"),
        ("/paymentAmount/currency", "CNY"),
        ("/paymentMethod/paymentMethodType", "CONNECT_WALLET"),
        ("/paymentMethod/paymentMethodId", CODE),
        ("/paymentFactor/inStorePaymentScenario", "PaymentCode"),
        ("/paymentNotifyUrl", "https://gateway.example/notify"),
        ("/paymentExpiryTime", "2026-11-23T10:15:38Z"),
        ("/settlementStrategy/settlementCurrency", "USD"),
        ("/merchantRegion", "SG"),
    ] {
        assert_eq!(
            sent.pointer(pointer).and_then(|v| v.as_str()),
            Some(value),
            "{pointer}"
        );
    }
}

#[tokio::test]
async fn rule_a1_pay_inquiry_cancel_and_refund_each_go_to_their_own_path() {
    let payment_request_id = terms().payment_request_id;
    let refund = Ask::Refund {
        refund_request_id: payment::RefundRequestId::parse("R1").unwrap(),
        alipay_payment_id: AlipayPaymentId::parse("20261123A").unwrap(),
        amount: terms().amount,
    };
    for (question, path) in [
        (pay(), "pay"),
        (inquire(), "inquirypayment"),
        (Ask::Cancel { payment_request_id }, "cancel"),
        (refund, "refund"),
        (
            Ask::InquireRefund {
                refund_request_id: payment::RefundRequestId::parse("R1").unwrap(),
            },
            "inquiryrefund",
        ),
    ] {
        let (_, head, _) = ask(Server::Signed, &question, PAID).await;
        let wanted = format!("post /ams/sandbox/api/v1/payments/{path} ");
        assert!(head.starts_with(&wanted), "{head}");
    }
}

#[tokio::test]
async fn case_x30_an_answer_unsigned_by_another_key_or_with_one_space_more_is_no_answer() {
    for server in [Server::Unsigned, Server::OtherKey, Server::OneSpaceMore] {
        let (asked, _, _) = ask(server, &pay(), PAID).await;
        assert_eq!(asked.answer, Answer::Lost(Loss::BadSignature));
        assert_eq!(asked.clock_skew_ms, None, "nothing of it is believed");
    }
}

#[tokio::test]
async fn whatever_breaks_is_a_loss_and_only_a_refused_connection_proves_that_nothing_was_sent() {
    for (server, loss) in [
        (Server::Http500, Loss::HttpStatus(500)),
        (Server::Closes, Loss::Closed),
        (Server::Silent, Loss::TimedOut),
    ] {
        let (asked, _, _) = ask(server, &pay(), PAID).await;
        assert_eq!(asked.answer, Answer::Lost(loss));
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let now = Timestamp::from_ms(NOW_MS);
    let asked = client(base)
        .ask(&pay(), Some(&shop()), now, within(1_000))
        .await;
    assert_eq!(asked.answer, Answer::Lost(Loss::NotSent));
}

#[tokio::test]
async fn rule_a7_the_payment_status_decides_whatever_code_stands_beside_it() {
    for (status, expected) in [
        ("PROCESSING", InquiryAnswer::Processing),
        ("CANCELLED", InquiryAnswer::Cancelled),
    ] {
        let body = format!(
            r#"{{"result":{{"resultCode":"SUCCESS","resultStatus":"S"}},"paymentStatus":"{status}",
            "paymentResultCode":"UNKNOWN_EXCEPTION","paymentRequestId":"P-1"}}"#
        );
        let (asked, _, _) = ask(Server::Signed, &inquire(), &body).await;
        assert_eq!(asked.answer, Answer::Inquiry(expected));
    }
}

#[tokio::test]
async fn a_signed_answer_about_another_payment_or_without_what_a_reversal_needs_proves_nothing() {
    let other = PAID.replace("P-1", "P-2");
    let unnamed = PAID.replace("\"paymentId\":\"20261123A\",", "");
    let twice = PAID.replacen(
        '{',
        "{\"paymentAmount\":{\"value\":\"1\",\"currency\":\"CNY\"},",
        1,
    );
    let listed = PAID.replace(
        "{\"value\":1988,\"currency\":\"CNY\"}",
        "[\"CNY\",\"1988\"]",
    );
    let odd = [twice.as_str(), listed.as_str(), "not json", "[]"];
    for body in [other.as_str(), unnamed.as_str()].into_iter().chain(odd) {
        let (asked, _, _) = ask(Server::Signed, &pay(), body).await;
        assert_eq!(asked.answer, Answer::Lost(Loss::Malformed), "{body}");
    }
}

#[test]
fn a_request_is_signed_so_that_alipay_can_verify_it() {
    let signer = Signer::from_pem(MERCHANT_KEY, 1).unwrap();
    let bound = Bound {
        path: "/x",
        client_id: CLIENT_ID,
        time: "1",
    };
    let header = signer.header_value(&bound, b"{}").unwrap();
    let verifier = Verifier::from_pem(MERCHANT_PUBLIC).unwrap();
    assert_eq!(verifier.verify(&bound, b"{}", &header), Ok(()));
}

#[tokio::test]
async fn what_was_accepted_of_a_merchant_without_a_shop_is_inquired_but_never_paid() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let now = Timestamp::from_ms(NOW_MS);
    let client = client(base);
    let asked = client.ask(&pay(), None, now, within(1_000)).await;
    assert_eq!(asked.answer, Answer::Lost(Loss::NotSent));
    let serving = tokio::spawn(serve(listener, Server::Silent, PAID.to_owned()));
    let asked = client.ask(&inquire(), None, now, within(400)).await;
    serving.abort();
    // It went out, and no answer came: another merchant's absence from the settings stops nothing.
    assert_eq!(asked.answer, Answer::Lost(Loss::TimedOut));
}
