//! Notifications: believed only when Alipay signed exactly these bytes for us (H1).

use crate::vectors::{ALIPAY_KEY, ALIPAY_PUBLIC, MERCHANT_KEY};
use alipay::notification::{Headers, Heard, NotificationFault, acknowledgement, read, unbelieved};
use alipay::signature::{Bound, Signer, Verifier};
use payment::NoticeResult;

const PATH: &str = "/alipay/v1/notifications/payments";
const BODY: &str = r#"{"notifyType":"PAYMENT_RESULT","result":{"resultCode":"SUCCESS","resultStatus":"S"},
    "paymentRequestId":"P-1","paymentId":"A-1","paymentAmount":{"currency":"CNY","value":"1280"}}"#;

fn heard(key: &str, signed: &str, sent: &str) -> Result<Heard, NotificationFault> {
    let bound = Bound {
        path: PATH,
        client_id: "us",
        time: "1795428900123",
    };
    let signer = Signer::from_pem(key, 1).unwrap();
    let signature = signer.header_value(&bound, signed.as_bytes()).unwrap();
    let headers = Headers {
        client_id: Some("us"),
        request_time: Some("1795428900123"),
        signature: Some(&signature),
    };
    let verifier = Verifier::from_pem(ALIPAY_PUBLIC).unwrap();
    read(&verifier, "us", PATH, headers, sent.as_bytes())
}

fn told(key: &str, signed: &str, sent: &str) -> Result<NoticeResult, NotificationFault> {
    heard(key, signed, sent).map(|heard| match heard {
        Heard::Result(read) => read.notice.result,
        Heard::OtherKind { kind } => panic!("{kind}"),
    })
}

#[test]
fn rule_h1_a_genuine_success_is_read_with_its_amount() {
    let NoticeResult::Paid(approval) = told(ALIPAY_KEY, BODY, BODY).unwrap() else {
        panic!("it says paid");
    };
    assert_eq!(approval.amount.amount_minor(), 1_280);
}

#[test]
fn rule_h1_a_forged_or_altered_one_is_refused_before_it_is_read() {
    let forged = told(MERCHANT_KEY, BODY, BODY).unwrap_err();
    assert_eq!(forged.code(), "bad_signature");
    let altered = told(ALIPAY_KEY, BODY, &BODY.replace("1280", "1")).unwrap_err();
    assert_eq!(altered.code(), "bad_signature");
}

#[test]
fn one_without_its_headers_for_another_client_or_without_sense_is_told_apart() {
    let verifier = Verifier::from_pem(ALIPAY_PUBLIC).unwrap();
    let bare = read(&verifier, "us", PATH, Headers::default(), BODY.as_bytes());
    assert_eq!(bare.unwrap_err().code(), "header_missing");
    let unsigned = Headers {
        client_id: Some("us"),
        request_time: Some("1"),
        signature: None,
    };
    for signature in [None, Some(""), Some("algorithm=RSA256,keyVersion=1")] {
        let headers = Headers {
            signature,
            ..unsigned
        };
        let read = read(&verifier, "us", PATH, headers, BODY.as_bytes());
        assert_eq!(read.unwrap_err().code(), "unsigned", "{signature:?}");
    }
    let headers = Headers {
        client_id: Some("them"),
        request_time: Some("1"),
        signature: Some("signature=x"),
    };
    let other = read(&verifier, "us", PATH, headers, BODY.as_bytes());
    assert_eq!(other.unwrap_err().code(), "other_client");
    let senseless = told(ALIPAY_KEY, "[]", "[]").unwrap_err();
    assert_eq!(senseless.code(), "unreadable");
    let unnamed = BODY.replace("\"paymentId\":\"A-1\",", "");
    assert_eq!(
        told(ALIPAY_KEY, &unnamed, &unnamed).unwrap_err().code(),
        "unreadable"
    );
}

#[test]
fn one_that_cannot_be_read_is_told_by_its_place_and_never_by_its_words() {
    for (body, fault) in [
        ("not json", "it is not JSON (at line 1, byte 2)"),
        ("{\"result\":", "it is cut off (at line 1, byte 10)"),
        (
            "{\"notifyType\":\"PAYMENT_RESULT\"}",
            "a field is missing, there twice or of the wrong kind (at line 1, byte 31)",
        ),
    ] {
        let told = told(ALIPAY_KEY, body, body).unwrap_err();
        assert_eq!(told.to_string(), format!("it can't be read: {fault}"));
    }
}

#[test]
fn every_other_kind_is_heard_and_told_by_its_name_and_only_payment_result_is_a_result() {
    for kind in [
        "PAYMENT_PENDING",
        "REFUND_RESULT",
        "CAPTURE_RESULT",
        "X_1",
        "payment_result",
    ] {
        let body = BODY.replace("PAYMENT_RESULT", kind);
        let heard = heard(ALIPAY_KEY, &body, &body).unwrap();
        let kind = kind.to_owned();
        assert_eq!(heard, Heard::OtherKind { kind });
        let forged = told(MERCHANT_KEY, &body, &body).unwrap_err();
        assert_eq!(
            forged.code(),
            "bad_signature",
            "it is verified all the same"
        );
    }
}

#[test]
fn of_what_is_not_believed_the_code_alone_is_shown_and_only_if_it_looks_like_one() {
    for (body, shown) in [
        (BODY, "SUCCESS"),
        (
            r#"{"result":{"resultCode":"INVALID_SIGNATURE","resultStatus":"F"}}"#,
            "INVALID_SIGNATURE",
        ),
        (
            r#"{"result":{"resultCode":"281666040092810557","resultStatus":"F"}}"#,
            "none",
        ),
        (
            r#"{"result":{"resultCode":"A line
end","resultStatus":"F"}}"#,
            "none",
        ),
        ("not json", "none"),
    ] {
        assert_eq!(unbelieved(body.as_bytes()), shown, "{body}");
    }
}

#[test]
fn the_acknowledgement_is_what_stops_alipay_from_sending_again() {
    let reply: serde_json::Value = serde_json::from_str(acknowledgement()).unwrap();
    assert_eq!(reply.pointer("/result/resultStatus").unwrap(), "S");
}
