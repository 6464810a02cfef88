//! Stored events: what version 1 wrote is read for ever, and whatever is written is read back.
//! `UPDATE_EXPECT=1` writes the golden file; an existing line of it must never change.

use super::{SCHEMA_VERSION, StoredFact, read, write};
use expect_test::expect_file;
use payment::{
    Alarm, AlipayPaymentId, AlipayRefundId, Answer, Approval, Call, CancelAnswer, CloseReason,
    Currency, Delivery, Fact, InquiryAnswer, Loss, MerchantId, Money, NeverSent, Notice,
    NoticeResult, OrderNumber, PayAnswer, PaymentRequestId, Policy, PolicyNumbers, Proof,
    Reference, RefundAnswer, RefundInquiryAnswer, RefundRequestId, Resolution, ResultCode,
    TerminalId, Terms, Timestamp,
};
use proptest::prelude::*;

fn terms(amount_minor: i64, delivery: Delivery, description: &str) -> Terms {
    let numbers = PolicyNumbers {
        delivery,
        ..PolicyNumbers::standard()
    };
    Terms {
        merchant: MerchantId::parse("corner-shop").unwrap(),
        order_number: OrderNumber::parse("O-1").unwrap(),
        reference: Reference::parse("R-1").unwrap(),
        terminal: TerminalId::parse("till-1").unwrap(),
        payment_request_id: PaymentRequestId::parse("20261123040000till1a1280s1r00000007").unwrap(),
        amount: money(amount_minor),
        description: description.to_owned(),
        accepted_at: Timestamp::from_ms(1_795_406_400_000),
        policy: Policy::new(numbers).unwrap(),
    }
}

fn money(minor: i64) -> Money {
    Money::new(minor, Currency::parse("CNY").unwrap()).unwrap()
}

fn approval(minor: i64) -> Approval {
    Approval {
        alipay_payment_id: AlipayPaymentId::parse("2026112319401080010001").unwrap(),
        amount: money(minor),
    }
}

fn answers(minor: i64, code: &ResultCode) -> Vec<Answer> {
    let code = || code.clone();
    vec![
        Answer::Pay(PayAnswer::Approved(approval(minor))),
        Answer::Pay(PayAnswer::Refused { code: code() }),
        Answer::Pay(PayAnswer::InDoubt { code: code() }),
        Answer::Inquiry(InquiryAnswer::Paid(approval(minor))),
        Answer::Inquiry(InquiryAnswer::Failed { code: code() }),
        Answer::Inquiry(InquiryAnswer::Processing),
        Answer::Inquiry(InquiryAnswer::Cancelled),
        Answer::Inquiry(InquiryAnswer::NotFound),
        Answer::Inquiry(InquiryAnswer::Refused { code: code() }),
        Answer::Inquiry(InquiryAnswer::InDoubt { code: code() }),
        Answer::Cancel(CancelAnswer::Cancelled),
        Answer::Cancel(CancelAnswer::WindowOver),
        Answer::Cancel(CancelAnswer::NotFound),
        Answer::Cancel(CancelAnswer::Refused { code: code() }),
        Answer::Cancel(CancelAnswer::InDoubt { code: code() }),
        Answer::Refund(RefundAnswer::Refunded {
            refund_id: AlipayRefundId::parse("RF-1").unwrap(),
            amount: money(minor),
        }),
        Answer::Refund(RefundAnswer::NoEffect { code: code() }),
        Answer::Refund(RefundAnswer::Refused { code: code() }),
        Answer::Refund(RefundAnswer::InDoubt { code: code() }),
        Answer::RefundInquiry(RefundInquiryAnswer::Refunded {
            refund_id: AlipayRefundId::parse("RF-1").unwrap(),
            amount: money(minor),
        }),
        Answer::RefundInquiry(RefundInquiryAnswer::Failed),
        Answer::RefundInquiry(RefundInquiryAnswer::Processing),
        Answer::RefundInquiry(RefundInquiryAnswer::NotFound),
        Answer::RefundInquiry(RefundInquiryAnswer::Refused { code: code() }),
        Answer::RefundInquiry(RefundInquiryAnswer::InDoubt { code: code() }),
        Answer::Lost(Loss::NotSent),
        Answer::Lost(Loss::TimedOut),
        Answer::Lost(Loss::BadSignature),
        Answer::Lost(Loss::HttpStatus(502)),
        Answer::Lost(Loss::Closed),
        Answer::Lost(Loss::Malformed),
    ]
}

