//! What a standalone is made of: from an operator's configuration, or everything made here for a
//! first try with a simulated Alipay.

use super::keys::{self, RsaFiles, keep};
use super::token;
use crate::config::{BusSettings, Config, Merchant, OperationsSettings, StoreSettings};
use crate::exit::Unavailable;
use alipay::Shop;
use anyhow::Context;
use chassis::clock::Clock;
use gateway::{CodeSettings, Limits, PolicySettings, TokenSettings};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// Filled in once the ports are known.
const LATER: &str = "http://127.0.0.1";

/// What to run.
pub(crate) struct Setup {
    pub(crate) config: Config,
    pub(crate) data_dir: PathBuf,
    /// The Alipay to run beside, if it is not the real one.
    pub(crate) simulator: Option<alipay_simulator::Config>,
    /// Where the demo merchant's token is.
    pub(crate) token_file: Option<PathBuf>,
}

/// Ports on this machine; 0 takes a free one.
#[derive(Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) gateway: u16,
    pub(crate) simulator: u16,
}

impl Setup {
    /// As an operator configured it.
    pub(crate) fn configured(config: Config, data_dir: &Path) -> anyhow::Result<Self> {
        make_dir(data_dir)?;
        Ok(Self {
            config,
            data_dir: data_dir.to_owned(),
            simulator: None,
            token_file: None,
        })
    }

    /// A demo merchant, its keys, and a simulated Alipay, all in this directory.
    pub(crate) fn demo(data_dir: &Path, ports: Ports, clock: &dyn Clock) -> anyhow::Result<Self> {
        make_dir(data_dir)?;
        let made = Made::in_directory(data_dir, clock)?;
        let simulator = alipay_simulator::Config {
            listen: local(ports.simulator),
            ledger_file: Some(data_dir.join("alipay-ledger.jsonl")),
            ..alipay_simulator::Config::standard(
                Made::CLIENT_ID,
                made.alipay.private,
                made.acquirer.public,
            )
        };
        let config = Config {
            gateway: gateway::Config {
                listen: local(ports.gateway),
                tokens: TokenSettings {
                    issuer: Made::ISSUER.to_owned(),
                    audience: Made::AUDIENCE.to_owned(),
                    jwks_file: made.jwks,
                    merchant_claim: token::MERCHANT_CLAIM.to_owned(),
                    leeway_s: 30,
                },
                limits: Limits::default(),
                payment_codes: CodeSettings::default(),
                merchants: Vec::new(),
                policy_profile: gateway::ProfileSetting::Guide,
                notify_path_public: gateway::notify_path_public(),
            },
            alipay: alipay::Options {
                client_id: Made::CLIENT_ID.to_owned(),
                private_key_file: made.acquirer.private,
                key_version: 1,
                further_private_keys: Vec::new(),
                alipay_public_key_file: made.alipay.public,
                further_alipay_keys: Vec::new(),
                base_url: LATER.to_owned(),
                notify_url: LATER.to_owned(),
                settlement_currency: "CNY".to_owned(),
                idle_ms: 4_000,
                merchant_region: None,
            },
            bus: BusSettings {
                sealing_key_file: made.sealing,
                former_key_files: Vec::new(),
                kafka: None,
            },
            store: StoreSettings::default(),
            fleet: fleet::FleetOptions::default(),
            // Whatever is free: nobody who tries it has asked for these.
            operations: OperationsSettings { listen: local(0) },
            alipay_simulator: None,
            orchestrator: orchestrator::Config::default(),
            projector: projector::Config::default(),
            logging: chassis::logging::Config::default(),
            merchants: vec![demo_merchant()],
        };
        Ok(Self {
            config,
            data_dir: data_dir.to_owned(),
            simulator: Some(simulator),
            token_file: Some(made.token_file),
        })
    }
}

/// Keys and a demo merchant, as a first start makes them.
pub(crate) struct Made {
    /// The acquirer's pair at Alipay.
    pub(crate) acquirer: RsaFiles,
    /// The simulated Alipay's pair.
    pub(crate) alipay: RsaFiles,
    /// The token issuer's public keys.
    pub(crate) jwks: PathBuf,
    /// The demo merchant's token.
    pub(crate) token_file: PathBuf,
    /// The key that seals payment codes.
    pub(crate) sealing: PathBuf,
}

impl Made {
    /// The demo merchant's id.
    pub(crate) const MERCHANT: &str = "demo-merchant";
    /// The account's id at the simulated Alipay.
    pub(crate) const CLIENT_ID: &str = "SANDBOX_TIDEGATE_DEMO";
    /// Who issues the demo's tokens.
    pub(crate) const ISSUER: &str = token::ISSUER;
    /// Whom they are for.
    pub(crate) const AUDIENCE: &str = token::AUDIENCE;

    /// Keys of before are kept; the token is made anew.
    pub(crate) fn in_directory(dir: &Path, clock: &dyn Clock) -> anyhow::Result<Self> {
        let token_key = keys::token(dir)?;
        let token_file = dir.join("merchant.token");
        let issuing = token::Issuing::demo();
        let (token, _) = issuing.token(&token_key, Self::MERCHANT, clock.now_ms())?;
        keep(&token_file, token.as_bytes())?;
        Ok(Self {
            acquirer: keys::rsa(dir, "acquirer")?,
            alipay: keys::rsa(dir, "alipay")?,
            jwks: token_key.jwks,
            token_file,
            sealing: keys::sealing(dir)?,
        })
    }
}

fn demo_merchant() -> Merchant {
    Merchant {
        id: Made::MERCHANT.to_owned(),
        currencies: ["CNY", "EUR", "JPY"].map(str::to_owned).to_vec(),
        shop: Shop {
            merchant_name: "Harbor Noodles".to_owned(),
            merchant_mcc: "5812".to_owned(),
            store_id: "counter-1".to_owned(),
            store_name: "Harbor Noodles, the counter".to_owned(),
            store_mcc: "5812".to_owned(),
            merchant_region: None,
        },
        policy: PolicySettings::default(),
    }
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

pub(crate) fn make_dir(path: &Path) -> anyhow::Result<()> {
    chassis::permissions::make_private_directory(path)
        .map_err(|error| {
            Unavailable(format!(
                "the data directory {} can't be made ({error}); give another with --data-dir",
                path.display()
            ))
        })
        .context("nothing was started")
}
