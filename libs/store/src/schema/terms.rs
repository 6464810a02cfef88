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
        // Money's own faults would quote what stands there.
        let no_money = |_| Fault::new("its amount or currency can't be paid");
        let currency = Currency::parse(&stored.currency).map_err(no_money)?;
        Self::new(stored.amount_minor, currency).map_err(no_money)
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
            merchant: MerchantId::parse(&stored.merchant).map_err(Fault::new)?,
            order_number: OrderNumber::parse(&stored.order_number).map_err(Fault::new)?,
            reference: Reference::parse(&stored.reference).map_err(Fault::new)?,
            terminal: TerminalId::parse(&stored.terminal).map_err(Fault::new)?,
            payment_request_id: PaymentRequestId::parse(&stored.payment_request_id)
                .map_err(Fault::new)?,
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
