//! What every room of a fleet is handed: the one history, a clock, and where readiness is told;
//! and what is watched beside it.

use super::watch;
use crate::config::Config;
use anyhow::Context;
use chassis::clock::{Steady, System};
use chassis::health::Health;
use chassis::shutdown::Shutdown;
use fleet::Link;
use std::sync::Arc;
use store::Store;

/// What every room of a fleet is handed.
pub(super) struct Shared {
    pub(super) store: Store,
    pub(super) clock: Arc<Steady>,
    pub(super) health: Health,
}

impl Shared {
    /// Connects. A database that is away keeps the process from starting.
    pub(super) async fn open(config: &Config) -> anyhow::Result<Self> {
        let postgres = config.postgres()?;
        let store = Store::connect(postgres)
            .await
            .context("the database can't be used; check [store.postgres], and that it runs")?;
        let clock = Arc::new(Steady::of(Arc::new(System)));
        Ok(Self {
            store,
            clock,
            health: Health::new(),
        })
    }

    /// The fleet's Redis. That it is away keeps nothing from starting.
    pub(super) fn redis(&self, config: &Config, shutdown: &Shutdown) -> anyhow::Result<Link> {
        let link = Link::open(config.redis()?).context("[fleet.redis] is wrong")?;
        let redis = watch::redis(link.standing(), self.health.register("redis"));
        watch(shutdown, redis);
        Ok(link)
    }

    /// Looks how Kafka is set; that it is away keeps nothing from starting.
    pub(super) fn look_at_topics(config: &Config, shutdown: &Shutdown) -> anyhow::Result<()> {
        watch(shutdown, watch::topics(config.kafka()?.clone()));
        Ok(())
    }

    /// Watches the database until the process stops.
    pub(super) fn watch_database(&self, shutdown: &Shutdown) {
        let database = watch::database(self.store.clone(), self.health.register("database"));
        watch(shutdown, database);
    }

    /// Keeps the clock at the fleet's until the process stops; the orchestrator does so itself.
    pub(super) fn keep_time(&self, shutdown: &Shutdown) {
        let (clock, check) = (Arc::clone(&self.clock), self.health.register("clock"));
        let kept = watch::clock(self.store.clone(), clock, check);
        watch(shutdown, kept);
    }
}

/// Watches until the process is asked to stop.
fn watch(shutdown: &Shutdown, watching: impl Future<Output = ()> + Send + 'static) {
    let stop = shutdown.clone();
    tokio::spawn(async move {
        tokio::select! {
            () = watching => {}
            () = stop.requested() => {}
        }
    });
}
