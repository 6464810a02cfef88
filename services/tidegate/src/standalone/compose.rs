//! Puts the rooms together in one process: each through its own `App::build`, joined by nothing
//! but what they are handed here.

use super::setup::Setup;
use crate::config::Config;
use crate::embedded_log::EmbeddedLog;
use crate::exit::Unavailable;
use crate::rooms::{keep_account, line, notifications, operations};
use crate::sealer::sealer;
use anyhow::Context;
use bus::{CommandLog, Consumer, ConsumerOptions, Producer};
use chassis::clock::{Clock, Steady, System};
use chassis::health::{Check, Health};
use chassis::metrics::Metrics;
use chassis::operations::Operations;
use chassis::permissions;
use fleet::{Budget, Leases, News};
use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::Store;

/// The rooms, bound to their ports, not yet running.
pub(crate) struct Rooms {
    pub(crate) gateway: gateway::App,
    pub(crate) orchestrator: orchestrator::App,
    pub(crate) projector: projector::App,
    pub(crate) simulator: Option<alipay_simulator::App>,
    pub(crate) operations: Operations,
    pub(crate) store: Store,
    /// Whether the store can be written, as readiness tells it.
    pub(crate) database: Check,
    pub(crate) data_dir: PathBuf,
    /// Held as long as the process lives: one standalone per data directory.
    pub(crate) claim: File,
}

/// Builds everything.
pub(crate) async fn compose(setup: Setup, metrics: Metrics) -> anyhow::Result<Rooms> {
    let Setup {
        mut config,
        data_dir,
        simulator,
        token_file: _,
    } = setup;
    let claim = claim(&data_dir)?;
    let database = private_database(&data_dir)?;
    let machine: Arc<dyn Clock> = Arc::new(System);
    let clock = Arc::new(Steady::of(Arc::clone(&machine)));
    let store = open(&database, &data_dir).await?;
    keep_account(&store, &config).await?;
    let (producer, consumer) = command_log(&config, &store)?;
    let (leases, news, health) = (Leases::in_process(), News::in_process(), Health::new());
    let operations = operations(config.operations.listen, health.clone(), metrics).await?;
    // Without a configuration file the ports come from the command line.
    let from_options = simulator.is_some();
    let database = health.register("database");
    // It was just opened.
    database.up();
    let simulator = simulator
        .map(|settings| {
            let built = alipay_simulator::App::build(&settings, machine);
            built.map_err(|error| port_of(error, settings.listen, "--simulator-port"))
        })
        .transpose()?;
    let listen = config.gateway.listen;
    let gateway = gateway::App::build(
        config.gateway(),
        gateway::Parts {
            store: store.clone(),
            producer,
            news: news.clone(),
            alipay: notifications(&config)?,
            clock: Arc::<Steady>::clone(&clock),
            health: health.clone(),
        },
    );
    let gateway = match gateway {
        Err(error) if from_options => return Err(port_of(error, listen, "--port")),
        built => built?,
    };
    if let Some(simulator) = &simulator {
        point_at(&mut config, simulator.addr(), gateway.addr());
    }
    let projector = projector::App::build(&config.projector, store.clone(), &health);
    let orchestrator = orchestrator::App::build(
        &config.orchestrator,
        orchestrator::Parts {
            store: store.clone(),
            consumer,
            line: line(&config)?,
            leases,
            news,
            budget: Budget::in_process(&config.fleet.budget),
            clock,
            health,
        },
    );
    Ok(Rooms {
        gateway,
        orchestrator,
        projector,
        simulator,
        operations,
        store,
        database,
        data_dir,
        claim,
    })
}

async fn open(database: &Path, data_dir: &Path) -> anyhow::Result<Store> {
    let opened = Store::open(database).await;
    opened.with_context(|| format!("the database in {} can't be used", data_dir.display()))
}

/// Why there is no listening here, with the option that takes another port.
fn port_of(error: anyhow::Error, listen: SocketAddr, option: &str) -> anyhow::Error {
    let is_io = |cause: &(dyn std::error::Error + 'static)| cause.is::<std::io::Error>();
    let here = format!("{error:#}").contains(&listen.to_string());
    if !(here && error.chain().any(is_io)) {
        return error;
    }
    let cause = error.root_cause();
    let problem = format!(
        "port {} of {} can't be had ({cause}); another process may listen there: stop it, or take \
         another port with {option} PORT (0 takes a free one)",
        listen.port(),
        listen.ip()
    );
    Unavailable(problem).into()
}

fn command_log(config: &Config, store: &Store) -> anyhow::Result<(Producer, Consumer)> {
    let sealer = sealer(&config.bus)?;
    let commands = store
        .embedded_commands()
        .context("only the embedded database keeps a command log")?;
    let log: Arc<dyn CommandLog> = Arc::new(EmbeddedLog(commands));
    let producer = Producer::embedded(Arc::clone(&log), sealer.clone());
    let options = ConsumerOptions::standard();
    let consumer = Consumer::embedded(log, sealer, &producer.doorbell(), options);
    Ok((producer, consumer))
}

/// Now that both ports are known, each can be told of the other.
fn point_at(config: &mut Config, simulator: SocketAddr, gateway: SocketAddr) {
    config.alipay.base_url = format!("http://{simulator}");
    config.alipay.notify_url = format!("http://{gateway}/alipay/v1/notifications/payments");
}

/// The database's path; nobody but its owner may read its files, those of before included.
fn private_database(data_dir: &Path) -> anyhow::Result<PathBuf> {
    let path = data_dir.join("tidegate.sqlite3");
    permissions::keep_private(&path)
        .and_then(|()| permissions::keep_private_if_there(&data_dir.join("tidegate.sqlite3-wal")))
        .and_then(|()| permissions::keep_private_if_there(&data_dir.join("tidegate.sqlite3-shm")))
        .map_err(|error| {
            Unavailable(format!(
                "{} can't be kept from others ({error}); it must belong to the user who runs \
                 tidegate",
                path.display()
            ))
        })?;
    Ok(path)
}

/// Two processes on one embedded log would work against each other.
fn claim(data_dir: &Path) -> anyhow::Result<File> {
    let path = data_dir.join("lock");
    let file = File::create(&path).with_context(|| format!("{} can't be made", path.display()))?;
    if let Err(error) = file.try_lock() {
        let problem = format!(
            "{} is in use by another tidegate ({error}); stop that one, or give another directory \
             with --data-dir",
            data_dir.display()
        );
        return Err(Unavailable(problem).into());
    }
    Ok(file)
}
