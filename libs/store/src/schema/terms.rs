//! Terms, policy and money as stored. There is no field for a payment code.

use super::Fault;
use payment::{
    Currency, Delivery, MerchantId, Money, OrderNumber, PaymentRequestId, Policy, PolicyNumbers,
    Reference, TerminalId, Terms, Timestamp,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub(crate) struct StoredTerms {
    merchant: String,
    order_number: String,
    reference: String,
    terminal: String,
    payment_request_id: String,
    amount: StoredMoney,
    description: String,
    accepted_at_ms: i64,
    policy: StoredPolicy,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct StoredMoney {
    amount_minor: i64,
    currency: String,
}

#[derive(Serialize, Deserialize)]
struct StoredPolicy {
    last_begin_ms: i64,
    close_ms: i64,
    last_release_ms: i64,
    merchant_timeout_ms: i64,
    transit_margin_ms: i64,
    pay_timeout_ms: i64,
    call_timeout_ms: i64,
    inquiry_every_ms: i64,
    inquiries_max: u32,
    cancel_every_ms: i64,
    cancel_patience_ms: i64,
    queue_first_ms: i64,
    queue_longest_ms: i64,
    not_exist_margin_ms: i64,
    cancel_window_past_midnight_ms: i64,
    delivery: StoredDelivery,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "when", rename_all = "snake_case")]
enum StoredDelivery {
    HandedOver,
    Acknowledged { within_ms: i64 },
    Off,
}

impl From<Money> for StoredMoney {
    fn from(money: Money) -> Self {
        Self {
            amount_minor: money.amount_minor(),
            currency: money.currency().code().to_owned(),
        }
    }
}

impl TryFrom<StoredMoney> for Money {
    type Error = Fault;

    fn try_from(stored: StoredMoney) -> Result<Self, Fault> {
        let currency =
            Currency::parse(&stored.currency).map_err(|_| no_currency(&stored.currency))?;
        // No release takes less; what is the most may change.
        if stored.amount_minor < 1 {
            return Err(Fault::new("its amount is none"));
        }
        Ok(Self::stored(stored.amount_minor, currency))
    }
}

impl From<&Terms> for StoredTerms {
    fn from(terms: &Terms) -> Self {
        Self {
            merchant: terms.merchant.as_str().to_owned(),
            order_number: terms.order_number.as_str().to_owned(),
            reference: terms.reference.as_str().to_owned(),
            terminal: terms.terminal.as_str().to_owned(),
            payment_request_id: terms.payment_request_id.as_str().to_owned(),
            amount: terms.amount.into(),
            description: terms.description.clone(),
            accepted_at_ms: terms.accepted_at.as_ms(),
            policy: terms.policy.numbers().into(),
        }
    }
}

impl TryFrom<StoredTerms> for Terms {
    type Error = Fault;

    fn try_from(stored: StoredTerms) -> Result<Self, Fault> {
        Ok(Self {
            merchant: MerchantId::stored(stored.merchant),
            order_number: OrderNumber::stored(stored.order_number),
            reference: Reference::stored(stored.reference),
            terminal: TerminalId::stored(stored.terminal),
            payment_request_id: PaymentRequestId::stored(stored.payment_request_id),
            amount: stored.amount.try_into()?,
            description: stored.description,
            accepted_at: Timestamp::from_ms(stored.accepted_at_ms),
            policy: stored.policy.into(),
        })
    }
}

impl From<&PolicyNumbers> for StoredPolicy {
    fn from(numbers: &PolicyNumbers) -> Self {
        Self {
            last_begin_ms: numbers.last_begin_ms,
            close_ms: numbers.close_ms,
            last_release_ms: numbers.last_release_ms,
            merchant_timeout_ms: numbers.merchant_timeout_ms,
            transit_margin_ms: numbers.transit_margin_ms,
            pay_timeout_ms: numbers.pay_timeout_ms,
            call_timeout_ms: numbers.call_timeout_ms,
            inquiry_every_ms: numbers.inquiry_every_ms,
            inquiries_max: numbers.inquiries_max,
            cancel_every_ms: numbers.cancel_every_ms,
            cancel_patience_ms: numbers.cancel_patience_ms,
            queue_first_ms: numbers.queue_first_ms,
            queue_longest_ms: numbers.queue_longest_ms,
            not_exist_margin_ms: numbers.not_exist_margin_ms,
            cancel_window_past_midnight_ms: numbers.cancel_window_past_midnight_ms,
            delivery: match numbers.delivery {
                Delivery::HandedOver => StoredDelivery::HandedOver,
                Delivery::Acknowledged { within_ms } => StoredDelivery::Acknowledged { within_ms },
                Delivery::Off => StoredDelivery::Off,
            },
        }
    }
}

impl From<StoredPolicy> for Policy {
    fn from(stored: StoredPolicy) -> Self {
        let numbers = PolicyNumbers {
            last_begin_ms: stored.last_begin_ms,
            close_ms: stored.close_ms,
            last_release_ms: stored.last_release_ms,
            merchant_timeout_ms: stored.merchant_timeout_ms,
            transit_margin_ms: stored.transit_margin_ms,
            pay_timeout_ms: stored.pay_timeout_ms,
            call_timeout_ms: stored.call_timeout_ms,
            inquiry_every_ms: stored.inquiry_every_ms,
            inquiries_max: stored.inquiries_max,
            cancel_every_ms: stored.cancel_every_ms,
            cancel_patience_ms: stored.cancel_patience_ms,
            queue_first_ms: stored.queue_first_ms,
            queue_longest_ms: stored.queue_longest_ms,
            not_exist_margin_ms: stored.not_exist_margin_ms,
            cancel_window_past_midnight_ms: stored.cancel_window_past_midnight_ms,
            delivery: match stored.delivery {
                StoredDelivery::HandedOver => Delivery::HandedOver,
                StoredDelivery::Acknowledged { within_ms } => Delivery::Acknowledged { within_ms },
                StoredDelivery::Off => Delivery::Off,
            },
        };
        // It was checked when the payment was accepted; what stands here is finished as it is.
        Self::recorded(numbers)
    }
}

/// Currencies are only ever added; what could never be the name of one is damage. It is not quoted.
fn no_currency(code: &str) -> Fault {
    if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Fault::Newer("its currency is not known to this release".to_owned());
    }
    Fault::new("its currency is none")
}
