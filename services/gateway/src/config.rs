//! What an operator may set about the gateway. Every fault is collected, none is guessed around.
//!
//! No secrets here: the gateway verifies tokens by public keys.

use crate::merchants::MerchantSettings;
use crate::notices;
use crate::token::Keys;
use chassis::config::{Check, Faults};
use serde::Deserialize;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// The gateway's settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where it listens.
    #[serde(default = "listen")]
    pub listen: SocketAddr,
    /// Whose tokens are believed.
    pub tokens: TokenSettings,
    /// What a request may take.
    #[serde(default)]
    pub limits: Limits,
    /// Which texts are payment codes (E1).
    #[serde(default)]
    pub payment_codes: CodeSettings,
    /// The merchants served.
    #[serde(default)]
    pub merchants: Vec<MerchantSettings>,
    /// How far the merchants' policies may stray: the guide's bounds, or a trial's.
    #[serde(default)]
    pub policy_profile: ProfileSetting,
    /// The path under which Alipay reaches its notifications' door, and which it signs. It differs
    /// from the door's own where a proxy in front changes the path.
    #[serde(default = "notify_path_public")]
    pub notify_path_public: String,
}

/// How far the merchants' policies may stray.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProfileSetting {
    /// As Alipay's guide and the rulebook have them.
    #[default]
    Guide,
    /// Wider, for tests and benchmarks against a simulated Alipay.
    Trial,
}

impl ProfileSetting {
    pub(crate) fn profile(self) -> payment::Profile {
        match self {
            Self::Guide => payment::Profile::Guide,
            Self::Trial => payment::Profile::Trial,
        }
    }
}

/// Whose tokens are believed (RFC 7519, RFC 8725).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenSettings {
    /// `iss`: who must have made the token.
    pub issuer: String,
    /// `aud`: whom it must be for.
    pub audience: String,
    /// The issuer's public keys, a JWKS file (RFC 7517). Read again whenever it changes.
    pub jwks_file: PathBuf,
    /// The claim that names the merchant.
    #[serde(default = "merchant_claim")]
    pub merchant_claim: String,
    /// How far the issuer's clock may be from ours, in seconds.
    #[serde(default = "leeway_s")]
    pub leeway_s: i64,
}

/// What a request may take.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// The largest body, in bytes.
    pub body_bytes_max: usize,
    /// How long a client may take to send its head, and then its body, in milliseconds.
    pub client_timeout_ms: u64,
    /// The longest `Prefer: wait`, in seconds; a longer one is cut to it.
    pub wait_s_max: u64,
    /// How many connections at once, in all; fewer where the process may open too few files.
    pub connections_max: usize,
    /// How many requests to pay are taken at the same time; who comes besides waits.
    pub takings_max: usize,
    /// How long one waits for its turn before it is turned away, in milliseconds.
    pub taking_wait_ms: u64,
    /// Requests to pay are turned away while payments are begun later than this after they were
    /// taken, in milliseconds. What is begun too late is never sent.
    pub begin_lag_ms_max: i64,
    /// How many requests to pay of one merchant are taken at the same time.
    pub merchant_takings_max: usize,
    /// How many requests of one merchant may wait for an outcome at the same time.
    pub merchant_waits_max: usize,
    /// How many event streams one merchant may hold at the same time.
    pub merchant_streams_max: usize,
    /// Threads that serve requests.
    pub workers: usize,
    /// How long a stopping gateway lets requests finish, in seconds.
    pub drain_s: u64,
}

/// Which texts are payment codes (E1).
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CodeSettings {
    /// What a code begins with.
    pub prefixes: Vec<String>,
    /// The fewest digits.
    pub digits_min: usize,
    /// The most digits.
    pub digits_max: usize,
}

fn listen() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 8080))
}

/// Where the gateway takes Alipay's notifications.
pub fn notify_path_public() -> String {
    notices::PATH.to_owned()
}

fn merchant_claim() -> String {
    "merchant_id".to_owned()
}

fn leeway_s() -> i64 {
    30
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes_max: 65_536,
            client_timeout_ms: 10_000,
            wait_s_max: 60,
            connections_max: 25_000,
            takings_max: 64,
            taking_wait_ms: 250,
            begin_lag_ms_max: 2_000,
            merchant_takings_max: 32,
            merchant_waits_max: 4_000,
            merchant_streams_max: 5_000,
            workers: 2,
            drain_s: 10,
        }
    }
}

impl Default for CodeSettings {
    fn default() -> Self {
        let standard = payment::CodeFormat::standard();
        Self {
            prefixes: standard.prefixes,
            digits_min: standard.digits_min,
            digits_max: standard.digits_max,
        }
    }
}

impl CodeSettings {
    pub(crate) fn format(&self) -> payment::CodeFormat {
        payment::CodeFormat {
            prefixes: self.prefixes.clone(),
            digits_min: self.digits_min,
            digits_max: self.digits_max,
        }
    }

    fn check(&self, faults: &mut Faults) {
        if self.prefixes.is_empty() {
            faults.add(
                "payment_codes.prefixes",
                "name at least one, such as \"28\"",
            );
        }
        for prefix in &self.prefixes {
            if prefix.len() > self.digits_max {
                let problem = format!("`{prefix}` is longer than digits_max, {}", self.digits_max);
                faults.add("payment_codes.prefixes", problem);
            }
            if prefix.is_empty() || !prefix.bytes().all(|byte| byte.is_ascii_digit()) {
                faults.add(
                    "payment_codes.prefixes",
                    format!("`{prefix}` is not digits"),
                );
            }
        }
        if self.digits_min == 0 || self.digits_min > self.digits_max || self.digits_max > 128 {
            faults.add(
                "payment_codes.digits_min",
                "must be at least 1 and at most digits_max, which is at most 128",
            );
        }
    }
}

