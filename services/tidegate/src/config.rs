//! The configuration file of the one binary: each room's own settings side by side, and the
//! merchants once for all of them.

use alipay::Shop;
use chassis::config::{Check, Faults};
use gateway::{MerchantSettings, PolicySettings};
use serde::Deserialize;
use std::path::PathBuf;

/// Everything an operator may set.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The HTTP API. Its merchants stand below, not here.
    pub gateway: gateway::Config,
    /// The account at Alipay.
    pub alipay: alipay::Options,
    /// The command log.
    pub bus: BusSettings,
    /// The workers.
    #[serde(default)]
    pub orchestrator: orchestrator::Config,
    /// Lists, feed and totals.
    #[serde(default)]
    pub projector: projector::Config,
    /// Logs.
    #[serde(default)]
    pub logging: chassis::logging::Config,
    /// Who may sell.
    #[serde(default)]
    pub merchants: Vec<Merchant>,
}

/// The command log's settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BusSettings {
    /// The key that seals payment codes: 32 random bytes as 64 hex digits or base64.
    pub sealing_key_file: PathBuf,
    /// Keys of before that still open what waits in the log.
    #[serde(default)]
    pub former_key_files: Vec<PathBuf>,
}

/// A merchant.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Merchant {
    /// Its id, as its tokens name it.
    pub id: String,
    /// The currencies it may take, ISO 4217.
    pub currencies: Vec<String>,
    /// Its shop, as Alipay wants it named.
    pub shop: Shop,
    /// The numbers that govern its payments; what is not set is the rulebook's.
    #[serde(default)]
    pub policy: PolicySettings,
}

impl Config {
    /// The gateway's settings with the merchants in place.
    pub fn gateway(&self) -> gateway::Config {
        let merchants = self.merchants.iter().map(|merchant| MerchantSettings {
            id: merchant.id.clone(),
            currencies: merchant.currencies.clone(),
            policy: merchant.policy.clone(),
        });
        gateway::Config {
            merchants: merchants.collect(),
            ..self.gateway.clone()
        }
    }
}

impl Check for Config {
    fn check(&self, faults: &mut Faults) {
        if !self.gateway.merchants.is_empty() {
            faults.add(
                "gateway.merchants",
                "merchants stand in [[merchants]], once for all rooms; move them there",
            );
        }
        self.gateway().check(faults);
        self.logging.check(faults);
        for fault in alipay::Account::faults(&self.alipay) {
            faults.add("alipay", fault);
        }
        for (place, merchant) in self.merchants.iter().enumerate() {
            let shop = &merchant.shop;
            for (name, code) in [
                ("merchant_mcc", &shop.merchant_mcc),
                ("store_mcc", &shop.store_mcc),
            ] {
                let four_digits = code.len() == 4 && code.bytes().all(|byte| byte.is_ascii_digit());
                if !four_digits {
                    let setting = format!("merchants[{place}].shop.{name}");
                    faults.add(setting, format!("is `{code}`; a category has four digits"));
                }
            }
        }
        for file in [&self.bus.sealing_key_file]
            .into_iter()
            .chain(&self.bus.former_key_files)
        {
            if let Err(problem) = crate::sealer::key(file) {
                faults.add("bus", format!("{problem:#}"));
            }
        }
    }
}

#[cfg(test)]
mod hostile_tests;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_read_and_only_its_files_are_missing() {
        let example = include_str!("../../../deploy/tidegate.example.toml");
        let faults = chassis::config::from_text::<Config>(example).unwrap_err();
        for fault in &faults.0 {
            let file = fault.problem.contains("/etc/tidegate/");
            assert!(file, "{}: {}", fault.setting, fault.problem);
        }
    }
}
