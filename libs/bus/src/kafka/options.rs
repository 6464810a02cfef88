//! How Kafka is reached and how much patience it is given. Each setting of librdkafka that
//! matters stands here with its reason; none can be passed through. TLS and SASL are not here:
//! they would link OpenSSL.

use crate::Error;
use rdkafka::ClientConfig;
use serde::Deserialize;

/// Where Kafka is, and how this process takes part.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KafkaOptions {
    /// Some of its brokers, each `host:port`.
    pub bootstrap_servers: Vec<String>,
    /// What this process is called in the brokers' logs and quotas.
    #[serde(default = "client_id")]
    pub client_id: String,
    /// The consumer group of the orchestrators; all of them share it.
    #[serde(default = "group")]
    pub group: String,
    /// This process's own name in the group, the same after each restart, so that a restart moves
    /// no partition (static membership). Two processes must never share one. Without it, whoever
    /// leaves is replaced at once.
    #[serde(default)]
    pub instance_id: Option<String>,
    /// The topic of the commands.
    #[serde(default = "commands_topic")]
    pub commands_topic: String,
    /// The topic of those that nobody can carry out.
    #[serde(default = "dead_topic")]
    pub dead_topic: String,
    /// On how many brokers each record is kept.
    #[serde(default = "replication")]
    pub replication: u16,
    /// On how many of them at least before it counts as written.
    #[serde(default = "min_insync_replicas")]
    pub min_insync_replicas: u16,
    /// How long a command is kept, in milliseconds. Longer than the longest standstill of the
    /// orchestrators, or commands are lost; no longer than needed, as they hold payment codes.
    #[serde(default = "commands_retention_ms")]
    pub commands_retention_ms: u64,
    /// How long a dead letter is kept, in milliseconds.
    #[serde(default = "dead_retention_ms")]
    pub dead_retention_ms: u64,
    /// How long a produce may take, in milliseconds; 200 to 1,900, as a door that can't produce
    /// must have said so within 2 s. On a busy machine the receipt before it and the refusal after
    /// it take most of what the standard leaves of them. After one that was not acknowledged the
    /// next are tried for 400 ms only, but for one in 2 s.
    #[serde(default = "produce_timeout_ms")]
    pub produce_timeout_ms: u64,
    /// How long a request about topics may take, in milliseconds.
    #[serde(default = "admin_timeout_ms")]
    pub admin_timeout_ms: u64,
}

fn client_id() -> String {
    "tidegate".to_owned()
}

fn group() -> String {
    "tidegate.orchestrator".to_owned()
}

fn commands_topic() -> String {
    "tidegate.commands".to_owned()
}

fn dead_topic() -> String {
    "tidegate.commands.dead".to_owned()
}

fn replication() -> u16 {
    3
}

fn min_insync_replicas() -> u16 {
    2
}

fn commands_retention_ms() -> u64 {
    86_400_000
}

fn dead_retention_ms() -> u64 {
    604_800_000
}

fn produce_timeout_ms() -> u64 {
    1_200
}

fn admin_timeout_ms() -> u64 {
    10_000
}

/// What librdkafka's own bound on a record is shorter than ours, so that it is its reason that is
/// told.
const PRODUCE_MARGIN_MS: u64 = 100;

impl KafkaOptions {
    /// Everything as is standard, with these brokers.
    pub fn at(bootstrap_servers: Vec<String>) -> Self {
        Self {
            bootstrap_servers,
            client_id: client_id(),
            group: group(),
            instance_id: None,
            commands_topic: commands_topic(),
            dead_topic: dead_topic(),
            replication: replication(),
            min_insync_replicas: min_insync_replicas(),
            commands_retention_ms: commands_retention_ms(),
            dead_retention_ms: dead_retention_ms(),
            produce_timeout_ms: produce_timeout_ms(),
            admin_timeout_ms: admin_timeout_ms(),
        }
    }

