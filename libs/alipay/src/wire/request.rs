//! What an acquirer asks (protocol 3.1, 3.3–3.6). `paymentMethodId` is the scanned code: a pay
//! request has no `Debug`.

use super::Amount;
use serde::{Deserialize, Serialize};

/// pay (protocol 3.1).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PayRequest {
    /// `IN_STORE_PAYMENT`.
    pub product_code: String,
    /// The key of the attempt; idempotent under it.
    pub payment_request_id: String,
    /// What is bought.
    pub order: Order,
    /// What is to be paid.
    pub payment_amount: Amount,
    /// With what.
    pub payment_method: PaymentMethod,
    /// How the code came to the till.
    pub payment_factor: PaymentFactor,
    /// Where the result is notified (A2).
    pub payment_notify_url: String,
    /// Past this instant Alipay refuses the pay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_expiry_time: Option<String>,
    /// In which currency the acquirer is settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement_strategy: Option<SettlementStrategy>,
    /// The merchant's country, ISO 3166, where the contract asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant_region: Option<String>,
}

/// What is bought.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// Shown to the customer; at most 64 characters.
    pub reference_order_id: String,
    /// Shown to the customer; at most 256 characters.
    pub order_description: String,
    /// What it costs.
    pub order_amount: Amount,
    /// Who sells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant: Option<Merchant>,
    /// Where it is sold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env: Option<Env>,
}

/// Who sells.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Merchant {
    /// The acquirer's id of the merchant.
    pub reference_merchant_id: String,
    /// Its name.
    pub merchant_name: String,
    /// Its category (ISO 18245).
    #[serde(rename = "merchantMCC")]
    pub merchant_mcc: String,
    /// The shop.
    pub store: Store,
}

/// The shop.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Store {
    /// The acquirer's id of the shop.
    pub reference_store_id: String,
    /// Its name.
    pub store_name: String,
    /// Its category; spelled like this on the wire.
    #[serde(rename = "storeMCC")]
    pub store_mcc: String,
}

/// Where the code was scanned.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Env {
    /// The terminal.
    pub store_terminal_id: String,
    /// When, ISO 8601.
    pub store_terminal_request_time: String,
}

/// With what is paid.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentMethod {
    /// `CONNECT_WALLET`.
    pub payment_method_type: String,
    /// The scanned code.
    pub payment_method_id: String,
}

/// How the code came to the till.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentFactor {
    /// `PaymentCode`; case matters.
    pub in_store_payment_scenario: String,
}

/// How the acquirer is settled.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SettlementStrategy {
    /// ISO 4217.
    pub settlement_currency: String,
}

/// inquiryPayment (protocol 3.3).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct InquiryRequest {
    /// The key of the attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_request_id: Option<String>,
    /// Alipay's own id; wins over the other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_id: Option<String>,
}

/// cancel (protocol 3.4); names its payment as an inquiry does.
pub type CancelRequest = InquiryRequest;

/// refund (protocol 3.5).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefundRequest {
    /// The key of the refund; idempotent under it.
    pub refund_request_id: String,
    /// Alipay's id of the payment: there is no other way to name it.
    pub payment_id: String,
    /// How much.
    pub refund_amount: Amount,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_reason: Option<String>,
}

/// inquiryRefund (protocol 3.6).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct InquiryRefundRequest {
    /// The key of the refund.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_request_id: Option<String>,
    /// Alipay's own id; wins over the other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_id: Option<String>,
}
