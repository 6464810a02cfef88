//! Why a payment was declined, and what the merchant should do next (A4).

use crate::ResultCode;

/// A decline in the merchant's words.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DeclineReason {
    /// The code was used, expired, or can't be read.
    CodeNotUsable,
    /// Not enough money in the wallet.
    InsufficientBalance,
    /// Above a limit of the customer, of the method or of the contract.
    LimitExceeded,
    /// The customer's account can't pay now.
    CustomerNotEligible,
    /// Alipay's risk control said no.
    RiskRejected,
    /// The merchant or acquirer is not set up for this.
    NotConfigured,
    /// Alipay gave another reason.
    Declined,
}

/// What the merchant should do next.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum NextAction {
    /// Wait: ask again, or keep the connection open.
    Wait,
    /// Hand over the goods.
    HandOver,
    /// Confirm that you have the answer; its 2xx says hand over.
    Acknowledge,
    /// Scan a fresh code, as a new attempt.
    ScanNewCode,
    /// Start a new attempt.
    NewAttempt,
    /// Take another means of payment.
    TakeAnotherTender,
    /// Ask the acquirer.
    ContactAcquirer,
}

impl DeclineReason {
    /// The stable code a merchant's program may match on.
    pub fn code(self) -> &'static str {
        match self {
            Self::CodeNotUsable => "code_not_usable",
            Self::InsufficientBalance => "insufficient_balance",
            Self::LimitExceeded => "limit_exceeded",
            Self::CustomerNotEligible => "customer_not_eligible",
            Self::RiskRejected => "risk_rejected",
            Self::NotConfigured => "not_configured",
            Self::Declined => "declined",
        }
    }

    /// What to do about it.
    pub fn next_action(self) -> NextAction {
        match self {
            Self::CodeNotUsable => NextAction::ScanNewCode,
            Self::InsufficientBalance
            | Self::LimitExceeded
            | Self::CustomerNotEligible
            | Self::RiskRejected
            | Self::Declined => NextAction::TakeAnotherTender,
            Self::NotConfigured => NextAction::ContactAcquirer,
        }
    }
}

impl NextAction {
    /// The stable code a merchant's program may match on.
    pub fn code(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::HandOver => "hand_over",
            Self::Acknowledge => "acknowledge",
            Self::ScanNewCode => "scan_new_code",
            Self::NewAttempt => "new_attempt",
            Self::TakeAnotherTender => "take_another_tender",
            Self::ContactAcquirer => "contact_acquirer",
        }
    }
}

/// The reason behind one of Alipay's result codes (AMS 4.1).
pub fn decline_reason(code: &ResultCode) -> DeclineReason {
    match code.as_str() {
        "EXPIRED_CODE" | "INVALID_PAYMENT_CODE" | "INVALID_CODE" => DeclineReason::CodeNotUsable,
        "USER_BALANCE_NOT_ENOUGH" => DeclineReason::InsufficientBalance,
        "USER_AMOUNT_EXCEED_LIMIT"
        | "PAYMENT_AMOUNT_EXCEED_LIMIT"
        | "PAYMENT_COUNT_EXCEED_LIMIT" => DeclineReason::LimitExceeded,
        "USER_KYC_NOT_QUALIFIED"
        | "USER_STATUS_ABNORMAL"
        | "USER_NOT_EXIST"
        | "USER_PAYMENT_VERIFICATION_FAILED"
        | "NO_PAY_OPTION"
        | "NO_PAY_OPTIONS"
        | "PAYMENT_NOT_QUALIFIED" => DeclineReason::CustomerNotEligible,
        "RISK_REJECT" | "FRAUD_REJECT" | "REGULATION_RESTRICTION" => DeclineReason::RiskRejected,
        "INVALID_CONTRACT"
        | "SETTLE_CONTRACT_NOT_MATCH"
        | "CURRENCY_NOT_SUPPORT"
        | "INVALID_MERCHANT_STATUS"
        | "MERCHANT_KYB_NOT_QUALIFIED"
        | "MERCHANT_NOT_REGISTERED"
        | "ACCESS_DENIED"
        | "BUSINESS_NOT_SUPPORT"
        | "PARAM_ILLEGAL"
        | "KEY_NOT_FOUND"
        | "INVALID_SIGNATURE"
        | "SIGNATURE_INVALID"
        | "CLIENT_INVALID"
        | "INVALID_CLIENT"
        | "UNKNOWN_CLIENT"
        | "INVALID_API"
        | "API_INVALID"
        | "NO_INTERFACE_DEF"
        | "METHOD_NOT_SUPPORTED"
        | "MEDIA_TYPE_NOT_ACCEPTABLE"
        | "CLIENT_FORBIDDEN_ACCESS_API"
        | "INVALID_CLIENT_STATUS" => DeclineReason::NotConfigured,
        _ => DeclineReason::Declined,
    }
}