fn proofs(code: &ResultCode) -> Vec<Proof> {
    let sent = [
        NeverSent::TooLate,
        NeverSent::CancelledFirst,
        NeverSent::NoConnection,
        NeverSent::Abandoned,
    ];
    let mut proofs = vec![
        Proof::PayRefused { code: code.clone() },
        Proof::InquiryFailed { code: code.clone() },
        Proof::InquiryCancelled,
        Proof::CancelSucceeded,
        Proof::RefundSucceeded {
            refund_id: AlipayRefundId::parse("RF-1").unwrap(),
        },
        Proof::NeverArrived,
    ];
    proofs.extend(sent.map(Proof::NeverSent));
    proofs
}

/// At least one of every shape a fact can have.
fn facts(number: u32, minor: i64, code: &ResultCode, description: &str) -> Vec<Fact> {
    let deliveries = [
        Delivery::HandedOver,
        Delivery::Acknowledged { within_ms: 30_000 },
        Delivery::Off,
    ];
    let reasons = [
        CloseReason::NoResult,
        CloseReason::Undelivered,
        CloseReason::Unacknowledged,
        CloseReason::MerchantCancelled,
        CloseReason::LateApproval,
        CloseReason::AmountMismatch,
    ];
    let id = RefundRequestId::parse("2c0e68830d5c5a4994b3838de06503bdR1").unwrap();
    let calls = [
        Call::Pay,
        Call::Inquire,
        Call::Cancel,
        Call::Refund { number, id },
        Call::InquireRefund { number, id },
    ];
    let notices = [
        NoticeResult::Paid(approval(minor)),
        NoticeResult::NotPaid { code: code.clone() },
    ];
    let alarms = [Alarm::AmountMismatch, Alarm::SuccessAfterEnd];
    let mut facts = vec![
        Fact::CancelKept,
        Fact::Approved(approval(minor)),
        Fact::Released,
        Fact::Acknowledged,
        Fact::CancelRequested,
        Fact::AttentionRaised,
    ];
    let accepted = |delivery| Fact::Accepted(Box::new(terms(minor, delivery, description)));
    facts.extend(deliveries.map(accepted));
    facts.extend(calls.map(|call| Fact::Begun { number, call }));
    let answered = answers(minor, code).into_iter();
    facts.extend(answered.map(|answer| Fact::Answered { number, answer }));
    facts.extend(notices.map(|result| Fact::Noticed(Notice { result })));
    facts.extend(reasons.map(Fact::CloseBegun));
    facts.extend(proofs(code).into_iter().map(Fact::Ended));
    facts.extend(alarms.map(Fact::Alarmed));
    let resolution = Resolution::new("ops-1", "Alipay refunded it, case 4711").unwrap();
    facts.extend([Fact::Retold, Fact::Resolved(resolution)]);
    facts
}

fn samples() -> Vec<Fact> {
    facts(3, 1_280, &ResultCode::new("SOME_CODE"), "Lunch \u{2615}")
}

fn stored(fact: &Fact) -> String {
    write(&StoredFact::from(fact)).unwrap()
}

fn restored(body: &str) -> Fact {
    let stored: StoredFact = read(SCHEMA_VERSION, body).unwrap();
    stored.try_into().unwrap()
}

#[test]
fn what_version_1_wrote_is_written_and_read_the_same_for_ever() {
    let lines: Vec<String> = samples().iter().map(stored).collect();
    let golden = lines.join("\n") + "\n";
    expect_file!["../../golden/v1/facts.jsonl"].assert_eq(&golden);
    let kept = include_str!("../../golden/v1/facts.jsonl");
    let read: Vec<Fact> = kept.lines().map(restored).collect();
    assert_eq!(read, samples());
}

#[test]
fn a_body_of_another_version_or_with_a_broken_value_is_an_error_and_not_a_guess() {
    assert!(read::<StoredFact>(2, r#"{"kind":"released"}"#).is_err());
    for broken in [
        "",
        "{}",
        r#"{"kind":"sold"}"#,
        r#"{"kind":"begun","number":-1}"#,
    ] {
        assert!(
            read::<StoredFact>(SCHEMA_VERSION, broken).is_err(),
            "{broken}"
        );
    }
    let foreign = stored(&Fact::Approved(approval(1))).replace("CNY", "XXQ");
    let stored: StoredFact = read(SCHEMA_VERSION, &foreign).unwrap();
    assert!(Fact::try_from(stored).is_err());
}

proptest! {
    #[test]
    fn every_fact_is_read_back_as_it_was_written(
        number in any::<u32>(),
        minor in 1_i64..1_000_000_000_000,
        code in "[A-Z_]{1,64}",
        description in "\\PC{0,64}",
    ) {
        for fact in facts(number, minor, &ResultCode::new(&code), &description) {
            prop_assert_eq!(restored(&stored(&fact)), fact);
        }
    }
}
