//! The projector as a process runs it. An event that can't be read is never passed over: what a list
//! misses once it would miss for ever. Its merchant's lists stand still before it, loudly, until a
//! projector can read it; all others' go on.

use crate::{Chronicle, Config, counted, standing};
use chassis::health::{Check, Health};
use std::time::Duration;
use store::{Error, StandingStill, Store};

/// The longest wait between tries while the database is away.
const PATIENCE: Duration = Duration::from_secs(2);

/// The lag is counted so far; whoever sees this number is further behind.
const LAG_EVENTS_MAX: u32 = 10_000;

/// The projector, ready to run.
pub struct App<C = Store> {
    chronicle: C,
    health: Check,
    every: Duration,
    batch_events: u32,
}

impl<C: Chronicle> App<C> {
    /// A projector over this history.
    pub fn build(config: &Config, chronicle: C, health: &Health) -> Self {
        counted::begin();
        Self {
            chronicle,
            health: health.register("projector"),
            every: Duration::from_millis(config.every_ms.max(1)),
            batch_events: config.batch_events.max(1),
        }
    }

    /// Takes events in until `shutdown` resolves.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        tokio::pin!(shutdown);
        self.health.up();
        let mut told = StandingStill::default();
        loop {
            let wait = match self.catch_up().await {
                Ok(standing) => {
                    standing::tell(&self.health, &standing, &told);
                    told = standing;
                    self.every
                }
                Err(Error::Conflict) => self.every,
                Err(error @ Error::Newer(_)) => {
                    metrics::counter!("projector_faults_total").increment(1);
                    tracing::warn!(%error, "the projector waits for one of a later release");
                    self.health.degraded(&format!(
                        "{error}; nobody knows whose it is, so all feeds and totals stand still \
                         until a projector of that release takes it in, payments go on"
                    ));
                    PATIENCE
                }
                Err(error) => {
                    metrics::counter!("projector_faults_total").increment(1);
                    tracing::error!(%error, "the projector can't go on");
                    self.health.down(&error.to_string());
                    PATIENCE
                }
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = &mut shutdown => return,
            }
        }
    }

    /// Takes in everything there is that can be read. Gives whose lists stand still before an event
    /// that can't.
    ///
    /// # Errors
    /// [`Error::Newer`] and [`Error::Corrupt`] name an event that can't be read and of which nobody
    /// knows whose it is; [`Error::Unavailable`].
    pub async fn catch_up(&self) -> Result<StandingStill, Error> {
        loop {
            // One batch of each in turn: neither waits for all of the other.
            let standing = self.chronicle.catch_up_held(self.batch_events).await?;
            metrics::gauge!("projector_merchants_held").set(f64::from(standing.merchants));
            let cursor = self.chronicle.cursor().await?;
            let batch = self
                .chronicle
                .events_after(cursor, self.batch_events)
                .await?;
            let Some(last) = batch.last() else {
                metrics::gauge!("projector_lag_events").set(0.0);
                if standing.more {
                    continue;
                }
                return Ok(standing);
            };
            let counting = self
                .chronicle
                .events_behind(last.position(), LAG_EVENTS_MAX);
            let behind = counting.await?;
            metrics::gauge!("projector_lag_events").set(f64::from(behind));
            let applied = self.chronicle.apply(&batch).await?;
            let events = u64::try_from(applied.events).unwrap_or(u64::MAX);
            metrics::counter!("projector_events_total").increment(events);
        }
    }
}
