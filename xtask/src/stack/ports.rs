//! Where the engines listen: what was asked for, else what this stack had before, else numbers that
//! hardly anything uses. Always on 127.0.0.1.

use anyhow::{Context, bail};
use clap::Args;
use std::fs;
use std::net::TcpListener;
use std::path::Path;

/// The file of a stack's folder that remembers its ports. It also marks the folder as ours.
pub(crate) const FILE: &str = "ports";

/// The ports of one stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ports {
    pub(crate) postgres: u16,
    pub(crate) redis: u16,
    pub(crate) kafka: u16,
    /// Kafka's controller speaks with its broker here.
    pub(crate) kafka_controller: u16,
}

/// The ports that someone asked for.
#[derive(Args, Clone, Default)]
pub(crate) struct Asked {
    /// PostgreSQL's port [default: as before, at first 19432].
    #[arg(long, env = "TIDEGATE_STACK_POSTGRES_PORT")]
    pub(crate) postgres_port: Option<u16>,
    /// Redis's port [default: as before, at first 19379].
    #[arg(long, env = "TIDEGATE_STACK_REDIS_PORT")]
    pub(crate) redis_port: Option<u16>,
    /// Kafka's port [default: as before, at first 19192].
    #[arg(long, env = "TIDEGATE_STACK_KAFKA_PORT")]
    pub(crate) kafka_port: Option<u16>,
    /// The port of Kafka's controller [default: as before, at first 19193].
    #[arg(long, env = "TIDEGATE_STACK_KAFKA_CONTROLLER_PORT")]
    pub(crate) kafka_controller_port: Option<u16>,
}

impl Asked {
    /// Four that nothing listens on at this moment.
    ///
    /// # Errors
    ///
    /// If this machine has none.
    pub(crate) fn free() -> anyhow::Result<Self> {
        // Held until all four are known, so that none is given twice.
        let listeners: Vec<TcpListener> = (0..4)
            .map(|_| TcpListener::bind(("127.0.0.1", 0)))
            .collect::<Result<_, _>>()
            .context("no port is free")?;
        let mut ports = Vec::new();
        for listener in &listeners {
            ports.push(listener.local_addr()?.port());
        }
        let mut ports = ports.into_iter();
        Ok(Self {
            postgres_port: ports.next(),
            redis_port: ports.next(),
            kafka_port: ports.next(),
            kafka_controller_port: ports.next(),
        })
    }
}

impl Ports {
    const FIRST: Self = Self {
        postgres: 19432,
        redis: 19379,
        kafka: 19192,
        kafka_controller: 19193,
    };

    /// The ports that a stack in this folder has.
    ///
    /// # Errors
    ///
    /// If what is remembered can't be read.
    pub(crate) fn of(folder: &Path, asked: &Asked) -> anyhow::Result<Self> {
        let file = folder.join(FILE);
        let before = if file.exists() {
            let text = fs::read_to_string(&file)?;
            Self::parse(&text).with_context(|| format!("{} can't be read", file.display()))?
        } else {
            Self::FIRST
        };
        Ok(before.with(asked))
    }

    fn with(self, asked: &Asked) -> Self {
        Self {
            postgres: asked.postgres_port.unwrap_or(self.postgres),
            redis: asked.redis_port.unwrap_or(self.redis),
            kafka: asked.kafka_port.unwrap_or(self.kafka),
            kafka_controller: asked.kafka_controller_port.unwrap_or(self.kafka_controller),
        }
    }

    /// Remembers them in the stack's folder.
    pub(crate) fn remember(&self, folder: &Path) -> anyhow::Result<()> {
        fs::write(folder.join(FILE), self.text()).context("the ports can't be remembered")
    }

    fn text(&self) -> String {
        format!(
            "postgres {}\nredis {}\nkafka {}\nkafka-controller {}\n",
            self.postgres, self.redis, self.kafka, self.kafka_controller
        )
    }

    fn parse(text: &str) -> Option<Self> {
        let port = |name: &str| {
            let mut lines = text.lines();
            let (_, port) = lines.find_map(|line| {
                let (found, port) = line.split_once(' ')?;
                (found == name).then_some((found, port))
            })?;
            port.trim().parse().ok()
        };
        Some(Self {
            postgres: port("postgres")?,
            redis: port("redis")?,
            kafka: port("kafka")?,
            kafka_controller: port("kafka-controller")?,
        })
    }
}

/// Makes sure that nobody listens there.
///
/// # Errors
///
/// If somebody does, with what to do about it. `option` is the option's name without dashes.
pub(crate) fn ensure_free(port: u16, option: &str) -> anyhow::Result<()> {
    if TcpListener::bind(("127.0.0.1", port)).is_err() {
        let variable = option.replace('-', "_").to_uppercase();
        bail!(
            "port {port} of 127.0.0.1 is taken by a program that this stack did not start: stop it \
             (`ss -ltnp 'sport = :{port}'` names it), or choose another port with --{option} or \
             TIDEGATE_STACK_{variable}"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembered_ports_are_read_as_they_were_written() {
        assert_eq!(Ports::parse(&Ports::FIRST.text()), Some(Ports::FIRST));
        assert_eq!(Ports::parse("postgres 1\nredis 2\n"), None);
        let too_large = Ports::FIRST.text().replace("19432", "70000");
        assert_eq!(Ports::parse(&too_large), None);
    }

    #[test]
    fn a_port_that_is_asked_for_wins_over_the_one_before() {
        let asked = Asked {
            kafka_port: Some(5),
            ..Asked::default()
        };
        let ports = Ports::FIRST.with(&asked);
        assert_eq!((ports.kafka, ports.redis), (5, Ports::FIRST.redis));
    }

    #[test]
    fn a_strangers_port_is_refused_with_what_to_do() {
        let stranger = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = stranger.local_addr().unwrap().port();
        let refused = ensure_free(port, "redis-port").unwrap_err().to_string();
        assert!(refused.contains("--redis-port"), "{refused}");
        assert!(refused.contains("TIDEGATE_STACK_REDIS_PORT"), "{refused}");
        drop(stranger);
        assert!(ensure_free(port, "redis-port").is_ok());
    }
}
