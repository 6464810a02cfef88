//! Puts the rooms together in one process: each through its own `App::build`, joined by nothing
//! but what they are handed here.

use super::setup::Setup;
use crate::config::Config;
use crate::embedded_log::EmbeddedLog;
use crate::exit::Unavailable;
use crate::rooms::{line, notifications, operations};
use crate::sealer::sealer;
use anyhow::Context;
use bus::{CommandLog, Consumer, ConsumerOptions, Producer};
use chassis::clock::{Clock, Steady, System};
use chassis::health::Health;
use chassis::metrics::Metrics;
use chassis::operations::Operations;
use fleet::{Budget, Leases, News};
use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
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
    let machine: Arc<dyn Clock> = Arc::new(System);
    let clock = Arc::new(Steady::of(Arc::clone(&machine)));
    let store = Store::open(&data_dir.join("tidegate.sqlite3"))
        .await
        .with_context(|| format!("the database in {} can't be used", data_dir.display()))?;
    let (producer, consumer) = command_log(&config, &store)?;
    let (leases, news, health) = (Leases::in_process(), News::in_process(), Health::new());
    let operations = operations(config.operations.listen, health.clone(), metrics).await?;
    // Without a configuration file the ports come from the command line.
    let from_options = simulator.is_some();
