//! What each API's result code means: one table per API, each row with its source. A code that
//! stands in no row is in doubt, which costs an inquiry; a wrong "final" would cost the customer.

use crate::wire;

/// What a result says about the thing that was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Standing {
    /// It is done (S).
    Done,
    /// It is not done and never will be (F, listed as final).
    Refused,
    /// Alipay knows no such payment (F).
    NotFound,
    /// The cancel window is over (F).
    WindowOver,
    /// An F that proves nothing about the payment.
    RefusedForNow,
    /// Nothing is known (U, or a code that isn't listed).
    InDoubt,
}

/// pay's final refusals (A4): the payment does not exist, or never will be charged.
const PAY_FINAL: &[(&str, &str)] = &[
    ("EXPIRED_CODE", "4.1: a fresh code is a new attempt"),
    ("INVALID_PAYMENT_CODE", "4.1"),
    ("INVALID_CODE", "4.1: the name before March 2021"),
    ("USER_BALANCE_NOT_ENOUGH", "4.1"),
    ("USER_AMOUNT_EXCEED_LIMIT", "4.1"),
    ("PAYMENT_AMOUNT_EXCEED_LIMIT", "4.1"),
    ("PAYMENT_COUNT_EXCEED_LIMIT", "4.1"),
    ("USER_KYC_NOT_QUALIFIED", "4.1"),
    ("USER_STATUS_ABNORMAL", "4.1"),
    ("USER_NOT_EXIST", "4.1"),
    ("USER_PAYMENT_VERIFICATION_FAILED", "4.1"),
    ("RISK_REJECT", "4.1"),
    (
        "FRAUD_REJECT",
        "4.1: what was taken is given back by Alipay",
    ),
    ("NO_PAY_OPTION", "4.1: change history"),
    ("NO_PAY_OPTIONS", "4.1"),
    ("PAYMENT_NOT_QUALIFIED", "4.1"),
    ("INVALID_CONTRACT", "4.1"),
    ("SETTLE_CONTRACT_NOT_MATCH", "4.1"),
    ("CURRENCY_NOT_SUPPORT", "4.1"),
    ("INVALID_MERCHANT_STATUS", "4.1"),
    ("MERCHANT_KYB_NOT_QUALIFIED", "4.1"),
    ("MERCHANT_NOT_REGISTERED", "4.1"),
    ("ACCESS_DENIED", "4.1"),
    ("REGULATION_RESTRICTION", "4.1: Alipay+"),
    (
        "UNAVAILABLE_PAYMENT_METHOD",
        "4.1: Alipay+; the customer's method can't pay",
    ),
    ("BUSINESS_NOT_SUPPORT", "4.1: Alipay+"),
    ("PARAM_ILLEGAL", "4.1: fix the request"),
    ("KEY_NOT_FOUND", "4.1: fix the request"),
    ("INVALID_SIGNATURE", "4.1, 2.4: fix the request"),
    ("SIGNATURE_INVALID", "2.4: the same under its in-store name"),
    ("CLIENT_INVALID", "4.1: fix the request"),
    ("INVALID_CLIENT", "4.1: fix the request"),
    ("UNKNOWN_CLIENT", "4.1: fix the request"),
    ("INVALID_API", "4.1: fix the request"),
    ("API_INVALID", "4.1: fix the request"),
    ("NO_INTERFACE_DEF", "4.1: fix the request"),
    ("METHOD_NOT_SUPPORTED", "4.1: fix the request"),
    ("MEDIA_TYPE_NOT_ACCEPTABLE", "4.1: fix the request"),
    ("INVALID_TOKEN", "4.1: fix the request"),
    ("INVALID_ACCESS_TOKEN", "4.1: fix the request"),
    ("OAUTH_FAILED", "4.1: fix the request"),
    ("CLIENT_FORBIDDEN_ACCESS_API", "4.1: fix the request"),
    ("INVALID_CLIENT_STATUS", "4.1: fix the request"),
];

