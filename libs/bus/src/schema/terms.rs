//! Terms, policy and money as written into the log. Apart from the store's forms on purpose: the
//! log and history change at their own pace.

use super::Fault;
use payment::{
    Currency, Delivery, MerchantId, Money, OrderNumber, PaymentRequestId, Policy, PolicyNumbers,
    Reference, TerminalId, Terms, Timestamp,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub(super) struct WrittenTerms {
    merchant: String,
    order_number: String,
    reference: String,
    terminal: String,
    payment_request_id: String,
    amount: WrittenMoney,
    description: String,
    accepted_at_ms: i64,
    policy: WrittenPolicy,
}

#[derive(Serialize, Deserialize)]
pub(super) struct WrittenMoney {
    amount_minor: i64,
    currency: String,
}

#[derive(Serialize, Deserialize)]
struct WrittenPolicy {
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
    delivery: WrittenDelivery,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "when", rename_all = "snake_case")]
enum WrittenDelivery {
    HandedOver,
    Acknowledged { within_ms: i64 },
    Off,
}

impl From<Money> for WrittenMoney {
    fn from(money: Money) -> Self {
        Self {
            amount_minor: money.amount_minor(),
            currency: money.currency().code().to_owned(),
        }
    }
}

impl TryFrom<WrittenMoney> for Money {
    type Error = Fault;

    fn try_from(written: WrittenMoney) -> Result<Self, Fault> {
        let currency =
            Currency::parse(&written.currency).map_err(|_| no_currency(&written.currency))?;
        // No release takes less; what is the most may change.
        if written.amount_minor < 1 {
            return Err(Fault::new("its amount is none"));
        }
        Ok(Self::stored(written.amount_minor, currency))
    }
}

impl From<&Terms> for WrittenTerms {
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

impl TryFrom<WrittenTerms> for Terms {
    type Error = Fault;

    fn try_from(written: WrittenTerms) -> Result<Self, Fault> {
        Ok(Self {
            merchant: MerchantId::stored(written.merchant),
            order_number: OrderNumber::stored(written.order_number),
            reference: Reference::stored(written.reference),
            terminal: TerminalId::stored(written.terminal),
            payment_request_id: PaymentRequestId::stored(written.payment_request_id),
            amount: written.amount.try_into()?,
            description: written.description,
            accepted_at: Timestamp::from_ms(written.accepted_at_ms),
            policy: written.policy.into(),
        })
    }
}

impl From<&PolicyNumbers> for WrittenPolicy {
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
                Delivery::HandedOver => WrittenDelivery::HandedOver,
                Delivery::Acknowledged { within_ms } => WrittenDelivery::Acknowledged { within_ms },
                Delivery::Off => WrittenDelivery::Off,
            },
        }
    }
}

impl From<WrittenPolicy> for Policy {
    fn from(written: WrittenPolicy) -> Self {
        let numbers = PolicyNumbers {
            last_begin_ms: written.last_begin_ms,
            close_ms: written.close_ms,
            last_release_ms: written.last_release_ms,
            merchant_timeout_ms: written.merchant_timeout_ms,
            transit_margin_ms: written.transit_margin_ms,
            pay_timeout_ms: written.pay_timeout_ms,
            call_timeout_ms: written.call_timeout_ms,
            inquiry_every_ms: written.inquiry_every_ms,
            inquiries_max: written.inquiries_max,
            cancel_every_ms: written.cancel_every_ms,
            cancel_patience_ms: written.cancel_patience_ms,
            queue_first_ms: written.queue_first_ms,
            queue_longest_ms: written.queue_longest_ms,
            not_exist_margin_ms: written.not_exist_margin_ms,
            cancel_window_past_midnight_ms: written.cancel_window_past_midnight_ms,
            delivery: match written.delivery {
                WrittenDelivery::HandedOver => Delivery::HandedOver,
                WrittenDelivery::Acknowledged { within_ms } => Delivery::Acknowledged { within_ms },
                WrittenDelivery::Off => Delivery::Off,
            },
        };
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
