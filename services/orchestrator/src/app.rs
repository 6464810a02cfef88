//! The orchestrator as a process runs it: intake, sweep and clock watch, until told to stop.

use crate::drive::Driver;
use crate::{Config, Crew, Line, Skew, intake, parked, sweep, timekeeping};
use bus::Consumer;
use chassis::clock::Steady;
use chassis::health::{Check, Health};
use chassis::kept::keep;
use fleet::{Budget, Leases, News};
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

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
    history: Check,
    health: Health,
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
            history: parts.health.register("orchestrator.history"),
            health: parts.health.clone(),
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
            history,
            health,
            clock,
            skew,
            stop,
            drain,
        } = self;
        let (clock, clock_check) = clock;
        clock_check.up();
        let crew = driver.crew().clone();
        let (driving, taking) = (driver.clone(), Arc::clone(&consumer));
        crew.spawn(keep("orchestrator.intake", health.clone(), move || {
            intake::run(driving.clone(), Arc::clone(&taking))
        }));
        let (driving, reading) = (driver.clone(), Arc::clone(&consumer));
        let process = Uuid::new_v4();
        crew.spawn(keep("orchestrator.parked", health.clone(), move || {
            let reading = Arc::clone(&reading);
            parked::run(driving.clone(), reading, history.clone(), process)
        }));
        let (driving, holder) = (driver.clone(), Arc::clone(&consumer));
        crew.spawn(keep("orchestrator.sweep", health.clone(), move || {
            let holder = Arc::clone(&holder);
            sweep::run(driving.clone(), move |partition| holder.holds(partition))
        }));
        let journal = driver.recorder().journal.clone();
        let keeping = crew.clone();
        crew.spawn(keep("orchestrator.timekeeping", health, move || {
            timekeeping::run(
                journal.clone(),
                Arc::clone(&clock),
                skew.clone(),
                clock_check.clone(),
                keeping.clone(),
            )
        }));
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
