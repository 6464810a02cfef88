//! What one fleet calls its own in engines that others use too: a database, two topics, a consumer
//! group, a beginning of Redis keys.

use crate::engines::Engines;
use crate::wire::{Wire, Wires};
use anyhow::Context;
use reqwest::Url;

/// A fleet's own names.
#[derive(Clone, Debug)]
pub struct Place {
    name: String,
    database: Url,
}

impl Place {
    /// Makes the database; the topics are made by `tidegate topics apply`.
    pub(super) async fn make(engines: &Engines) -> anyhow::Result<Self> {
        let drawn = fastrand::u32(..);
        let name = format!("trial_{}_{drawn:08x}", std::process::id());
        engines.sql(&format!("CREATE DATABASE {name}")).await?;
        let mut database = engines.postgres.clone();
        database.set_path(&name);
        Ok(Self { name, database })
    }

    /// Removes the database. Kafka's records go by their retention, Redis's keys by their life.
    pub(super) async fn remove(&self, engines: &Engines) -> anyhow::Result<()> {
        let name = &self.name;
        engines
            .sql(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            .await
            .map(|_| ())
    }

    /// The database's address, beside any wire.
    pub fn database(&self) -> &Url {
        &self.database
    }

    /// What all its keys in Redis begin with.
    pub fn prefix(&self) -> &str {
        &self.name
    }

    /// The topic of its commands.
    pub fn commands_topic(&self) -> String {
        format!("{}.commands", self.name)
    }

    pub(super) fn postgres_url(&self, wires: &Wires) -> anyhow::Result<String> {
        through(&self.database, wires.address(Wire::Postgres))
    }

    pub(super) fn redis_url(&self, engines: &Engines, wires: &Wires) -> anyhow::Result<String> {
        through(&engines.redis, wires.address(Wire::Redis))
    }

    /// The settings that keep it apart. One broker can't keep a record thrice.
    pub(super) fn settings(&self) -> Vec<(String, String)> {
        let name = &self.name;
        [
            ("BUS__KAFKA__COMMANDS_TOPIC", self.commands_topic()),
            ("BUS__KAFKA__DEAD_TOPIC", format!("{name}.dead")),
            ("BUS__KAFKA__GROUP", format!("{name}.orchestrators")),
            ("BUS__KAFKA__REPLICATION", "1".to_owned()),
            ("BUS__KAFKA__MIN_INSYNC_REPLICAS", "1".to_owned()),
            ("FLEET__REDIS__KEY_PREFIX", name.clone()),
        ]
        .map(|(setting, value)| (format!("TIDEGATE__{setting}"), value))
        .to_vec()
    }
}

/// The same address by another host and port.
fn through(url: &Url, address: &str) -> anyhow::Result<String> {
    let mut url = url.clone();
    let (host, port) = address.rsplit_once(':').context("an address has a port")?;
    let port = port.parse().context("a port is a number")?;
    url.set_host(Some(host)).context("a host is a host")?;
    let set = url.set_port(Some(port));
    anyhow::ensure!(set.is_ok(), "{url} can't have a port");
    Ok(url.to_string())
}