impl Limits {
    fn check(&self, faults: &mut Faults) {
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let lag_ms_max = u64::try_from(self.begin_lag_ms_max).unwrap_or(0);
        let takings = count(self.merchant_takings_max);
        let waits = count(self.merchant_waits_max);
        let streams = count(self.merchant_streams_max);
        let bounds: [(&str, u64, u64, u64); 10] = [
            ("client_timeout_ms", self.client_timeout_ms, 100, 120_000),
            ("takings_max", count(self.takings_max), 1, 100_000),
            ("merchant_takings_max", takings, 1, 100_000),
            ("merchant_waits_max", waits, 1, 1_000_000),
            ("merchant_streams_max", streams, 1, 1_000_000),
            ("taking_wait_ms", self.taking_wait_ms, 10, 10_000),
            ("begin_lag_ms_max", lag_ms_max, 100, 60_000),
            ("wait_s_max", self.wait_s_max, 1, 600),
            ("drain_s", self.drain_s, 0, 600),
            ("workers", count(self.workers), 1, 256),
        ];
        for (name, value, min, max) in bounds {
            if !(min..=max).contains(&value) {
                let problem = format!("is {value}; it must be {min} to {max}");
                faults.add(format!("limits.{name}"), problem);
            }
        }
        if !(1_024..=1_048_576).contains(&self.body_bytes_max) {
            faults.add("limits.body_bytes_max", "must be 1024 to 1048576");
        }
        if self.connections_max == 0 {
            faults.add("limits.connections_max", "must be at least 1");
        }
    }
}

impl TokenSettings {
    fn check(&self, faults: &mut Faults) {
        for (name, text) in [
            ("issuer", &self.issuer),
            ("audience", &self.audience),
            ("merchant_claim", &self.merchant_claim),
        ] {
            if text.trim().is_empty() {
                faults.add(format!("tokens.{name}"), "must not be empty");
            }
        }
        if !(0..=300).contains(&self.leeway_s) {
            faults.add("tokens.leeway_s", "must be 0 to 300");
        }
        if self.jwks_file.as_os_str().is_empty() {
            faults.add("tokens.jwks_file", "must name the JWKS file");
        }
    }
}

impl Config {
    /// Adds what is wrong with the issuer's keys, if their file is named; `setting` is its name.
    pub fn check_keys(&self, setting: &str, faults: &mut Faults) {
        let file = &self.tokens.jwks_file;
        if file.as_os_str().is_empty() {
            return;
        }
        if let Err(fault) = Keys::read(file) {
            faults.add(setting, fault);
        }
    }
}

impl Config {
    /// Adds the keys in the issuer's file that no token is verified by; `setting` is the file's name.
    pub fn remark_on_keys(&self, setting: &str, remarks: &mut Faults) {
        // A file that can't be read is a fault, and told as one.
        let Ok(keys) = Keys::read(&self.tokens.jwks_file) else {
            return;
        };
        for skipped in keys.skipped().told() {
            remarks.add(setting, format!("not used: {skipped}"));
        }
    }
}

impl Config {
    /// What an operator should know although nothing is wrong.
    pub fn remarks(&self) -> Faults {
        let mut remarks = Faults::default();
        match self.policy_profile {
            ProfileSetting::Guide => {}
            ProfileSetting::Trial => remarks.add(
                "policy_profile",
                "is \"trial\": policies may leave Alipay's guide. For tests and benchmarks alone, \
                 never where customers pay",
            ),
        }
        for (place, merchant) in self.merchants.iter().enumerate() {
            let place = format!("merchants[{place}]");
            merchant.remarks(&place, self.policy_profile.profile(), &mut remarks);
        }
        remarks
    }

    fn check_notify_path(&self, faults: &mut Faults) {
        let path = &self.notify_path_public;
        let plain = |byte: u8| byte.is_ascii_graphic() && !b"?#".contains(&byte);
        if !path.starts_with('/') || !path.bytes().all(plain) {
            let problem = "must be a path: it begins with /, and has no query";
            faults.add("notify_path_public", problem);
        }
    }

    /// A door that turns nobody away before payments are too late to be sent turns nobody away in
    /// time.
    fn check_begin_lag(&self, faults: &mut Faults) {
        for (place, merchant) in self.merchants.iter().enumerate() {
            let last_begin_ms = merchant.policy.numbers().last_begin_ms;
            if self.limits.begin_lag_ms_max >= last_begin_ms {
                let problem = format!(
                    "is {}; it must be less than merchants[{place}].policy.last_begin_ms, which is \
                     {last_begin_ms}: what is begun later is never sent",
                    self.limits.begin_lag_ms_max
                );
                faults.add("limits.begin_lag_ms_max", problem);
                return;
            }
        }
    }
}

impl Check for Config {
    fn check(&self, faults: &mut Faults) {
        self.tokens.check(faults);
        self.limits.check(faults);
        self.payment_codes.check(faults);
        self.check_notify_path(faults);
        self.check_begin_lag(faults);
        if self.merchants.is_empty() {
            faults.add("merchants", "name at least one merchant");
        }
        for (place, merchant) in self.merchants.iter().enumerate() {
            let id = &merchant.id;
            let profile = self.policy_profile.profile();
            merchant.check(&format!("merchants[{place}]"), profile, faults);
            if self
                .merchants
                .iter()
                .take(place)
                .any(|other| other.id == *id)
            {
                faults.add(
                    format!("merchants[{place}].id"),
                    format!("`{id}` stands twice"),
                );
            }
        }
    }
}
