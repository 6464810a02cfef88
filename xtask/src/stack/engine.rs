//! The three engines, and how they differ. Each one's own file knows the rest.

use super::ports::Ports;
use super::process::{Launch, Signal};
use super::{Stack, kafka, postgres, redis};
use clap::ValueEnum;
use std::time::Duration;

/// One of the engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    /// The event log and the views.
    Postgres,
    /// Leases and news.
    Redis,
    /// The command log.
    Kafka,
}

impl Engine {
    /// In the order in which they are started.
    pub(crate) const ALL: [Self; 3] = [Self::Postgres, Self::Redis, Self::Kafka];

    /// As it is called in commands and in the names of files.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Redis => "redis",
            Self::Kafka => "kafka",
        }
    }

    /// Where its clients reach it.
    pub(crate) fn port(self, ports: &Ports) -> u16 {
        match self {
            Self::Postgres => ports.postgres,
            Self::Redis => ports.redis,
            Self::Kafka => ports.kafka,
        }
    }

    /// Every port that it listens on, with the option that chooses it.
    pub(crate) fn listens_on(self, ports: &Ports) -> Vec<(u16, &'static str)> {
        match self {
            Self::Postgres => vec![(ports.postgres, "postgres-port")],
            Self::Redis => vec![(ports.redis, "redis-port")],
            Self::Kafka => vec![
                (ports.kafka, "kafka-port"),
                (ports.kafka_controller, "kafka-controller-port"),
            ],
        }
    }

    /// Makes what it needs on disk, and says how to start it.
    pub(crate) fn launch(self, stack: &Stack) -> anyhow::Result<Launch> {
        match self {
            Self::Postgres => postgres::launch(stack),
            Self::Redis => redis::launch(stack),
            Self::Kafka => kafka::launch(stack),
        }
    }

    /// Whether it does its work, which is more than that its port is open.
    pub(crate) fn answers(self, ports: &Ports) -> anyhow::Result<bool> {
        match self {
            Self::Postgres => postgres::answers(ports.postgres),
            Self::Redis => Ok(redis::answers(ports.redis)),
            Self::Kafka => Ok(kafka::answers(ports.kafka)),
        }
    }

    /// What stops it without waiting for its clients.
    pub(crate) fn stop_signal(self) -> Signal {
        match self {
            Self::Postgres => Signal::Int,
            Self::Redis | Self::Kafka => Signal::Term,
        }
    }

    /// How long it may take to answer after a start. Kafka took 15 s to recover its log while a
    /// compiler ran.
    pub(crate) fn patience(self) -> Duration {
        match self {
            Self::Postgres => Duration::from_secs(60),
            Self::Redis => Duration::from_secs(15),
            Self::Kafka => Duration::from_secs(120),
        }
    }
}
