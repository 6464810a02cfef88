//! The orchestrator as a process runs it: intake, sweep and clock watch, until told to stop.

use crate::drive::Driver;
use crate::{Config, Crew, Line, Skew, intake, sweep, timekeeping};
use bus::Consumer;
use chassis::clock::Steady;
use chassis::health::{Check, Health};
use fleet::{Budget, Leases, News};
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use tokio_util::sync::CancellationToken;

/// How long leaving the command log may take.
const CLOSE_WITHIN: Duration = Duration::from_secs(2);

/// What the orchestrator works with.
pub struct Parts {
    /// Where orders are remembered.
    pub store: Store,
    /// Where commands come from.
    pub consumer: Consumer,
    /// The line to Alipay.
    pub line: Line,
    /// Serializes results of one order (H3).
    pub leases: Leases,
    /// Wakes waiting doors.
    pub news: News,
    /// The inquiries that all workers may make together.
    pub budget: Budget,
    /// The process's clock; kept at the clock that the fleet shares.
    pub clock: Arc<Steady>,
    /// Where readiness is reported.
    pub health: Health,
}

/// The orchestrator, ready to run.
pub struct App {
    driver: Driver<Store, Line>,
    consumer: Arc<Consumer>,
    partitions: Check,
    clock: (Arc<Steady>, Check),
    skew: Skew,
    stop: CancellationToken,
    drain: Duration,
}

impl App {
    /// Puts the parts together.
    pub fn build(config: &Config, parts: Parts) -> Self {
        crate::count::begin();
        let stop = CancellationToken::new();
        let skew = Skew::default();
        let driver = Driver::new(
            parts.store,
            parts.line,
            (parts.leases, parts.news, parts.budget),
            Arc::<Steady>::clone(&parts.clock),
            skew.clone(),
            Crew::new(stop.clone()),
        );
        Self {
            driver,
            consumer: Arc::new(parts.consumer),
            partitions: parts.health.register("orchestrator.partitions"),
            clock: (parts.clock, parts.health.register("orchestrator.clock")),
            skew,
            stop,
            drain: Duration::from_millis(config.drain_ms),
        }
    }

    /// Drives payments until `shutdown` resolves, then lets the calls in hand come home.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let Self {
            driver,
            consumer,
            partitions,
            clock,
            skew,
            stop,
            drain,
        } = self;
        partitions.up();
        let (clock, clock_check) = clock;
        clock_check.up();
        let crew = driver.crew().clone();
        crew.spawn(intake::run(
            driver.clone(),
            Arc::clone(&consumer),
            partitions,
        ));
        let holder = Arc::clone(&consumer);
        crew.spawn(sweep::run(driver.clone(), move |partition| {
            holder.holds(partition)
        }));
        let journal = driver.recorder().journal.clone();
        crew.spawn(timekeeping::run(
            journal,
            clock,
            skew,
            clock_check,
            crew.clone(),
        ));
        shutdown.await;
        stop.cancel();
        // First of all: what comes from now on is another worker's, and a command can't wait for
        // this one's calls to come home. What lanes still hold is delivered once more.
        if let Err(error) = consumer.close(CLOSE_WITHIN).await {
            tracing::warn!(%error, "some commands will be delivered once more");
        }
        if tokio::time::timeout(drain, crew.gone()).await.is_err() {
            tracing::warn!(
                orders = crew.orders_driven(),
                "stopped with calls in hand; the next worker asks again"
            );
        }
    }
}