/// pay's F codes that prove nothing about this payment: it may be charged all the same, by an
/// earlier delivery of the same request or by a system that failed half way.
const PAY_DOUBTFUL: &[(&str, &str)] = &[
    (
        "SYSTEM_ERROR",
        "4.1: do not retry; whether it was charged is not said",
    ),
    ("PROCESS_FAIL", "4.1: a human is to look"),
    (
        "REPEAT_REQ_INCONSISTENT",
        "4.1: another request holds this key",
    ),
    ("ORDER_IS_CLOSED", "4.1: the inquiry tells how it ended"),
    ("ORDER_IS_CANCELED", "4.1: the inquiry tells how it ended"),
    (
        "ORDER_STATUS_INVALID",
        "4.1: the inquiry tells how it stands",
    ),
    ("ORDER_NOT_EXIST", "4.1: not an answer to pay"),
    (
        "PAYMENT_NOT_EXIST",
        "4.1: change history; not an answer to pay",
    ),
];

/// What pay's result means (A3–A5).
pub(crate) fn verdict_of_pay(result: &wire::Result) -> Standing {
    match result.result_status.as_str() {
        "S" => Standing::Done,
        "F" if listed(PAY_FINAL, &result.result_code) => Standing::Refused,
        "F" => {
            if is_unlisted_for_pay(&result.result_code) {
                tracing::warn!(
                    code = result.result_code,
                    "pay was refused with a code no table lists"
                );
            }
            Standing::InDoubt
        }
        _ => Standing::InDoubt,
    }
}

/// What inquiryPayment's result means; `Done` only says that the question was answered (A7–A9).
pub(crate) fn verdict_of_inquiry(result: &wire::Result) -> Standing {
    let unknown = ["ORDER_NOT_EXIST", "PAYMENT_NOT_EXIST"];
    match result.result_status.as_str() {
        "S" => Standing::Done,
        "F" if unknown.contains(&result.result_code.as_str()) => Standing::NotFound,
        "F" => Standing::RefusedForNow,
        _ => Standing::InDoubt,
    }
}

/// What cancel's result means (A11–A14; protocol 4.3).
pub(crate) fn verdict_of_cancel(result: &wire::Result) -> Standing {
    match (result.result_status.as_str(), result.result_code.as_str()) {
        ("S", _) => Standing::Done,
        ("F", "CANCEL_WINDOW_EXCEED") => Standing::WindowOver,
        ("F", "ORDER_NOT_EXIST" | "PAYMENT_NOT_EXIST") => Standing::NotFound,
        ("F", _) => Standing::RefusedForNow,
        (_, _) => Standing::InDoubt,
    }
}

/// refund's final refusals (A16): a rule of Alipay's forbids it, so this refund took no effect and
/// never will. What is wrong with one request only (a key, a signature, a parameter) is not among
/// them: an earlier request under the same key, whose answer was lost, may have been carried out.
const REFUND_FINAL: &[(&str, &str)] = &[
    (
        "MERCHANT_BALANCE_NOT_ENOUGH",
        "4.4: again under a new refundRequestId",
    ),
    ("REFUND_WINDOW_EXCEED", "4.4"),
    ("REFUND_NOT_SUPPORTED", "4.4"),
    ("PARTIAL_REFUND_NOT_SUPPORTED", "4.4"),
    ("CURRENCY_NOT_SUPPORT", "4.4"),
    ("RISK_REJECT", "4.4"),
    ("INVALID_MERCHANT_STATUS", "4.4"),
];

/// What refund's result means (A16; protocol 4.4). An F that is not listed as final proves nothing:
/// this refund may have taken effect, or one before it.
pub(crate) fn verdict_of_refund(result: &wire::Result) -> Standing {
    match result.result_status.as_str() {
        "S" => Standing::Done,
        "F" if listed(REFUND_FINAL, &result.result_code) => Standing::Refused,
        "F" => Standing::RefusedForNow,
        _ => Standing::InDoubt,
    }
}

/// What inquiryRefund's result means; `Done` only says that the question was answered (A16; protocol
/// 3.6, 4.5). The page names no code for a refund that is not known; these are the likely ones.
pub(crate) fn verdict_of_refund_inquiry(result: &wire::Result) -> Standing {
    let unknown = [
        "REFUND_NOT_EXIST",
        "ORDER_NOT_EXIST",
        "RECORD_NOT_EXIST",
        "PAYMENT_NOT_EXIST",
    ];
    match result.result_status.as_str() {
        "S" => Standing::Done,
        "F" if unknown.contains(&result.result_code.as_str()) => Standing::NotFound,
        "F" => Standing::RefusedForNow,
        _ => Standing::InDoubt,
    }
}

