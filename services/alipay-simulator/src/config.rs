//! What an operator may set about the simulator.

use serde::Deserialize;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// The simulator's settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where it listens. Its admin calls move money: never beyond this machine.
    #[serde(default = "listen")]
    pub listen: SocketAddr,
    /// The one account that it knows.
    pub client_id: String,
    /// Alipay's private key, RSA in PEM.
    pub private_key_file: PathBuf,
    /// The account's public key, in PEM.
    pub merchant_public_key_file: PathBuf,
    /// Where the books are kept; without it they live in memory.
    #[serde(default)]
    pub ledger_file: Option<PathBuf>,
    /// What every customer begins with, in minor units of any currency.
    #[serde(default = "opening_minor")]
    pub opening_minor: i64,
    /// The waits before each sending of a notification, in milliseconds (protocol 2.6).
    #[serde(default = "resend_after_ms")]
    pub resend_after_ms: Vec<i64>,
    /// How long a call that is never answered holds its connection, in milliseconds.
    #[serde(default = "silence_ms")]
    pub silence_ms: u64,
}

fn listen() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 8081))
}

fn opening_minor() -> i64 {
    100_000
}

fn silence_ms() -> u64 {
    20_000
}

/// Protocol 2.6: at once (here: a moment after the answer), 2 min, 10, 10, 1 h, 2, 6, 15.
fn resend_after_ms() -> Vec<i64> {
    const MINUTE_MS: i64 = 60_000;
    let minutes: [i64; 7] = [2, 10, 10, 60, 120, 360, 900];
    let later = minutes
        .into_iter()
        .map(|count| count.saturating_mul(MINUTE_MS));
    [300].into_iter().chain(later).collect()
}

impl Config {
    /// The usual settings for this account and these key files.
    pub fn standard(
        client_id: &str,
        private_key_file: PathBuf,
        merchant_public_key_file: PathBuf,
    ) -> Self {
        Self {
            listen: listen(),
            client_id: client_id.to_owned(),
            private_key_file,
            merchant_public_key_file,
            ledger_file: None,
            opening_minor: opening_minor(),
            resend_after_ms: resend_after_ms(),
            silence_ms: silence_ms(),
        }
    }
}
