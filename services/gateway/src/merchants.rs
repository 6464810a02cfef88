//! The merchants served: which currencies each may take, and the numbers that govern its payments.
//! Their profiles at Alipay are the orchestrator's to send; here they only stand beside the rest.

use chassis::config::Faults;
use payment::{Currency, Delivery, MerchantId, Policy, PolicyNumbers, Profile};
use serde::Deserialize;
use std::collections::HashMap;

/// One merchant, as an operator writes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MerchantSettings {
    /// The merchant's id, as its tokens name it.
    pub id: String,
    /// The currencies it may take, ISO 4217.
    pub currencies: Vec<String>,
    /// The numbers that govern its payments; RULES' own where nothing is said.
    #[serde(default)]
    pub policy: PolicySettings,
}

/// The numbers of a policy; what is not set is the rulebook's. Units are in the names.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PolicySettings {
    /// See [`PolicyNumbers::last_begin_ms`].
    pub last_begin_ms: Option<i64>,
    /// See [`PolicyNumbers::close_ms`].
    pub close_ms: Option<i64>,
    /// See [`PolicyNumbers::last_release_ms`].
    pub last_release_ms: Option<i64>,
    /// See [`PolicyNumbers::merchant_timeout_ms`].
    pub merchant_timeout_ms: Option<i64>,
    /// See [`PolicyNumbers::transit_margin_ms`].
    pub transit_margin_ms: Option<i64>,
    /// See [`PolicyNumbers::pay_timeout_ms`].
    pub pay_timeout_ms: Option<i64>,
    /// See [`PolicyNumbers::call_timeout_ms`].
    pub call_timeout_ms: Option<i64>,
    /// See [`PolicyNumbers::inquiry_every_ms`].
    pub inquiry_every_ms: Option<i64>,
    /// See [`PolicyNumbers::inquiries_max`].
    pub inquiries_max: Option<u32>,
    /// See [`PolicyNumbers::cancel_every_ms`].
    pub cancel_every_ms: Option<i64>,
    /// See [`PolicyNumbers::cancel_patience_ms`].
    pub cancel_patience_ms: Option<i64>,
    /// See [`PolicyNumbers::queue_first_ms`].
    pub queue_first_ms: Option<i64>,
    /// See [`PolicyNumbers::queue_longest_ms`].
    pub queue_longest_ms: Option<i64>,
    /// See [`PolicyNumbers::not_exist_margin_ms`].
    pub not_exist_margin_ms: Option<i64>,
    /// See [`PolicyNumbers::cancel_window_past_midnight_ms`].
    pub cancel_window_past_midnight_ms: Option<i64>,
    /// When an approval counts as delivered.
    pub delivery: Option<DeliverySetting>,
    /// With `delivery = "acknowledged"`: how long the merchant has to confirm.
    pub acknowledge_within_ms: Option<i64>,
}

/// When an approval counts as delivered (decision 8).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliverySetting {
    /// When a door has handed it over.
    HandedOver,
    /// When the merchant confirmed it.
    Acknowledged,
    /// At once.
    Off,
}

/// A merchant the gateway serves.
#[derive(Clone, Debug)]
pub(crate) struct Merchant {
    pub(crate) id: MerchantId,
    pub(crate) currencies: Vec<Currency>,
    pub(crate) policy: Policy,
}

/// How long a merchant has to confirm where nothing is set.
const ACKNOWLEDGE_WITHIN_MS: i64 = 30_000;

