//! What is read of Alipay's messages, part by part: first what decides, then only what that leads
//! to. What is not used is not looked at, whatever stands in its place (protocol 3).

use super::{Amount, Result, lenient};
use serde::Deserialize;

/// How a call about a payment went.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PaymentTold {
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) result: Result,
    #[serde(default, deserialize_with = "lenient::maybe_exact")]
    pub(crate) payment_request_id: Option<String>,
}

/// How a payment stands.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StatusTold {
    #[serde(default, deserialize_with = "lenient::word")]
    pub(crate) payment_status: Option<String>,
    #[serde(default, deserialize_with = "lenient::word")]
    pub(crate) payment_result_code: Option<String>,
}

/// What was charged.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChargeTold {
    #[serde(default, deserialize_with = "lenient::maybe_exact")]
    pub(crate) payment_id: Option<String>,
    #[serde(default, deserialize_with = "lenient::maybe_object")]
    pub(crate) payment_amount: Option<Amount>,
}

/// How a call about a refund went.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RefundTold {
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) result: Result,
    #[serde(default, deserialize_with = "lenient::maybe_exact")]
    pub(crate) refund_request_id: Option<String>,
    #[serde(default, deserialize_with = "lenient::word")]
    pub(crate) refund_status: Option<String>,
}

/// What was given back.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RepaymentTold {
    #[serde(default, deserialize_with = "lenient::maybe_exact")]
    pub(crate) refund_id: Option<String>,
    #[serde(default, deserialize_with = "lenient::maybe_object")]
    pub(crate) refund_amount: Option<Amount>,
}

/// Of what kind a notification is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KindTold {
    #[serde(default, deserialize_with = "lenient::word")]
    pub(crate) notify_type: Option<String>,
}

/// How a notified payment went.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NoticeTold {
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) result: Result,
    #[serde(deserialize_with = "lenient::exact")]
    pub(crate) payment_request_id: String,
    /// Not a notification's own (protocol 3.7). Where it stands all the same, it must not say
    /// otherwise.
    #[serde(default, deserialize_with = "lenient::maybe_exact")]
    pub(crate) payment_status: Option<String>,
}
