//! One room as a process of its own, any number of each, on Kafka, PostgreSQL and Redis. What a
//! room does is the same as in a standalone; only what it is handed differs.

mod engines;
mod shared;
mod watch;

pub(crate) use engines::adopt;

use crate::config::{Config, Part};
use crate::rooms::{keep_account, line, notifications};
use crate::sealer::sealer;
use anyhow::Context;
use bus::{Consumer, ConsumerOptions, Producer};
use chassis::metrics::Metrics;
use chassis::operations::Operations;
use chassis::shutdown::Shutdown;
use fleet::{Budget, Leases, News};
use shared::Shared;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;

/// Runs one room until it is asked to stop.
///
/// # Errors
/// What it can't be started with or failed with, and what to do.
pub(crate) async fn run(part: Part, config: Config, shutdown: &Shutdown) -> anyhow::Result<()> {
    match part {
        Part::Gateway => gateway(config, shutdown).await,
        Part::Orchestrator => orchestrator(config, shutdown).await,
        Part::Projector => projector(config, shutdown).await,
        Part::Schema => engines::migrate(&config).await,
        Part::Topics => engines::apply_topics(&config).await,
        Part::Standalone | Part::Simulator | Part::Rebuild | Part::Operator => {
            anyhow::bail!(
                "`tidegate {}` is not one of a fleet's processes",
                part.name()
            )
        }
    }
}

async fn gateway(config: Config, shutdown: &Shutdown) -> anyhow::Result<()> {
    let metrics = Metrics::install()?;
    let shared = Shared::open(&config).await?;
    let operations = operations(&config, &shared, metrics).await?;
    let link = shared.redis(&config, shutdown)?;
    let producer = Producer::kafka(config.kafka()?, sealer(&config.bus)?)
        .context("the command log can't be used")?;
    let app = gateway::App::build(
        config.gateway(),
        gateway::Parts {
            store: shared.store.clone(),
            producer,
            news: News::redis(&link),
            alipay: notifications(&config)?,
            clock: Arc::<chassis::clock::Steady>::clone(&shared.clock),
            health: shared.health.clone(),
        },
    )?;
    shared.watch_database(shutdown);
    shared.keep_time(shutdown);
    Shared::look_at_topics(&config, shutdown)?;
    let addr = app.addr();
    beside(Part::Gateway, Some(addr), operations, shutdown, |stop| {
        app.run(stop)
    })
    .await?;
    shared.store.close().await;
    Ok(())
}

async fn orchestrator(config: Config, shutdown: &Shutdown) -> anyhow::Result<()> {
    let metrics = Metrics::install()?;
    let shared = Shared::open(&config).await?;
    keep_account(&shared.store, &config).await?;
    let operations = operations(&config, &shared, metrics).await?;
    let link = shared.redis(&config, shutdown)?;
    let consumer = Consumer::kafka(
        config.kafka()?,
        sealer(&config.bus)?,
        ConsumerOptions::standard(),
    )
    .context("the command log can't be used")?;
    let app = orchestrator::App::build(
        &config.orchestrator,
        orchestrator::Parts {
            store: shared.store.clone(),
            consumer,
            line: line(&config)?,
            leases: Leases::redis(&link),
            news: News::redis(&link),
            budget: Budget::redis(&link, &config.alipay.client_id, &config.fleet.budget),
            clock: Arc::<chassis::clock::Steady>::clone(&shared.clock),
            health: shared.health.clone(),
        },
    );
    shared.watch_database(shutdown);
    Shared::look_at_topics(&config, shutdown)?;
    beside(Part::Orchestrator, None, operations, shutdown, |stop| {
        app.run(stop)
    })
    .await?;
    shared.store.close().await;
    Ok(())
}

async fn projector(config: Config, shutdown: &Shutdown) -> anyhow::Result<()> {
    let metrics = Metrics::install()?;
    let shared = Shared::open(&config).await?;
    let operations = operations(&config, &shared, metrics).await?;
    let app = projector::App::build(&config.projector, shared.store.clone(), &shared.health);
    shared.watch_database(shutdown);
    beside(Part::Projector, None, operations, shutdown, |stop| {
        app.run(stop)
    })
    .await?;
    shared.store.close().await;
    Ok(())
}

/// The door for operators.
async fn operations(
    config: &Config,
    shared: &Shared,
    metrics: Metrics,
) -> anyhow::Result<Operations> {
    crate::rooms::operations(config.operations.listen, shared.health.clone(), metrics).await
}

/// Runs a room beside its operators' door, which closes last. `serves` is where others than
/// operators call it.
async fn beside<R: Future<Output = ()>>(
    part: Part,
    serves: Option<SocketAddr>,
    operations: Operations,
    shutdown: &Shutdown,
    room: impl FnOnce(tokio_util::sync::WaitForCancellationFutureOwned) -> R,
) -> anyhow::Result<()> {
    let addr = operations.addr();
    let (gone, closing) = tokio::sync::oneshot::channel::<()>();
    let mut door = tokio::spawn(operations.run(async move {
        let _gone = closing.await;
    }));
    if serves.is_some() {
        let mut out = anstream::stdout().lock();
        writeln!(
            out,
            "tidegate {} tells operators how it is on http://{addr}",
            part.name()
        )?;
    }
    ready(part, serves.unwrap_or(addr))?;
    tokio::select! {
        () = room(shutdown.requested_owned()) => {}
        ended = &mut door => {
            ended?;
            anyhow::bail!("the operators' door ended by itself; see the log above");
        }
    }
    drop(gone);
    door.await?;
    Ok(())
}

/// Tells whoever started the process that it is ready, and where.
pub(crate) fn ready(part: Part, addr: SocketAddr) -> anyhow::Result<()> {
    let mut out = anstream::stdout().lock();
    writeln!(out, "tidegate {} is ready on http://{addr}", part.name())?;
    out.flush()?;
    Ok(())
}