impl PolicySettings {
    /// The rulebook's numbers with these in their place.
    pub fn numbers(&self) -> PolicyNumbers {
        let n = PolicyNumbers::standard();
        PolicyNumbers {
            last_begin_ms: self.last_begin_ms.unwrap_or(n.last_begin_ms),
            close_ms: self.close_ms.unwrap_or(n.close_ms),
            last_release_ms: self.last_release_ms.unwrap_or(n.last_release_ms),
            merchant_timeout_ms: self.merchant_timeout_ms.unwrap_or(n.merchant_timeout_ms),
            transit_margin_ms: self.transit_margin_ms.unwrap_or(n.transit_margin_ms),
            pay_timeout_ms: self.pay_timeout_ms.unwrap_or(n.pay_timeout_ms),
            call_timeout_ms: self.call_timeout_ms.unwrap_or(n.call_timeout_ms),
            inquiry_every_ms: self.inquiry_every_ms.unwrap_or(n.inquiry_every_ms),
            inquiries_max: self.inquiries_max.unwrap_or(n.inquiries_max),
            cancel_every_ms: self.cancel_every_ms.unwrap_or(n.cancel_every_ms),
            cancel_patience_ms: self.cancel_patience_ms.unwrap_or(n.cancel_patience_ms),
            queue_first_ms: self.queue_first_ms.unwrap_or(n.queue_first_ms),
            queue_longest_ms: self.queue_longest_ms.unwrap_or(n.queue_longest_ms),
            not_exist_margin_ms: self.not_exist_margin_ms.unwrap_or(n.not_exist_margin_ms),
            cancel_window_past_midnight_ms: self
                .cancel_window_past_midnight_ms
                .unwrap_or(n.cancel_window_past_midnight_ms),
            delivery: self.delivery.map_or(n.delivery, |delivery| match delivery {
                DeliverySetting::HandedOver => Delivery::HandedOver,
                DeliverySetting::Acknowledged => Delivery::Acknowledged {
                    within_ms: self.acknowledge_within_ms.unwrap_or(ACKNOWLEDGE_WITHIN_MS),
                },
                DeliverySetting::Off => Delivery::Off,
            }),
        }
    }
}

impl MerchantSettings {
    pub(crate) fn check(&self, place: &str, profile: Profile, faults: &mut Faults) {
        if let Err(fault) = MerchantId::parse(&self.id) {
            faults.add(format!("{place}.id"), fault);
        }
        if self.currencies.is_empty() {
            faults.add(
                format!("{place}.currencies"),
                "name at least one, such as \"CNY\"",
            );
        }
        for (position, code) in self.currencies.iter().enumerate() {
            if self
                .currencies
                .iter()
                .take(position)
                .any(|other| other == code)
            {
                faults.add(
                    format!("{place}.currencies"),
                    format!("`{code}` stands twice; take one out"),
                );
            }
            if let Err(fault) = Currency::parse(code) {
                faults.add(format!("{place}.currencies"), fault);
            }
        }
        let unused = self.policy.acknowledge_within_ms.is_some()
            && self.policy.delivery != Some(DeliverySetting::Acknowledged);
        if unused {
            faults.add(
                format!("{place}.policy.acknowledge_within_ms"),
                "has no effect unless delivery is \"acknowledged\"; set that or take this out",
            );
        }
        if let Err(wrong) = Policy::under(profile, self.policy.numbers()) {
            for fault in wrong {
                faults.add(format!("{place}.policy.{}", fault.number()), fault);
            }
        }
    }

    /// What an operator should know of a policy that is accepted all the same.
    pub(crate) fn remarks(&self, place: &str, profile: Profile, remarks: &mut Faults) {
        let Ok(policy) = Policy::under(profile, self.policy.numbers()) else {
            return;
        };
        if let Some(fit) = policy.inquiries_cut_to() {
            let problem = format!(
                "is {}: it cuts a payment's inquiries to {fit} of inquiries_max, which is {}, and \
                 fewer than the 10 of A5 (K4 allows it)",
                policy.close_ms(),
                policy.inquiries_max()
            );
            remarks.add(format!("{place}.policy.close_ms"), problem);
        }
    }

    fn merchant(&self, place: &str, profile: Profile) -> Result<Merchant, Faults> {
        let mut faults = Faults::default();
        self.check(place, profile, &mut faults);
        let (Ok(id), Ok(policy)) = (
            MerchantId::parse(&self.id),
            Policy::under(profile, self.policy.numbers()),
        ) else {
            return Err(faults);
        };
        let currencies = self.currencies.iter();
        let currencies = currencies.filter_map(|code| Currency::parse(code).ok());
        let merchant = Merchant {
            id,
            currencies: currencies.collect(),
            policy,
        };
        faults.or(merchant)
    }
}

/// The merchants by id.
///
/// # Errors
/// What is wrong with the first that can't be used.
pub(crate) fn served(
    all: &[MerchantSettings],
    profile: Profile,
) -> Result<HashMap<MerchantId, Merchant>, Faults> {
    all.iter()
        .map(|settings| {
            let merchant = settings.merchant(&settings.id, profile)?;
            Ok((merchant.id.clone(), merchant))
        })
        .collect()
}
