//! From our question to the bytes on the wire, with every field Alipay requires (protocol 3).

use crate::wire::{
    Amount, CancelRequest, Env, InquiryRefundRequest, InquiryRequest, Merchant, Order, PayRequest,
    PaymentFactor, PaymentMethod, RefundRequest, SettlementStrategy, Store, path,
};
use crate::{Account, Shop, time};
use payment::{Ask, PaymentCode, Terms};
use serde::Serialize;
use zeroize::Zeroizing;

/// A request, ready to be signed.
pub(crate) struct Prepared {
    /// Behind the account's prefix.
    pub(crate) api_path: &'static str,
    /// May hold the scanned code.
    pub(crate) body: Zeroizing<Vec<u8>>,
}

/// Why there is no request.
pub(crate) enum Unprepared {
    /// Pay must name the merchant's shop, and there is none.
    NoShop,
    /// It can't be written as JSON.
    Unwritable,
}

impl From<serde_json::Error> for Unprepared {
    fn from(_: serde_json::Error) -> Self {
        Self::Unwritable
    }
}

/// The request for this question. Only pay names the shop.
pub(crate) fn prepare(
    account: &Account,
    ask: &Ask,
    shop: Option<&Shop>,
) -> Result<Prepared, Unprepared> {
    Ok(match ask {
        Ask::Pay { terms, code } => {
            let shop = shop.ok_or(Unprepared::NoShop)?;
            prepared(path::PAY, &pay(account, terms, code, shop))
        }
        Ask::Inquire { payment_request_id } => {
            prepared(path::INQUIRY, &named(payment_request_id.as_str()))
        }
        Ask::Cancel { payment_request_id } => {
            let request: CancelRequest = named(payment_request_id.as_str());
            prepared(path::CANCEL, &request)
        }
        Ask::Refund {
            refund_request_id,
            alipay_payment_id,
            amount,
        } => {
            let request = RefundRequest {
                refund_request_id: refund_request_id.as_str().to_owned(),
                payment_id: alipay_payment_id.as_str().to_owned(),
                refund_amount: Amount::of(*amount),
                refund_reason: None,
            };
            prepared(path::REFUND, &request)
        }
        Ask::InquireRefund { refund_request_id } => {
            // After a lost answer by our own key only (protocol 3.6): Alipay's would win over it.
            let request = InquiryRefundRequest {
                refund_request_id: Some(refund_request_id.as_str().to_owned()),
                refund_id: None,
            };
            prepared(path::INQUIRY_REFUND, &request)
        }
    }?)
}

/// Any message as the bytes that are signed and sent.
pub(crate) fn prepared(
    api_path: &'static str,
    message: &impl Serialize,
) -> Result<Prepared, serde_json::Error> {
    let body = Zeroizing::new(serde_json::to_vec(message)?);
    Ok(Prepared { api_path, body })
}

fn named(payment_request_id: &str) -> InquiryRequest {
    InquiryRequest {
        payment_request_id: Some(payment_request_id.to_owned()),
        payment_id: None,
    }
}

fn pay(account: &Account, terms: &Terms, code: &PaymentCode, shop: &Shop) -> PayRequest {
    PayRequest {
        product_code: "IN_STORE_PAYMENT".to_owned(),
        payment_request_id: terms.payment_request_id.as_str().to_owned(),
        order: Order {
            reference_order_id: terms.order_number.as_str().to_owned(),
            order_description: terms.description.clone(),
            order_amount: Amount::of(terms.amount),
            merchant: Some(Merchant {
                reference_merchant_id: terms.merchant.as_str().to_owned(),
                merchant_name: shop.merchant_name.clone(),
                merchant_mcc: shop.merchant_mcc.clone(),
                store: Store {
                    reference_store_id: shop.store_id.clone(),
                    store_name: shop.store_name.clone(),
                    store_mcc: shop.store_mcc.clone(),
                },
            }),
            env: Some(Env {
                store_terminal_id: terms.terminal.as_str().to_owned(),
                store_terminal_request_time: time::iso8601(terms.accepted_at),
            }),
        },
        payment_amount: Amount::of(terms.amount),
        payment_method: PaymentMethod {
            payment_method_type: "CONNECT_WALLET".to_owned(),
            payment_method_id: code.expose().to_owned(),
        },
        payment_factor: PaymentFactor {
            in_store_payment_scenario: "PaymentCode".to_owned(),
        },
        payment_notify_url: account.notify_url.clone(),
        // Past the close instant Alipay itself is to refuse the pay (decision 3).
        payment_expiry_time: Some(time::iso8601(terms.close_at())),
        settlement_strategy: Some(SettlementStrategy {
            settlement_currency: account.settlement_currency.clone(),
        }),
        merchant_region: shop
            .merchant_region
            .as_ref()
            .or(account.merchant_region.as_ref())
            .cloned(),
    }
}
