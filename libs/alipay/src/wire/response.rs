//! What Alipay says (protocol 3.2–3.7). Everything but `result` may be absent; what we don't know
//! is ignored, as the protocol demands.

use super::{Amount, Result, lenient};
use serde::{Deserialize, Serialize};

/// The part that every response has.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Verdict {
    /// How the call went.
    #[serde(deserialize_with = "lenient::object")]
    pub result: Result,
}

/// To pay (protocol 3.2).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PayResponse {
    /// How the call went.
    #[serde(deserialize_with = "lenient::object")]
    pub result: Result,
    /// Our key, echoed.
    #[serde(
        default,
        deserialize_with = "lenient::maybe_exact",
        skip_serializing_if = "Option::is_none"
    )]
    pub payment_request_id: Option<String>,
    /// Alipay's own id.
    #[serde(
        default,
        deserialize_with = "lenient::maybe_exact",
        skip_serializing_if = "Option::is_none"
    )]
    pub payment_id: Option<String>,
    /// What was charged.
    #[serde(
        default,
        deserialize_with = "lenient::maybe_object",
        skip_serializing_if = "Option::is_none"
    )]
    pub payment_amount: Option<Amount>,
    /// When.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub payment_time: Option<String>,
}

/// To inquiryPayment (protocol 3.3). `result` only says whether the question could be answered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InquiryResponse {
    /// Whether the question could be answered.
    #[serde(deserialize_with = "lenient::object")]
    pub result: Result,
    /// SUCCESS, FAIL, PROCESSING or CANCELLED.
    #[serde(
        default,
        deserialize_with = "lenient::word",
        skip_serializing_if = "Option::is_none"
    )]
    pub payment_status: Option<String>,
    /// Why, for people.
    #[serde(
        default,
        deserialize_with = "lenient::word",
        skip_serializing_if = "Option::is_none"
    )]
    pub payment_result_code: Option<String>,
    /// Our key, echoed.
    #[serde(
        default,
        deserialize_with = "lenient::maybe_exact",
        skip_serializing_if = "Option::is_none"
    )]
    pub payment_request_id: Option<String>,
    /// Alipay's own id.
    #[serde(
        default,
        deserialize_with = "lenient::maybe_exact",
        skip_serializing_if = "Option::is_none"
    )]
    pub payment_id: Option<String>,
    /// What was charged.
    #[serde(
        default,
        deserialize_with = "lenient::maybe_object",
        skip_serializing_if = "Option::is_none"
    )]
    pub payment_amount: Option<Amount>,
    /// When; on SUCCESS only.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub payment_time: Option<String>,
}

/// To cancel (protocol 3.4).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CancelResponse {
    /// How the call went.
    #[serde(deserialize_with = "lenient::object")]
    pub result: Result,
    /// Our key, echoed.
    #[serde(
        default,
        deserialize_with = "lenient::maybe_exact",
        skip_serializing_if = "Option::is_none"
    )]
    pub payment_request_id: Option<String>,
    /// Alipay's own id.
    #[serde(
        default,
        deserialize_with = "lenient::maybe_exact",
        skip_serializing_if = "Option::is_none"
    )]
    pub payment_id: Option<String>,
    /// When; on S.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub cancel_time: Option<String>,
}

/// To refund (protocol 3.5).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefundResponse {
    /// How the call went.
    #[serde(deserialize_with = "lenient::object")]
    pub result: Result,
    /// Our key, echoed.
    #[serde(
        default,
        deserialize_with = "lenient::maybe_exact",
        skip_serializing_if = "Option::is_none"
    )]
    pub refund_request_id: Option<String>,
    /// Alipay's own id of the refund.
    #[serde(
        default,
        deserialize_with = "lenient::maybe_exact",
        skip_serializing_if = "Option::is_none"
    )]
    pub refund_id: Option<String>,
    /// Alipay's own id of the payment.
    #[serde(
        default,
        deserialize_with = "lenient::maybe_exact",
        skip_serializing_if = "Option::is_none"
    )]
    pub payment_id: Option<String>,
    /// What was given back.
    #[serde(
        default,
        deserialize_with = "lenient::maybe_object",
        skip_serializing_if = "Option::is_none"
    )]
    pub refund_amount: Option<Amount>,
    /// When.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub refund_time: Option<String>,
}

/// To inquiryRefund (protocol 3.6).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InquiryRefundResponse {
    /// Whether the question could be answered.
    #[serde(deserialize_with = "lenient::object")]
    pub result: Result,
    /// SUCCESS, PROCESSING or FAIL.
    #[serde(
        default,
        deserialize_with = "lenient::word",
        skip_serializing_if = "Option::is_none"
    )]
    pub refund_status: Option<String>,
    /// Our key, echoed.
    #[serde(
        default,
        deserialize_with = "lenient::maybe_exact",
        skip_serializing_if = "Option::is_none"
    )]
    pub refund_request_id: Option<String>,
    /// Alipay's own id of the refund.
    #[serde(
        default,
        deserialize_with = "lenient::maybe_exact",
        skip_serializing_if = "Option::is_none"
    )]
    pub refund_id: Option<String>,
    /// What was given back.
    #[serde(
        default,
        deserialize_with = "lenient::maybe_object",
        skip_serializing_if = "Option::is_none"
    )]
    pub refund_amount: Option<Amount>,
}

/// notifyPayment (protocol 3.7).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notification {
    /// `PAYMENT_RESULT`.
    #[serde(default, deserialize_with = "lenient::word_or_nothing")]
    pub notify_type: String,
    /// How the payment went.
    #[serde(deserialize_with = "lenient::object")]
    pub result: Result,
    /// Our key.
    #[serde(deserialize_with = "lenient::exact")]
    pub payment_request_id: String,
    /// Alipay's own id.
    #[serde(
        default,
        deserialize_with = "lenient::maybe_exact",
        skip_serializing_if = "Option::is_none"
    )]
    pub payment_id: Option<String>,
    /// What was charged.
    #[serde(
        default,
        deserialize_with = "lenient::maybe_object",
        skip_serializing_if = "Option::is_none"
    )]
    pub payment_amount: Option<Amount>,
    /// When.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub payment_time: Option<String>,
}