    /// What is wrong with these options, each in a sentence; nothing is asked of Kafka.
    pub fn faults(&self) -> Vec<String> {
        let copies = 1..=self.replication;
        let patience_ms = 200..=1_900;
        let checks = [
            (
                !self.bootstrap_servers.is_empty(),
                "bootstrap_servers is empty; name at least one broker as host:port",
            ),
            (
                copies.contains(&self.min_insync_replicas),
                "min_insync_replicas must be at least 1 and at most replication",
            ),
            (
                patience_ms.contains(&self.produce_timeout_ms),
                "produce_timeout_ms must be 200 to 1900",
            ),
            (
                self.commands_topic != self.dead_topic,
                "commands_topic and dead_topic are the same",
            ),
        ];
        let broken = checks.into_iter().filter(|(holds, _)| !holds);
        broken.map(|(_, fault)| fault.to_owned()).collect()
    }

    pub(super) fn checked(&self) -> Result<&Self, Error> {
        let faults = self.faults();
        if faults.is_empty() {
            return Ok(self);
        }
        Err(Error::Misconfigured(faults.join("; ")))
    }

    /// What every connection has in common.
    pub(super) fn connecting(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", self.bootstrap_servers.join(","))
            .set("client.id", &self.client_id)
            // A record of 400 bytes must not wait for the next one to fill a segment.
            .set("socket.nagle.disable", "true")
            .set("socket.keepalive.enable", "true")
            // Back soon after a broker is: a waiting sale has seconds.
            .set("reconnect.backoff.ms", "50")
            .set("reconnect.backoff.max.ms", "1000")
            .set("socket.connection.setup.timeout.ms", "1500");
        config
    }

    /// Idempotent, acknowledged by all in-sync replicas, and given up in time.
    pub(super) fn producing(&self) -> ClientConfig {
        let timeout_ms = self.produce_timeout_ms.saturating_sub(PRODUCE_MARGIN_MS);
        let mut config = self.connecting();
        config
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("message.timeout.ms", timeout_ms.to_string())
            .set("request.timeout.ms", timeout_ms.to_string())
            .set("socket.timeout.ms", timeout_ms.to_string())
            .set("linger.ms", "1")
            .set("retry.backoff.ms", "50")
            // More than this many waiting is an outage: say so at once.
            .set("queue.buffering.max.messages", "10000")
            .set("queue.buffering.max.kbytes", "32768");
        config
    }

    /// In the group, by its new protocol (KIP-848); offsets are ours to commit.
    pub(super) fn consuming(&self) -> ClientConfig {
        let mut config = self.connecting();
        config
            .set("group.id", &self.group)
            .set("group.protocol", "consumer")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            // No offset yet means nothing was done yet.
            .set("auto.offset.reset", "earliest")
            .set("allow.auto.create.topics", "false")
            .set("socket.timeout.ms", "10000")
            // Per partition; what waits there waits because its partition is full in flight.
            .set("queued.min.messages", "1000")
            .set("queued.max.messages.kbytes", "1024")
            .set("fetch.message.max.bytes", "262144")
            // The default second would stand between a freed place and the next record.
            .set("fetch.queue.backoff.ms", "20")
            .set("fetch.error.backoff.ms", "100");
        if let Some(instance_id) = &self.instance_id {
            config.set("group.instance.id", instance_id);
        }
        config
    }
}

#[cfg(test)]
mod tests {
    use super::KafkaOptions;
    use serde_json::{Value, json};

    fn read(options: Value) -> Result<KafkaOptions, String> {
        serde_json::from_value(options).map_err(|error| error.to_string())
    }

    #[test]
    fn brokers_are_all_that_must_be_said() {
        let options = read(json!({"bootstrap_servers": ["k-1:9092"]})).unwrap();
        assert_eq!(options, KafkaOptions::at(vec!["k-1:9092".to_owned()]));
        assert_eq!(options.faults(), Vec::<String>::new());
    }

    #[test]
    fn a_name_that_is_no_option_is_refused() {
        let options = json!({"bootstrap_servers": [], "enable.auto.commit": "true"});
        let error = read(options).unwrap_err();
        assert!(error.contains("enable.auto.commit"), "{error}");
    }

    #[test]
    fn every_fault_is_told_at_once() {
        let options = KafkaOptions {
            dead_topic: "tidegate.commands".to_owned(),
            min_insync_replicas: 4,
            produce_timeout_ms: 2_000,
            ..KafkaOptions::at(Vec::new())
        };
        assert_eq!(options.faults().len(), 4);
    }
}
