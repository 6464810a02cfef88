//! Answers as Alipay's documents have them, as they stand on the wire: which ids are told, which
//! wins, and what is not told of what is not found (protocol 3.2, 3.4, 3.6).

use crate::counter::Counter;
use serde_json::{Value, json};

const PLAIN: &str = "280000000000000001";
const TYPING: &str = "280199000000000001";

fn pay(request: &str, code: &str, minor: i64) -> Value {
    let amount = json!({ "currency": "CNY", "value": minor.to_string() });
    json!({
        "productCode": "IN_STORE_PAYMENT",
        "paymentRequestId": request,
        "order": {
            "referenceOrderId": "O-1",
            "orderDescription": "Lunch",
            "orderAmount": amount,
            "merchant": {
                "referenceMerchantId": "M", "merchantName": "M", "merchantMCC": "5812",
                "store": { "referenceStoreId": "S", "storeName": "S", "storeMCC": "5812" },
            },
        },
        "paymentAmount": amount,
        "paymentMethod": { "paymentMethodType": "CONNECT_WALLET", "paymentMethodId": code },
        "paymentFactor": { "inStorePaymentScenario": "PaymentCode" },
        "paymentNotifyUrl": "http://127.0.0.1:9/notify",
        "merchantRegion": "SG",
    })
}

fn refund(request: &str, payment_id: &Value, minor: i64) -> Value {
    let amount = json!({ "currency": "CNY", "value": minor.to_string() });
    json!({ "refundRequestId": request, "paymentId": payment_id, "refundAmount": amount })
}

/// The names of everything that an answer tells.
fn told(answer: &Value) -> Vec<&str> {
    let fields = answer.as_object().unwrap();
    fields.keys().map(String::as_str).collect()
}

fn code(answer: &Value) -> &Value {
    &answer["result"]["resultCode"]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pay_in_doubt_tells_the_payment_id_that_the_inquiry_tells() {
    let dir = tempfile::tempdir().unwrap();
    let counter = Counter::open(dir.path());
    // The second amount is the old sandbox's: charged, and answered U.
    for (request, code_shown, minor) in [("P-1", TYPING, 1_280), ("P-2", PLAIN, 9_901)] {
        let paying = counter.raw("pay", &pay(request, code_shown, minor)).await;
        assert_eq!(paying["result"]["resultStatus"], "U", "{paying}");
        assert_eq!(paying["paymentRequestId"], request);
        let asked = json!({ "paymentRequestId": request });
        let inquired = counter.raw("inquiryPayment", &asked).await;
        assert!(paying["paymentId"].is_string(), "{paying}");
        assert_eq!(paying["paymentId"], inquired["paymentId"]);
    }
    counter.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_by_either_id_tells_both_and_of_nobodys_payment_none() {
    let dir = tempfile::tempdir().unwrap();
    let counter = Counter::open(dir.path());
    let paid = counter.raw("pay", &pay("P-1", PLAIN, 1_280)).await;
    let id = &paid["paymentId"];
    for asked in [
        json!({ "paymentId": id }),
        json!({ "paymentId": id, "paymentRequestId": "P-other" }),
        json!({ "paymentRequestId": "P-1" }),
    ] {
        let cancelled = counter.raw("cancel", &asked).await;
        assert_eq!(code(&cancelled), "SUCCESS", "{asked}");
        assert_eq!(cancelled["paymentRequestId"], "P-1", "{asked}");
        assert_eq!(cancelled["paymentId"], *id);
        assert!(cancelled["cancelTime"].is_string());
    }
    for asked in [
        json!({ "paymentRequestId": "P-2" }),
        json!({ "paymentId": "nobody's", "paymentRequestId": "P-1" }),
    ] {
        let nobodys = counter.raw("cancel", &asked).await;
        assert_eq!(code(&nobodys), "ORDER_NOT_EXIST");
        assert_eq!(told(&nobodys), ["result"]);
    }
    counter.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_is_inquired_by_either_id_of_which_alipays_wins() {
    let dir = tempfile::tempdir().unwrap();
    let counter = Counter::open(dir.path());
    let paid = counter.raw("pay", &pay("P-1", PLAIN, 1_280)).await;
    let long = "R".repeat(62);
    let mut ids = Vec::new();
    for (key, minor) in [
        ("R-1", 100),
        (&format!("{long}-1"), 200),
        (&format!("{long}-2"), 300),
    ] {
        let given = counter
            .raw("refund", &refund(key, &paid["paymentId"], minor))
            .await;
        assert_eq!(code(&given), "SUCCESS");
        let id = given["refundId"].clone();
        assert!(id.as_str().unwrap().len() <= 64);
        for asked in [
            json!({ "refundRequestId": key }),
            json!({ "refundId": id }),
            json!({ "refundId": id, "refundRequestId": "R-other" }),
        ] {
            let inquired = counter.raw("inquiryRefund", &asked).await;
            assert_eq!(inquired["refundStatus"], "SUCCESS", "{asked}");
            assert_eq!(inquired["refundRequestId"], *key, "{asked}");
            assert_eq!(inquired["refundId"], id);
            assert_eq!(inquired["refundAmount"]["value"], minor.to_string());
        }
        ids.push(id);
    }
    ids.dedup();
    assert_eq!(ids.len(), 3, "one id for each refund");
    counter.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_found_or_refused_is_told_by_its_result_alone() {
    let dir = tempfile::tempdir().unwrap();
    let counter = Counter::open(dir.path());
    let paid = counter.raw("pay", &pay("P-1", PLAIN, 1_280)).await;
    let nobodys = json!("nobody's");
    for (api, asked, expected) in [
        (
            "inquiryRefund",
            json!({ "refundRequestId": "R-1" }),
            "REFUND_NOT_EXIST",
        ),
        (
            "inquiryRefund",
            json!({ "refundId": "RF-1" }),
            "REFUND_NOT_EXIST",
        ),
        (
            "inquiryPayment",
            json!({ "paymentRequestId": "P-2" }),
            "ORDER_NOT_EXIST",
        ),
        ("refund", refund("R-1", &nobodys, 1), "ORDER_NOT_EXIST"),
        (
            "refund",
            refund("R-1", &paid["paymentId"], 9_999),
            "REFUND_AMOUNT_EXCEED",
        ),
        ("inquiryRefund", json!({}), "PARAM_ILLEGAL"),
        ("inquiryPayment", json!({}), "PARAM_ILLEGAL"),
        ("cancel", json!({}), "PARAM_ILLEGAL"),
    ] {
        let answer = counter.raw(api, &asked).await;
        assert_eq!(code(&answer), expected, "{api} {asked}");
        assert_eq!(told(&answer), ["result"], "{api} {asked}");
    }
    counter.close().await;
}
