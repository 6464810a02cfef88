//! A worker process: the real driver, intake, sweep and timekeeping over this world's seams.

use super::gateway::Gateways;
use super::journal::SimJournal;
use super::log::SimLog;
use super::process::Process;
use super::wire::SimWire;
use bus::{CommandLog, Consumer, ConsumerOptions, Doorbell, Producer, Sealer};
use chassis::health::Health;
use fleet::{Budget, BudgetOptions, Leases, News};
use orchestrator::{Crew, Driver, Skew};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// What every worker of a world is given.
#[derive(Clone)]
pub(crate) struct Outfit {
    pub(crate) leases: Leases,
    pub(crate) gateways: Gateways,
    pub(crate) sealer: Sealer,
}

/// Starts a worker. It lives until its process is killed; a stopped one just waits.
pub(crate) fn start(
    process: &Arc<Process>,
    outfit: &Outfit,
    doorbell: Option<Doorbell>,
) -> CancellationToken {
    let stop = CancellationToken::new();
    let leases = if process.world.plan.leases_shared {
        outfit.leases.clone()
    } else {
        Leases::in_process()
    };
    let journal = SimJournal(Arc::clone(process));
    let wire = SimWire {
        process: Arc::clone(process),
        gateways: outfit.gateways.clone(),
    };
    let (skew, health) = (Skew::default(), Health::new());
    let crew = Crew::new(stop.clone());
    let driver = Driver::new(
        journal.clone(),
        wire,
        (
            leases,
            News::in_process(),
            Budget::in_process(&BudgetOptions::default()),
        ),
        Arc::<chassis::clock::Steady>::clone(&process.clock),
        skew.clone(),
        crew.clone(),
    );
    let log: Arc<dyn CommandLog> = Arc::new(SimLog(Arc::clone(process)));
    let options = ConsumerOptions {
        // Who hears a bell need not look often.
        reread_ms: if doorbell.is_some() { 5_000 } else { 1_000 },
        ..ConsumerOptions::standard()
    };
    let silent = || Producer::embedded(Arc::clone(&log), outfit.sealer.clone()).doorbell();
    let doorbell = doorbell.unwrap_or_else(silent);
    let consumer = Consumer::embedded(Arc::clone(&log), outfit.sealer.clone(), &doorbell, options);
    let consumer = Arc::new(consumer);
    tokio::spawn(orchestrator::take_commands(
        driver.clone(),
        Arc::clone(&consumer),
    ));
    // Elsewhere nothing is ever parked.
    if process.world.plan.mixed {
        let (check, id) = (health.register("orchestrator.history"), process.id);
        let id = Uuid::from_u128(u128::try_from(id).unwrap_or(0));
        tokio::spawn(orchestrator::try_parked(
            driver.clone(),
            consumer,
            check,
            id,
        ));
    }
    tokio::spawn(orchestrator::sweep(driver, |_| true));
    let check = health.register("orchestrator.clock");
    let clock = Arc::clone(&process.clock);
    tokio::spawn(orchestrator::keep_time(journal, clock, skew, check, crew));
    stop
}
