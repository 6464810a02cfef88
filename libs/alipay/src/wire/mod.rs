//! The messages as they stand on the wire (protocol 3), for both sides: we write requests and read
//! responses, the simulator reads and writes the other way round. No meaning here.

mod lenient;
mod request;
mod response;
mod told;

pub use request::{
    CancelRequest, Env, InquiryRefundRequest, InquiryRequest, Merchant, Order, PayRequest,
    PaymentFactor, PaymentMethod, RefundRequest, SettlementStrategy, Store,
};
pub use response::{
    CancelResponse, InquiryRefundResponse, InquiryResponse, Notification, PayResponse,
    RefundResponse, Verdict,
};

pub(crate) use told::{
    ChargeTold, KindTold, NoticeTold, PaymentTold, RefundTold, RepaymentTold, StatusTold,
};

use payment::{Currency, Money};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The paths of the APIs behind the prefix (protocol 1).
pub mod path {
    /// pay.
    pub const PAY: &str = "/v1/payments/pay";
    /// inquiryPayment.
    pub const INQUIRY: &str = "/v1/payments/inquiryPayment";
    /// cancel.
    pub const CANCEL: &str = "/v1/payments/cancel";
    /// refund.
    pub const REFUND: &str = "/v1/payments/refund";
    /// inquiryRefund.
    pub const INQUIRY_REFUND: &str = "/v1/payments/inquiryRefund";
    /// The prefix in production.
    pub const PRODUCTION: &str = "/ams/api";
    /// The prefix in the sandbox; it is what is signed.
    pub const SANDBOX: &str = "/ams/sandbox/api";
}

/// An amount: minor units as a string, and the ISO 4217 code.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Amount {
    /// ISO 4217.
    pub currency: String,
    /// Minor units.
    #[serde(deserialize_with = "lenient::exact")]
    pub value: String,
}

/// Reads a message; an object is never given as a list. A key that stands twice is a fault: which
/// of the two was meant nobody can tell.
///
/// # Errors
/// Serde's own, whose text may quote the message.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> serde_json::Result<T> {
    let mut from = serde_json::Deserializer::from_slice(body);
    let message = lenient::object(&mut from)?;
    from.end().map(|()| message)
}

/// How a call went.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Result {
    /// At most 64 characters; empty where none was given.
    #[serde(default, deserialize_with = "lenient::word_or_nothing")]
    pub result_code: String,
    /// S, F or U.
    #[serde(default, deserialize_with = "lenient::word_or_nothing")]
    pub result_status: String,
    /// For people. Not read.
    #[serde(skip_deserializing)]
    pub result_message: String,
}

impl Amount {
    /// What the wire says of this money.
    pub fn of(money: Money) -> Self {
        Self {
            currency: money.currency().code().to_owned(),
            value: money.amount_minor().to_string(),
        }
    }

    /// The money this is, if it is any: digits alone, no sign, no space.
    pub fn money(&self) -> Option<Money> {
        let currency = Currency::parse(&self.currency).ok()?;
        if !self.value.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        Money::new(self.value.parse().ok()?, currency).ok()
    }
}
