//! What every room of a fleet is handed: the one history, a clock, and where readiness is told;
//! and what is watched beside it.

use super::watch;
use crate::config::Config;
use crate::database::{self, Place};
use anyhow::Context;
use chassis::clock::{Clock, Steady, System};
use chassis::health::Health;
use chassis::kept::keep;
use chassis::shutdown::Shutdown;
use fleet::Link;
use payment::Timestamp;
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
        let store = crate::rooms::history(config.postgres()?).await?;
        let told = store.shared_clock().await;
        let told = told.context("the database does not say what time it is")?;
        Ok(Self {
            store,
            clock: Arc::new(steady(told, Arc::new(System))),
            health: Health::new(),
        })
    }

    /// The fleet's Redis. That it is away keeps nothing from starting.
    pub(super) fn redis(&self, config: &Config, shutdown: &Shutdown) -> anyhow::Result<Link> {
        let link = Link::open(config.redis()?).context("[fleet.redis] is wrong")?;
        let (standing, check) = (link.standing(), self.health.register("redis"));
        self.watch(shutdown, "watch.redis", move || {
            watch::redis(standing.clone(), check.clone())
        });
        Ok(link)
    }

    /// Looks how Kafka is set; that it is away keeps nothing from starting.
    pub(super) fn look_at_topics(config: &Config, shutdown: &Shutdown) -> anyhow::Result<()> {
        once(shutdown, watch::topics(config.kafka()?.clone()));
        Ok(())
    }

    /// Watches the database until the process stops.
    pub(super) fn watch_database(&self, shutdown: &Shutdown) {
        let (store, check) = (self.store.clone(), self.health.register("database"));
        self.watch(shutdown, "watch.database", move || {
            database::watch(store.clone(), check.clone(), Place::Server)
        });
    }

    /// Keeps the clock at the fleet's until the process stops; the orchestrator does so itself.
    pub(super) fn keep_time(&self, shutdown: &Shutdown) {
        let (clock, check) = (Arc::clone(&self.clock), self.health.register("clock"));
        let store = self.store.clone();
        self.watch(shutdown, "watch.clock", move || {
            watch::clock(store.clone(), Arc::clone(&clock), check.clone())
        });
    }

    /// Watches until the process is asked to stop, and anew after a panic.
    fn watch<F: Future<Output = ()> + Send + 'static>(
        &self,
        shutdown: &Shutdown,
        name: &'static str,
        make: impl FnMut() -> F + Send + 'static,
    ) {
        once(shutdown, keep(name, self.health.clone(), make));
    }
}

/// The process's clock, which begins where the fleet's stands: a machine that is a minute and a half
/// fast would else close payments so much too early until it is caught up with (X34).
fn steady(told: Option<Timestamp>, machine: Arc<dyn Clock>) -> Steady {
    match told {
        Some(at) => Steady::beginning_at(at.as_ms(), machine),
        None => Steady::of(machine),
    }
}

/// Goes on until it ends, or the process is asked to stop.
fn once(shutdown: &Shutdown, watching: impl Future<Output = ()> + Send + 'static) {
    let stop = shutdown.clone();
    tokio::spawn(async move {
        tokio::select! {
            () = watching => {}
            () = stop.requested() => {}
        }
    });
}

#[cfg(test)]
mod tests {
    use super::steady;
    use chassis::clock::{Clock, Standing};
    use payment::Timestamp;
    use std::sync::Arc;
    use std::time::Duration;

    #[test]
    fn case_x34_a_process_on_a_machine_ninety_seconds_fast_begins_at_the_databases_time() {
        let machine = Arc::new(Standing::at_ms(1_090_000));
        let told = Timestamp::from_ms(1_000_000);
        let clock = steady(Some(told), machine.clone());
        assert_eq!(clock.now_ms(), 1_000_000);
        machine.advance(Duration::from_secs(7));
        assert_eq!(clock.now_ms(), 1_007_000);
        assert_eq!(steady(None, machine).now_ms(), 1_097_000);
    }
}