/// A person should put such a code into one of the tables.
fn is_unlisted_for_pay(code: &str) -> bool {
    !listed(PAY_FINAL, code) && !listed(PAY_DOUBTFUL, code)
}

fn listed(table: &[(&str, &str)], code: &str) -> bool {
    table.iter().any(|(listed, _source)| *listed == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(status: &str, code: &str) -> wire::Result {
        wire::Result {
            result_code: code.to_owned(),
            result_status: status.to_owned(),
            result_message: String::new(),
        }
    }

    #[test]
    fn rule_a4_only_listed_refusals_of_pay_are_final_and_no_code_stands_in_both_tables() {
        for (code, _) in PAY_FINAL {
            assert_eq!(
                verdict_of_pay(&result("F", code)),
                Standing::Refused,
                "{code}"
            );
            assert!(!listed(PAY_DOUBTFUL, code), "{code} is both");
        }
        for (code, _) in PAY_DOUBTFUL {
            assert_eq!(
                verdict_of_pay(&result("F", code)),
                Standing::InDoubt,
                "{code}"
            );
        }
        assert_eq!(verdict_of_pay(&result("F", "NEW_CODE")), Standing::InDoubt);
        assert_eq!(
            verdict_of_pay(&result("U", "USER_BALANCE_NOT_ENOUGH")),
            Standing::InDoubt
        );
        assert_eq!(verdict_of_pay(&result("?", "SUCCESS")), Standing::InDoubt);
    }

    #[test]
    fn rule_a4_a_refusal_of_pay_that_no_table_lists_is_told_from_those_that_one_does() {
        for (code, unlisted) in [("NEW_CODE", true), ("SYSTEM_ERROR", false)] {
            assert_eq!(is_unlisted_for_pay(code), unlisted, "{code}");
        }
        for (code, _) in PAY_FINAL.iter().chain(PAY_DOUBTFUL) {
            assert!(!is_unlisted_for_pay(code), "{code}");
        }
    }

    #[test]
    fn rule_a8_an_inquirys_refusal_never_ends_a_payment() {
        let unknown = verdict_of_inquiry(&result("F", "ORDER_NOT_EXIST"));
        assert_eq!(unknown, Standing::NotFound);
        for code in ["RISK_REJECT", "PROCESS_FAIL", "SYSTEM_ERROR"] {
            let verdict = verdict_of_inquiry(&result("F", code));
            assert_eq!(verdict, Standing::RefusedForNow, "{code}");
        }
    }

    #[test]
    fn rule_a13_a_cancels_refusals_are_told_apart() {
        for (code, standing) in [
            ("CANCEL_WINDOW_EXCEED", Standing::WindowOver),
            ("ORDER_NOT_EXIST", Standing::NotFound),
            ("ORDER_STATUS_INVALID", Standing::RefusedForNow),
            ("PROCESS_FAIL", Standing::RefusedForNow),
        ] {
            assert_eq!(verdict_of_cancel(&result("F", code)), standing, "{code}");
        }
        assert_eq!(
            verdict_of_cancel(&result("U", "UNKNOWN_EXCEPTION")),
            Standing::InDoubt
        );
        assert_eq!(verdict_of_cancel(&result("S", "SUCCESS")), Standing::Done);
    }

    #[test]
    fn rule_a16_only_listed_refusals_of_a_refund_prove_that_it_took_no_effect() {
        for (code, _) in REFUND_FINAL {
            assert_eq!(verdict_of_refund(&result("F", code)), Standing::Refused);
        }
        for code in [
            "PROCESS_FAIL",
            "SYSTEM_ERROR",
            "REFUND_AMOUNT_EXCEED",
            "ORDER_STATUS_INVALID",
            "ORDER_IS_CANCELED",
            "ORDER_IS_CLOSED",
            "ORDER_NOT_EXIST",
            "MULTIPLE_REFUNDS_NOT_SUPPORTED",
            "REPEAT_REQ_INCONSISTENT",
            "PARAM_ILLEGAL",
            "KEY_NOT_FOUND",
            "INVALID_SIGNATURE",
            "ACCESS_DENIED",
            "NEW_CODE",
        ] {
            let verdict = verdict_of_refund(&result("F", code));
            assert_eq!(verdict, Standing::RefusedForNow, "{code}");
        }
        let in_doubt = verdict_of_refund(&result("U", "REFUND_IN_PROCESS"));
        assert_eq!(in_doubt, Standing::InDoubt);
    }
}
