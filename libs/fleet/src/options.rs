//! What an operator may set about the fleet. Without `redis` everything is in process.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::num::NonZeroU32;

/// The fleet's settings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FleetOptions {
    /// Redis, where several processes share the work.
    pub redis: Option<RedisOptions>,
    /// How much may be asked of Alipay besides the payments themselves.
    pub budget: BudgetOptions,
}

/// Redis: a single server, or whatever stands behind one address. Not a cluster.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisOptions {
    /// Its address, `redis://` or, over TLS, `rediss://`; with user and password if it wants them,
    /// so it is never shown.
    pub url: SecretString,
    /// What every key and channel begins with, so that two fleets may share a Redis.
    #[serde(default = "RedisOptions::key_prefix")]
    pub key_prefix: String,
    /// What a slow Redis may cost a call, in milliseconds; past it the caller goes on without.
    #[serde(default = "RedisOptions::command_timeout_ms")]
    pub command_timeout_ms: u64,
    /// The longest wait between two tries to reach Redis again, in milliseconds.
    #[serde(default = "RedisOptions::reconnect_longest_ms")]
    pub reconnect_longest_ms: u64,
    /// The longest that a lease of a worker that died may stand, in milliseconds.
    #[serde(default = "RedisOptions::lease_longest_ms")]
    pub lease_longest_ms: u64,
}

/// The inquiries that one Alipay account may make, all workers together. Pay, cancel and refund
/// never wait for it (decision 17).
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BudgetOptions {
    /// Inquiries per second and Alipay client id.
    pub inquiries_per_second: NonZeroU32,
    /// How many workers share it: each takes its part for itself while Redis is away.
    pub workers: NonZeroU32,
}

/// A setting that can't be used; its value is not shown.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{setting}: {problem}")]
pub struct Fault {
    /// Which setting.
    pub setting: &'static str,
    /// What to write instead.
    pub problem: &'static str,
}

const PER_SECOND: NonZeroU32 = NonZeroU32::MIN.saturating_add(499);
const WORKERS: NonZeroU32 = NonZeroU32::MIN.saturating_add(3);

impl Default for BudgetOptions {
    fn default() -> Self {
        Self {
            inquiries_per_second: PER_SECOND,
            workers: WORKERS,
        }
    }
}

impl FleetOptions {
    /// Everything that keeps these from being used.
    pub fn faults(&self) -> Vec<Fault> {
        self.redis.iter().flat_map(RedisOptions::faults).collect()
    }
}

impl RedisOptions {
    /// This address, and the usual for the rest.
    pub fn at(url: SecretString) -> Self {
        Self {
            url,
            key_prefix: Self::key_prefix(),
            command_timeout_ms: Self::command_timeout_ms(),
            reconnect_longest_ms: Self::reconnect_longest_ms(),
            lease_longest_ms: Self::lease_longest_ms(),
        }
    }

    /// Everything that keeps these from being used.
    pub fn faults(&self) -> Vec<Fault> {
        let fault = |setting, problem| Some(Fault { setting, problem });
        let mut faults = Vec::new();
        // The library's own words may quote the address.
        if redis::Client::open(self.url.expose_secret()).is_err() {
            let problem =
                "it must be redis://[user:password@]host[:port][/db], or rediss:// for TLS";
            faults.extend(fault("fleet.redis.url", problem));
        }
        let letters = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        if self.key_prefix.is_empty() || self.key_prefix.len() > 64 || !letters(&self.key_prefix) {
            let problem = "it must be 1 to 64 visible characters";
            faults.extend(fault("fleet.redis.key_prefix", problem));
        }
        for (setting, ms) in [
            ("fleet.redis.command_timeout_ms", self.command_timeout_ms),
            (
                "fleet.redis.reconnect_longest_ms",
                self.reconnect_longest_ms,
            ),
            ("fleet.redis.lease_longest_ms", self.lease_longest_ms),
        ] {
            if !(1..=60_000).contains(&ms) {
                faults.extend(fault(setting, "it must be 1 to 60000"));
            }
        }
        faults
    }

    fn key_prefix() -> String {
        "tidegate".to_owned()
    }

    fn command_timeout_ms() -> u64 {
        100
    }

    fn reconnect_longest_ms() -> u64 {
        2_000
    }

    fn lease_longest_ms() -> u64 {
        5_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redis_is_described_by_its_address_alone_and_never_shown() {
        let json = r#"{"redis":{"url":"redis://fleet:hush@127.0.0.1:6379/0"}}"#;
        let options: FleetOptions = serde_json::from_str(json).unwrap();
        assert_eq!(options.faults(), []);
        assert!(!format!("{options:?}").contains("hush"), "{options:?}");
    }

    #[test]
    fn a_setting_that_can_not_be_used_is_named_without_its_value() {
        let mut redis = RedisOptions::at(SecretString::from("http://fleet:hush@example.com"));
        redis.key_prefix = "two words".to_owned();
        redis.command_timeout_ms = 0;
        let faults = redis.faults();
        let named: Vec<&str> = faults.iter().map(|fault| fault.setting).collect();
        let expected = ["url", "key_prefix", "command_timeout_ms"];
        assert_eq!(named, expected.map(|name| format!("fleet.redis.{name}")));
        assert!(
            faults
                .iter()
                .all(|fault| !fault.to_string().contains("hush"))
        );
    }

    #[test]
    fn an_unknown_setting_and_a_budget_of_nothing_are_refused() {
        for json in [
            r#"{"radis":{}}"#,
            r#"{"redis":{"url":"redis://h","db":1}}"#,
            r#"{"budget":{"inquiries_per_second":0}}"#,
            r#"{"budget":{"workers":0}}"#,
        ] {
            assert!(
                serde_json::from_str::<FleetOptions>(json).is_err(),
                "{json}"
            );
        }
    }
}
