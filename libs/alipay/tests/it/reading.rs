//! What a signed answer is read as: each API's S, F and U, and the key it must be about.

use crate::asking::{Server, ask, inquire, pay, terms};
use alipay::wire::{RefundResponse, Verdict};
use payment::{
    AlipayPaymentId, AlipayRefundId, Answer, Ask, CancelAnswer, InquiryAnswer, Loss, PayAnswer,
    RefundAnswer, RefundInquiryAnswer, ResultCode,
};

const LOST: Answer = Answer::Lost(Loss::Malformed);

async fn told(question: &Ask, status: &str, code: &str, rest: &str) -> Answer {
    let body = format!(r#"{{"result":{{"resultCode":"{code}","resultStatus":"{status}"}}{rest}}}"#);
    ask(Server::Signed, question, &body).await.0.answer
}

fn code(text: &str) -> ResultCode {
    ResultCode::new(text)
}

#[tokio::test]
async fn rule_a7_an_inquiry_is_read_by_its_payment_status() {
    let failed = code("USER_BALANCE_NOT_ENOUGH");
    for (status, expected) in [
        ("PENDING", InquiryAnswer::Processing),
        ("FAIL", InquiryAnswer::Failed { code: failed }),
        (
            "REVERSED",
            InquiryAnswer::InDoubt {
                code: code("REVERSED"),
            },
        ),
    ] {
        let rest =
            format!(r#","paymentStatus":"{status}","paymentResultCode":"USER_BALANCE_NOT_ENOUGH""#);
        let answer = told(&inquire(), "S", "SUCCESS", &rest).await;
        assert_eq!(answer, Answer::Inquiry(expected), "{status}");
    }
    let paid = r#","paymentStatus":"SUCCESS","paymentRequestId":"P-1","paymentId":"A-1",
        "paymentAmount":{"value":"1988","currency":"CNY"}"#;
    let Answer::Inquiry(InquiryAnswer::Paid(approval)) =
        told(&inquire(), "S", "SUCCESS", paid).await
    else {
        panic!("it says SUCCESS");
    };
    assert_eq!(approval.amount, terms().amount);
    assert_eq!(told(&inquire(), "S", "SUCCESS", "").await, LOST);
}

#[tokio::test]
async fn rule_a8_and_rule_a9_an_inquiry_that_is_refused_or_in_doubt_says_so() {
    for (status, text, expected) in [
        ("F", "ORDER_NOT_EXIST", InquiryAnswer::NotFound),
        (
            "F",
            "RISK_REJECT",
            InquiryAnswer::Refused {
                code: code("RISK_REJECT"),
            },
        ),
        (
            "U",
            "UNKNOWN_EXCEPTION",
            InquiryAnswer::InDoubt {
                code: code("UNKNOWN_EXCEPTION"),
            },
        ),
    ] {
        let answer = told(&inquire(), status, text, "").await;
        assert_eq!(answer, Answer::Inquiry(expected), "{text}");
    }
    let other = r#","paymentRequestId":"P-2""#;
    assert_eq!(told(&inquire(), "F", "ORDER_NOT_EXIST", other).await, LOST);
}

#[tokio::test]
async fn rule_a11_to_rule_a14_a_cancel_is_read_by_its_result() {
    let cancel = Ask::Cancel {
        payment_request_id: terms().payment_request_id,
    };
    for (status, text, expected) in [
        ("S", "SUCCESS", CancelAnswer::Cancelled),
        ("F", "CANCEL_WINDOW_EXCEED", CancelAnswer::WindowOver),
        ("F", "ORDER_NOT_EXIST", CancelAnswer::NotFound),
        (
            "F",
            "ORDER_STATUS_INVALID",
            CancelAnswer::Refused {
                code: code("ORDER_STATUS_INVALID"),
            },
        ),
        (
            "U",
            "UNKNOWN_EXCEPTION",
            CancelAnswer::InDoubt {
                code: code("UNKNOWN_EXCEPTION"),
            },
        ),
    ] {
        let ours = r#","paymentRequestId":"P-1""#;
        let answer = told(&cancel, status, text, ours).await;
        assert_eq!(answer, Answer::Cancel(expected), "{text}");
    }
    let other = r#","paymentRequestId":"P-2""#;
    assert_eq!(told(&cancel, "S", "SUCCESS", other).await, LOST);
}

#[tokio::test]
async fn rule_a16_a_refund_is_read_by_its_result_and_done_only_with_its_id_and_amount() {
    let refund = Ask::Refund {
        refund_request_id: payment::RefundRequestId::parse("R1").unwrap(),
        alipay_payment_id: AlipayPaymentId::parse("A-1").unwrap(),
        amount: terms().amount,
    };
    let amount = r#""refundAmount":{"value":"1988","currency":"CNY"}"#;
    let done = format!(r#","refundId":"RF-1",{amount}"#);
    let refunded = RefundAnswer::Refunded {
        refund_id: AlipayRefundId::parse("RF-1").unwrap(),
        amount: terms().amount,
    };
    let answer = told(&refund, "S", "SUCCESS", &done).await;
    assert_eq!(answer, Answer::Refund(refunded));
    let other = format!(r#"{done},"refundRequestId":"R-2""#);
    for rest in ["", &format!(",{amount}"), r#","refundId":"RF-1""#, &other] {
        assert_eq!(told(&refund, "S", "SUCCESS", rest).await, LOST, "{rest}");
    }
    let refused = RefundAnswer::Refused {
        code: code("PROCESS_FAIL"),
    };
    let answer = told(&refund, "F", "PROCESS_FAIL", "").await;
    assert_eq!(answer, Answer::Refund(refused));
    let no_effect = RefundAnswer::NoEffect {
        code: code("MERCHANT_BALANCE_NOT_ENOUGH"),
    };
    let answer = told(&refund, "F", "MERCHANT_BALANCE_NOT_ENOUGH", "").await;
    assert_eq!(answer, Answer::Refund(no_effect));
    let in_doubt = RefundAnswer::InDoubt {
        code: code("REFUND_IN_PROCESS"),
    };
    let answer = told(&refund, "U", "REFUND_IN_PROCESS", "").await;
    assert_eq!(answer, Answer::Refund(in_doubt));
}

#[tokio::test]
async fn rule_a1_and_rule_a16_an_inquiry_about_a_refund_is_read_by_its_status() {
    let refund_request_id = payment::RefundRequestId::parse("R1").unwrap();
    let inquire = Ask::InquireRefund { refund_request_id };
    let done = r#","refundRequestId":"R1","refundId":"RF-1","refundStatus":"SUCCESS","refundAmount":{"value":"1988","currency":"CNY"}"#;
    let refunded = RefundInquiryAnswer::Refunded {
        refund_id: AlipayRefundId::parse("RF-1").unwrap(),
        amount: terms().amount,
    };
    let in_doubt = |text: &str| RefundInquiryAnswer::InDoubt { code: code(text) };
    for (status, text, rest, expected) in [
        ("S", "SUCCESS", done, refunded),
        (
            "S",
            "SUCCESS",
            r#","refundStatus":"FAIL""#,
            RefundInquiryAnswer::Failed,
        ),
        (
            "S",
            "SUCCESS",
            r#","refundStatus":"PROCESSING""#,
            RefundInquiryAnswer::Processing,
        ),
        ("S", "SUCCESS", r#","refundStatus":"NEW""#, in_doubt("NEW")),
        ("S", "SUCCESS", "", RefundInquiryAnswer::NotFound),
        ("F", "ORDER_NOT_EXIST", "", RefundInquiryAnswer::NotFound),
        (
            "F",
            "PROCESS_FAIL",
            "",
            RefundInquiryAnswer::Refused {
                code: code("PROCESS_FAIL"),
            },
        ),
        ("U", "UNKNOWN_EXCEPTION", "", in_doubt("UNKNOWN_EXCEPTION")),
    ] {
        let answer = told(&inquire, status, text, rest).await;
        assert_eq!(answer, Answer::RefundInquiry(expected), "{text} {rest}");
    }
    let other = done.replace("R1", "R2");
    assert_eq!(told(&inquire, "S", "SUCCESS", &other).await, LOST);
    let bare = r#","refundStatus":"SUCCESS""#;
    assert_eq!(told(&inquire, "S", "SUCCESS", bare).await, LOST);
}

#[test]
fn a_list_where_an_object_belongs_is_refused_by_name() {
    let fault = serde_json::from_str::<Verdict>(r#"{"result":["SUCCESS","S",""]}"#).unwrap_err();
    assert!(fault.to_string().contains("expected an object"), "{fault}");
    let whole = r#"{"result":{"resultCode":"SUCCESS","resultStatus":"S"},"refundAmount":null}"#;
    let told: RefundResponse = serde_json::from_str(whole).unwrap();
    assert_eq!(told.refund_amount, None);
}

#[test]
fn an_amount_may_come_as_a_whole_number_and_is_money_only_as_digits() {
    for (written, kept, minor) in [
        (r#""1988""#, "1988", Some(1_988)),
        ("1988", "1988", Some(1_988)),
        (r#""+5""#, "+5", None),
        (r#""""#, "", None),
    ] {
        let text = format!(r#"{{"currency":"CNY","value":{written}}}"#);
        let amount: alipay::wire::Amount = serde_json::from_str(&text).unwrap();
        assert_eq!(amount.value, kept);
        let money = amount.money().map(payment::Money::amount_minor);
        assert_eq!(money, minor, "{written}");
    }
}

#[test]
fn an_amount_that_is_negative_a_fraction_a_truth_or_nothing_is_none() {
    for written in ["-5", "19.88", "1988.0", "true", "null", "[1988]", "{}"] {
        let text = format!(r#"{{"currency":"CNY","value":{written}}}"#);
        let read = serde_json::from_str::<alipay::wire::Amount>(&text);
        assert!(read.is_err(), "{written}");
    }
}

#[tokio::test]
async fn scalars_are_read_whatever_their_kind_and_what_is_not_used_is_not_read() {
    let odd = r#","paymentId":{},"paymentAmount":"none","paymentTime":[1],"paymentQuote":true"#;
    let pay = pay();
    let answer = told(&pay, "F", "RISK_REJECT", odd).await;
    let refused = PayAnswer::Refused {
        code: code("RISK_REJECT"),
    };
    assert_eq!(answer, Answer::Pay(refused), "a refusal needs no amount");
    for (code_written, kept) in [("null", ""), ("7", "7"), ("true", "true"), ("[]", "")] {
        let body = format!(
            r#"{{"result":{{"resultCode":"SUCCESS","resultStatus":"S","resultMessage":{{}}}},
            "paymentStatus":"Fail","paymentResultCode":{code_written}{odd}}}"#
        );
        let asked = ask(Server::Signed, &inquire(), &body).await.0;
        let failed = InquiryAnswer::Failed { code: code(kept) };
        assert_eq!(asked.answer, Answer::Inquiry(failed), "{code_written}");
    }
    let bare = r#","paymentStatus":"Success","paymentRequestId":"P-1","paymentId":20261123,
        "paymentAmount":{"value":1988,"currency":"CNY"},"paymentTime":1.5"#;
    let Answer::Inquiry(InquiryAnswer::Paid(approval)) =
        told(&inquire(), "S", "SUCCESS", bare).await
    else {
        panic!("it says Success");
    };
    assert_eq!(approval.alipay_payment_id.as_str(), "20261123");
    let answer = told(&inquire(), "S", "SUCCESS", r#","paymentStatus":null"#).await;
    assert_eq!(answer, LOST, "null is absent");
}

#[tokio::test]
async fn an_answer_that_names_our_key_as_another_kind_of_scalar_is_compared_strictly() {
    for (key, ours) in [
        ("null", true),
        ("\"P-1\"", true),
        ("1", false),
        ("true", false),
    ] {
        let rest = format!(r#","paymentRequestId":{key},"paymentStatus":"PROCESSING""#);
        let answer = told(&inquire(), "S", "SUCCESS", &rest).await;
        let expected = Answer::Inquiry(InquiryAnswer::Processing);
        assert_eq!(answer, if ours { expected } else { LOST }, "{key}");
    }
}
