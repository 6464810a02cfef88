//! Ids, money, instants and codes as people, programs and Alipay read them. What is stored or
//! published is written out here, so that it can't change unseen.

use crate::play::{approval, at, code, money, standard, terms};
use payment::{
    AlipayPaymentId, Ask, CloseReason, CodeFormat, Currency, DeclineReason, MerchantId, Money,
    MoneyFault, NextAction, OrderNumber, PaymentCode, PaymentRequestId, Reference, RefundRequestId,
    Refusal, TerminalId, Timestamp, close_reason_code, decline_reason, mint_payment_request_id,
};

const CODE: &str = "281012020262467128";

fn scanned() -> PaymentCode {
    PaymentCode::parse(CODE, &CodeFormat::standard()).unwrap()
}

#[test]
fn names_hold_letters_digits_dots_underscores_and_hyphens_only() {
    for name in ["a", "Z", "9", "corner-shop.1_b", "-"] {
        assert!(MerchantId::parse(name).is_ok(), "{name}");
        assert!(TerminalId::parse(name).is_ok(), "{name}");
    }
    for wrong in ["a b", "a/b", "a:b", "ä", "a\n", "\u{0}"] {
        assert!(MerchantId::parse(wrong).is_err(), "{wrong:?}");
        assert!(TerminalId::parse(wrong).is_err(), "{wrong:?}");
        assert!(PaymentRequestId::parse(wrong).is_err(), "{wrong:?}");
        assert!(RefundRequestId::parse(wrong).is_err(), "{wrong:?}");
    }
    assert!(OrderNumber::parse("2026/11:7").is_ok());
    for wrong in ["a b", "ä", "\u{7f}"] {
        assert!(OrderNumber::parse(wrong).is_err(), "{wrong:?}");
        assert!(Reference::parse(wrong).is_err(), "{wrong:?}");
        assert!(AlipayPaymentId::parse(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn rule_d1_and_rule_a16_what_ids_are_derived_to_is_fixed_for_ever() {
    let terms = terms("R-1", standard());
    let payment = terms.payment();
    assert_eq!(payment.to_string(), "2c0e6883-0d5c-5a49-94b3-838de06503bd");
    assert_eq!(
        terms.order().to_string(),
        "1a2c4450-d4c4-5cd6-9927-f256a6f5047b"
    );
    assert_eq!(format!("{payment:?}"), payment.to_string());
    assert_eq!(payment::PaymentId::from_uuid(payment.as_uuid()), payment);
}

#[test]
fn rule_d2_a_payment_request_id_is_written_out_and_at_its_longest_it_fits() {
    let till = TerminalId::parse("till-1").unwrap();
    let id = mint_payment_request_id(at(0), &till, money(1_280, "CNY"), 41, 7);
    assert_eq!(id.as_str(), "20261123040000till1a1280s41r00000007");
    let till = TerminalId::parse(&"t".repeat(64)).unwrap();
    let most = money(9_999_999_999_999_999, "CNY");
    let id = mint_payment_request_id(at(0), &till, most, u64::MAX, u64::MAX);
    assert_eq!(
        id.as_str(),
        "20261123040000tttttttttttta9999999999999999s3709551615rffffffff"
    );
    assert!(PaymentRequestId::parse(id.as_str()).is_ok());
}

#[test]
fn money_is_shown_with_its_currencys_own_decimals() {
    for (minor, currency, shown) in [
        (1_988, "CNY", "CNY 19.88"),
        (5, "CNY", "CNY 0.05"),
        (500, "JPY", "JPY 500"),
        (5, "BHD", "BHD 0.005"),
    ] {
        assert_eq!(money(minor, currency).to_string(), shown);
    }
    let euro = Currency::parse("EUR").unwrap();
    assert_eq!((euro.code(), euro.decimals()), ("EUR", 2));
    assert_eq!(format!("{euro:?}"), "EUR");
}

#[test]
fn gold_test_codes_and_what_is_no_code_are_no_currencies() {
    for wrong in ["XAU", "XTS", "cny", "Cny", "CNY ", "人民币"] {
        let fault = Currency::parse(wrong).unwrap_err();
        assert_eq!(fault, MoneyFault::UnknownCurrency(wrong.to_owned()));
    }
}

#[test]
fn amounts_have_at_most_sixteen_digits_and_rupiah_whole_hundreds() {
    let amount = |minor, code| Money::new(minor, Currency::parse(code).unwrap());
    assert!(amount(1, "CNY").is_ok());
    assert!(amount(9_999_999_999_999_999, "CNY").is_ok());
    assert_eq!(
        amount(10_000_000_000_000_000, "CNY"),
        Err(MoneyFault::OutOfRange(10_000_000_000_000_000))
    );
    assert!(amount(1_000, "IDR").is_ok());
    for minor in [1_001, 1_050] {
        let fault = MoneyFault::NotWholeRupiah(minor);
        assert_eq!(amount(minor, "IDR"), Err(fault));
    }
    assert_eq!(amount(1_050, "EUR").unwrap().currency().code(), "EUR");
}

#[test]
fn instants_are_shown_in_utc_with_milliseconds() {
    let shown = "2026-11-23T04:00:00.007Z";
    assert_eq!(at(7).to_string(), shown);
    assert_eq!(format!("{:?}", at(7)), shown);
    assert_eq!(at(7).ms_since(at(0)), 7);
    let beyond = Timestamp::from_ms(i64::MAX);
    assert_eq!(beyond.rfc3339(), i64::MAX.to_string(), "no panic");
}

#[test]
fn a_payment_code_is_exposed_where_it_is_asked_for_and_nowhere_else() {
    assert_eq!(scanned().expose(), CODE);
    assert_eq!(PaymentCode::unsealed(CODE.to_owned()), scanned());
    assert_eq!(format!("{:?}", scanned()), "[redacted]");
}

#[test]
fn a_result_code_is_kept_as_it_came_less_what_could_break_a_line() {
    let odd = code("RISK\nRE JECTä");
    assert_eq!(odd.as_str(), "RISKREJECT");
    assert_eq!(format!("{odd:?}"), "RISKREJECT");
    assert_eq!(code(&"X".repeat(65)).as_str().len(), 64);
}

#[test]
fn rule_a1_each_question_bears_its_apis_own_name() {
    let terms = terms("R-1", standard());
    let payment_request_id = terms.payment_request_id.clone();
    let charge = approval(1_280, "CNY");
    let refund = Ask::Refund {
        refund_request_id: RefundRequestId::parse("R1").unwrap(),
        alipay_payment_id: charge.alipay_payment_id,
        amount: charge.amount,
    };
    let code = scanned();
    let pay = Ask::Pay {
        terms: Box::new(terms),
        code,
    };
    let inquire = Ask::Inquire {
        payment_request_id: payment_request_id.clone(),
    };
    let cancel = Ask::Cancel { payment_request_id };
    let inquire_refund = Ask::InquireRefund {
        refund_request_id: RefundRequestId::parse("R1").unwrap(),
    };
    let names = [pay, inquire, cancel, refund, inquire_refund].map(|ask| ask.api_name());
    let expected = ["pay", "inquiryPayment", "cancel", "refund", "inquiryRefund"];
    assert_eq!(names, expected);
}

#[test]
fn rule_a4_each_of_alipays_codes_tells_a_reason_and_what_to_do() {
    for (codes, reason, next_action) in [
        (
            &["EXPIRED_CODE", "INVALID_PAYMENT_CODE", "INVALID_CODE"][..],
            DeclineReason::CodeNotUsable,
            NextAction::ScanNewCode,
        ),
        (
            &["USER_BALANCE_NOT_ENOUGH"],
            DeclineReason::InsufficientBalance,
            NextAction::TakeAnotherTender,
        ),
        (
            &["USER_AMOUNT_EXCEED_LIMIT", "PAYMENT_COUNT_EXCEED_LIMIT"],
            DeclineReason::LimitExceeded,
            NextAction::TakeAnotherTender,
        ),
        (
            &["USER_STATUS_ABNORMAL", "NO_PAY_OPTIONS"],
            DeclineReason::CustomerNotEligible,
            NextAction::TakeAnotherTender,
        ),
        (
            &["RISK_REJECT", "FRAUD_REJECT"],
            DeclineReason::RiskRejected,
            NextAction::TakeAnotherTender,
        ),
        (
            &["INVALID_CONTRACT", "PARAM_ILLEGAL", "INVALID_SIGNATURE"],
            DeclineReason::NotConfigured,
            NextAction::ContactAcquirer,
        ),
        (
            &["SOMETHING_NEW", ""],
            DeclineReason::Declined,
            NextAction::TakeAnotherTender,
        ),
    ] {
        for text in codes {
            let told = decline_reason(&code(text));
            assert_eq!((told, told.next_action()), (reason, next_action), "{text}");
        }
    }
}

#[test]
fn the_stable_codes_that_programs_match_on_are_these() {
    let refusals = [
        Refusal::OrderAlreadyPaid,
        Refusal::OrderHasOpenPayment,
        Refusal::ReversalInProgress,
        Refusal::TooManyAttempts,
        Refusal::UnknownPayment,
        Refusal::NotDue,
        Refusal::NotReleasable,
        Refusal::NotLapsed,
        Refusal::NotAcknowledgeable,
    ];
    assert_eq!(
        refusals.map(Refusal::code),
        [
            "order_already_paid",
            "order_has_open_payment",
            "reversal_in_progress",
            "order_has_too_many_payments",
            "payment_not_found",
            "call_not_due",
            "not_releasable",
            "not_lapsed",
            "not_acknowledgeable",
        ]
    );
    let reasons = [
        CloseReason::NoResult,
        CloseReason::Undelivered,
        CloseReason::Unacknowledged,
        CloseReason::MerchantCancelled,
        CloseReason::LateApproval,
        CloseReason::AmountMismatch,
    ];
    assert_eq!(
        reasons.map(close_reason_code),
        [
            "no_result",
            "undelivered",
            "unacknowledged",
            "merchant_cancelled",
            "late_approval",
            "amount_mismatch",
        ]
    );
    let declines = [
        DeclineReason::CodeNotUsable,
        DeclineReason::InsufficientBalance,
        DeclineReason::LimitExceeded,
        DeclineReason::CustomerNotEligible,
        DeclineReason::RiskRejected,
        DeclineReason::NotConfigured,
        DeclineReason::Declined,
    ];
    assert_eq!(
        declines.map(DeclineReason::code),
        [
            "code_not_usable",
            "insufficient_balance",
            "limit_exceeded",
            "customer_not_eligible",
            "risk_rejected",
            "not_configured",
            "declined",
        ]
    );
}
