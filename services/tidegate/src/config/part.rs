//! Which part of Tidegate a process is, and what it therefore needs of the configuration. What a
//! part does not use it does not ask for: a gateway is never given Alipay's private key.

use super::Config;
use anyhow::Context;
use chassis::config::Faults;
use chassis::permissions::{check_secret, check_trusted, remark_on_secret};
use std::path::Path;

/// Which part of Tidegate a process is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// Everything in one process, on one SQLite file.
    Standalone,
    /// The merchants' API and Alipay's notifications.
    Gateway,
    /// Drives payments.
    Orchestrator,
    /// Lists, feed and totals.
    Projector,
    /// Alipay's side, for trials.
    Simulator,
    /// Brings the database's tables up to date.
    Schema,
    /// Creates and checks Kafka's topics.
    Topics,
    /// Derives lists, feed and totals anew.
    Rebuild,
    /// What an operator asks on the command line; it uses what is there.
    Operator,
}

impl Part {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Standalone => "standalone",
            Self::Gateway => "gateway",
            Self::Orchestrator => "orchestrator",
            Self::Projector => "projector",
            Self::Simulator => "alipay-simulator",
            Self::Schema => "migrate",
            Self::Topics => "topics",
            Self::Rebuild => "rebuild",
            Self::Operator => "payments",
        }
    }

    fn needs(self, need: Need) -> bool {
        use Need::{Fleet, Issuer, Kafka, Postgres, PrivateKey, PublicKey, Sealing, Simulator};
        let needs: &[Need] = match self {
            Self::Standalone => &[Issuer, PrivateKey, PublicKey, Sealing],
            Self::Gateway => &[Issuer, PublicKey, Sealing, Postgres, Kafka, Fleet],
            Self::Orchestrator => &[PrivateKey, PublicKey, Sealing, Postgres, Kafka, Fleet],
            Self::Projector => &[Postgres],
            Self::Simulator => &[Simulator],
            Self::Schema => &[Postgres],
            Self::Topics => &[Kafka],
            // What it works on is in PostgreSQL if that is set, else in the data directory.
            Self::Rebuild | Self::Operator => &[],
        };
        needs.contains(&need)
    }
}

/// A group of settings.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    Issuer,
    PrivateKey,
    PublicKey,
    Sealing,
    Postgres,
    Kafka,
    Fleet,
    Simulator,
}

impl Config {
    /// Adds everything that keeps this part from running.
    pub fn check_for(&self, part: Part, faults: &mut Faults) {
        self.check_settings(faults);
        self.check_consistency(faults);
        if part.needs(Need::Issuer) {
            let jwks_file = "gateway.tokens.jwks_file";
            self.gateway.check_keys(jwks_file, faults);
            check_trusted(jwks_file, &self.gateway.tokens.jwks_file, faults);
        }
        let account = if part.needs(Need::PrivateKey) {
            alipay::Account::faults(&self.alipay)
        } else if part.needs(Need::PublicKey) {
            alipay::Account::faults_without_private_key(&self.alipay)
        } else {
            Vec::new()
        };
        for fault in account {
            faults.add(fault.setting(), fault.problem());
        }
        if part.needs(Need::PublicKey) {
            let file = &self.alipay.alipay_public_key_file;
            check_trusted("alipay.alipay_public_key_file", file, faults);
            for (place, key) in self.alipay.further_alipay_keys.iter().enumerate() {
                let setting = format!("alipay.further_alipay_keys[{place}].file");
                check_trusted(&setting, &key.file, faults);
            }
        }
        if part.needs(Need::Sealing) {
            for (setting, file) in self.sealing_keys() {
                if let Err(problem) = crate::sealer::key(file) {
                    faults.add(setting, format!("{problem:#}"));
                }
            }
        }
        for (setting, file) in self.secrets(part) {
            check_secret(&setting, file, faults);
        }
        self.check_engines(part, faults);
        if part.needs(Need::Simulator) && self.alipay_simulator.is_none() {
            faults.add("alipay_simulator", missing(part, "its own settings"));
        }
    }

