//! The configuration file of the one binary: each room's own settings side by side, and the
//! merchants once for all of them. The same file serves every process of a fleet; each checks
//! what it uses.

mod consistency;
mod part;

pub use part::Part;

use alipay::Shop;
use chassis::config::{Check, Faults};
use gateway::{MerchantSettings, PolicySettings};
use serde::Deserialize;
use std::net::{Ipv4Addr, SocketAddr};
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
    /// Where payments are remembered: in the data directory, or in PostgreSQL.
    #[serde(default)]
    pub store: StoreSettings,
    /// What several processes share besides: in process, or in Redis.
    #[serde(default)]
    pub fleet: fleet::FleetOptions,
    /// Where a process tells its operators how it is.
    #[serde(default)]
    pub operations: OperationsSettings,
    /// A simulated Alipay, for trials. Never beside the real one.
    #[serde(default)]
    pub alipay_simulator: Option<alipay_simulator::Config>,
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
    /// Kafka, where the rooms are processes of their own.
    #[serde(default)]
    pub kafka: Option<bus::KafkaOptions>,
}

/// Where payments are remembered.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreSettings {
    /// PostgreSQL, where the rooms are processes of their own.
    pub postgres: Option<store::PostgresOptions>,
}

/// Where a process tells its operators how it is; merchants must not reach it.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OperationsSettings {
    /// Its `/livez`, `/readyz` and `/metrics`.
    pub listen: SocketAddr,
}

impl Default for OperationsSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 9090)),
        }
    }
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
        self.check_for(Part::Standalone, faults);
    }
}

#[cfg(test)]
mod hostile_tests;

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../../../deploy/tidegate.example.toml");

    /// The example with its fleet's sections switched on.
    fn example_of_a_fleet() -> String {
        let (alone, fleet) = EXAMPLE.split_once("# ---- a fleet").unwrap();
        let (_heading, sections) = fleet.split_once('\n').unwrap();
        let sections = sections.lines().map(|line| {
            let section = line.strip_prefix('#').unwrap();
            section.strip_prefix(' ').unwrap_or(section)
        });
        let sections: Vec<&str> = sections.collect();
        format!("{alone}\n{}", sections.join("\n"))
    }

    #[test]
    fn the_example_is_read_alone_and_as_a_fleets_and_only_its_files_are_missing() {
        for example in [EXAMPLE, &example_of_a_fleet()] {
            let faults = chassis::config::from_text::<Config>(example).unwrap_err();
            for fault in &faults.0 {
                let file = fault.problem.contains("/etc/tidegate/");
                assert!(file, "{}: {}", fault.setting, fault.problem);
            }
        }
    }

    #[test]
    fn what_the_example_says_of_a_fleet_is_what_is_standard() {
        let example = example_of_a_fleet();
        let written: toml::Table = toml::from_str(&example).unwrap();
        let section = |name: &str, inner: &str| written[name][inner].clone();
        let kafka: bus::KafkaOptions = section("bus", "kafka").try_into().unwrap();
        let standard = bus::KafkaOptions::at(kafka.bootstrap_servers.clone());
        let instance_id = Some("orchestrator-1".to_owned());
        assert_eq!(
            kafka,
            bus::KafkaOptions {
                instance_id,
                ..standard
            }
        );
        let told = |options: &store::PostgresOptions| {
            let store::PostgresOptions {
                url: _,
                url_file: _,
                connections_max,
                writers,
                connect_timeout_ms,
                acquire_timeout_ms,
                statement_timeout_ms,
            } = options;
            let counts = (*connections_max, *writers);
            (
                counts,
                *connect_timeout_ms,
                *acquire_timeout_ms,
                *statement_timeout_ms,
            )
        };
        let postgres: store::PostgresOptions = section("store", "postgres").try_into().unwrap();
        let standard = store::PostgresOptions::standard(String::new().into());
        assert_eq!(told(&postgres), told(&standard));
        let budget: fleet::BudgetOptions = section("fleet", "budget").try_into().unwrap();
        let standard = fleet::BudgetOptions::default();
        assert_eq!(format!("{budget:?}"), format!("{standard:?}"));
        let operations: OperationsSettings = written["operations"].clone().try_into().unwrap();
        assert_eq!(operations.listen, OperationsSettings::default().listen);
    }
}