    /// What is wrong with the values themselves, whatever part the process is.
    fn check_settings(&self, faults: &mut Faults) {
        use chassis::config::Check as _;
        if !self.gateway.merchants.is_empty() {
            faults.add(
                "gateway.merchants",
                "merchants stand in [[merchants]], once for all rooms; move them there",
            );
        }
        let mut gateways = Faults::default();
        self.gateway().check(&mut gateways);
        for fault in gateways.0 {
            faults.add(beside_merchants(fault.setting), fault.problem);
        }
        self.logging.check(faults);
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
            if !shop
                .merchant_region
                .as_deref()
                .is_none_or(alipay::is_region)
            {
                let setting = format!("merchants[{place}].shop.merchant_region");
                faults.add(setting, alipay::NO_REGION);
            }
        }
    }

    fn sealing_keys(&self) -> impl Iterator<Item = (String, &Path)> {
        let former = self.bus.former_key_files.iter().enumerate();
        let former = former.map(|(place, file)| {
            let setting = format!("bus.former_key_files[{place}]");
            (setting, file.as_path())
        });
        let now = self.bus.sealing_key_file.as_path();
        [("bus.sealing_key_file".to_owned(), now)]
            .into_iter()
            .chain(former)
    }

    /// The files that hold a secret which this part reads.
    fn secrets(&self, part: Part) -> Vec<(String, &Path)> {
        let mut secrets: Vec<(String, &Path)> = Vec::new();
        if part.needs(Need::PrivateKey) {
            let file = self.alipay.private_key_file.as_path();
            secrets.push(("alipay.private_key_file".to_owned(), file));
            for (place, key) in self.alipay.further_private_keys.iter().enumerate() {
                let setting = format!("alipay.further_private_keys[{place}].file");
                secrets.push((setting, key.file.as_path()));
            }
        }
        if let (true, Some(simulator)) = (part.needs(Need::Simulator), &self.alipay_simulator) {
            let file = simulator.private_key_file.as_path();
            secrets.push(("alipay_simulator.private_key_file".to_owned(), file));
        }
        let postgres = self.store.postgres.as_ref();
        let url_file = postgres.and_then(|postgres| postgres.url_file.as_deref());
        if let (true, Some(file)) = (part.needs(Need::Postgres), url_file) {
            secrets.push(("store.postgres.url_file".to_owned(), file));
        }
        if part.needs(Need::Sealing) {
            secrets.extend(self.sealing_keys());
        }
        secrets
    }

    /// What an operator should know of this part's configuration although nothing is wrong.
    pub fn remarks_for(&self, part: Part) -> Faults {
        let mut remarks = Faults::default();
        if part.needs(Need::Issuer) {
            for remark in self.gateway().remarks().0 {
                remarks.add(beside_merchants(remark.setting), remark.problem);
            }
        }
        for (setting, file) in self.secrets(part) {
            remark_on_secret(&setting, file, &mut remarks);
        }
        remarks
    }

    /// The same for what a running process tells in its readiness, and only a check tells before.
    pub fn remarks_at_check(&self, part: Part) -> Faults {
        let mut remarks = self.remarks_for(part);
        if part.needs(Need::Issuer) {
            self.gateway
                .remark_on_keys("gateway.tokens.jwks_file", &mut remarks);
        }
        remarks
    }

    fn check_engines(&self, part: Part, faults: &mut Faults) {
        match &self.store.postgres {
            Some(postgres) => {
                for fault in postgres.faults() {
                    let setting = postgres_setting(postgres, &fault);
                    faults.add(format!("store.postgres.{setting}"), fault);
                }
            }
            None if part.needs(Need::Postgres) => {
                faults.add(
                    "store.postgres",
                    missing(part, "the database that all share"),
                );
            }
            None => {}
        }
        match &self.bus.kafka {
            Some(kafka) => {
                for fault in kafka.faults() {
                    // Each begins with its setting's name.
                    let setting = fault.split(' ').next().unwrap_or_default();
                    faults.add(format!("bus.kafka.{setting}"), &fault);
                }
            }
            None if part.needs(Need::Kafka) => {
                faults.add("bus.kafka", missing(part, "the command log that all share"));
            }
            None => {}
        }
        for fault in self.fleet.faults() {
            faults.add(fault.setting, fault.problem);
        }
        if self.fleet.redis.is_none() && part.needs(Need::Fleet) {
            faults.add("fleet.redis", missing(part, "the Redis that all share"));
        }
    }

    pub(crate) fn postgres(&self) -> anyhow::Result<&store::PostgresOptions> {
        let postgres = self.store.postgres.as_ref();
        postgres.context("[store.postgres] is missing")
    }

    pub(crate) fn kafka(&self) -> anyhow::Result<&bus::KafkaOptions> {
        self.bus.kafka.as_ref().context("[bus.kafka] is missing")
    }

    pub(crate) fn redis(&self) -> anyhow::Result<&fleet::RedisOptions> {
        self.fleet
            .redis
            .as_ref()
            .context("[fleet.redis] is missing")
    }
}

/// Merchants stand beside the gateway's settings, all else of it among them.
fn beside_merchants(setting: String) -> String {
    if setting.starts_with("merchants") {
        setting
    } else {
        format!("gateway.{setting}")
    }
}

fn postgres_setting(
    options: &store::PostgresOptions,
    fault: &store::PostgresFault,
) -> &'static str {
    match fault {
        store::PostgresFault::Number { setting, .. } => setting,
        store::PostgresFault::Unreadable { .. } => "url_file",
        store::PostgresFault::Address | store::PostgresFault::NotAnAddress => {
            if options.url_file.is_some() {
                "url_file"
            } else {
                "url"
            }
        }
    }
}

fn missing(part: Part, what: &str) -> String {
    format!(
        "is missing; `tidegate {}` needs {what}. `tidegate init` writes an example",
        part.name()
    )
}
