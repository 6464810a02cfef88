//! From the command line to a running process, and from what went wrong to its exit code.

use crate::cli::{Cli, Command, Places};
use crate::config::{Config, Part};
use crate::standalone::{Ports, Setup, Standalone, greet};
use crate::{
    dead_letters, demo, exit, heeded, init, payments, processes, rebuild, simulated, token,
};
use anyhow::Context;
use chassis::clock::System;
use chassis::config::Faults;
use chassis::logging;
use chassis::metrics::Metrics;
use chassis::shutdown::Shutdown;
use std::io::Write;
use std::process::ExitCode;

/// Runs what the command line says.
pub fn main() -> ExitCode {
    let cli = match heeded::parse(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) => {
            // To standard output for --help, with exit code 0; else to standard error.
            let told = error.print();
            let usage = error.use_stderr() || told.is_err();
            return ExitCode::from(if usage { exit::USAGE } else { 0 });
        }
    };
    match start(&cli) {
        Ok(code) => code,
        Err(error) => {
            let mut err = anstream::stderr().lock();
            // Nothing is left to be done if standard error is gone too.
            let _gone = writeln!(err, "tidegate: {error:#}");
            exit::code(&error)
        }
    }
}

fn start(cli: &Cli) -> anyhow::Result<ExitCode> {
    let command = cli.command.clone().unwrap_or(Command::Standalone);
    let part = command.part().unwrap_or(Part::Standalone);
    if let (Command::AlipaySimulator, Some(path)) = (&command, &cli.places.config) {
        return simulated::run(path, cli.check_config);
    }
    let config = configuration(&cli.places, part)?;
    if config.is_none() && command == Command::Standalone {
        refuse_overrides()?;
    }
    if cli.check_config {
        return checked(config.as_ref(), part);
    }
    let logging = match &config {
        Some(config) => config.logging.clone(),
        None => logging::Config {
            filter: std::env::var("TIDEGATE_LOG").unwrap_or_else(|_| default_filter(&command)),
            ..logging::Config::default()
        },
    };
    logging::start(&logging)?;
    chassis::descriptors::raise();
    if let Some(config) = &config {
        warn_of(&config.remarks_for(part));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime can't be started")?;
    match command {
        Command::Standalone => runtime.block_on(standalone(&cli.places, config)),
        Command::Demo => runtime.block_on(demo::play()),
        Command::Rebuild => runtime.block_on(rebuild::rebuild(config, &cli.places)),
        Command::Init(engines) => init::write(&cli.places, &engines),
        Command::Token { merchant } => token::issue(config.as_ref(), &cli.places, &merchant),
        Command::Payments { deed } => runtime.block_on(payments::run(config, &cli.places, &deed)),
        Command::DeadLetters { deed } => {
            runtime.block_on(dead_letters::run(config.as_ref(), &cli.places, &deed))
        }
        Command::Gateway
        | Command::Orchestrator
        | Command::Projector
        | Command::AlipaySimulator
        | Command::Migrate
        | Command::Topics { .. } => runtime.block_on(process(part, config)),
        Command::Adopt => runtime.block_on(adopt(config)),
    }
}

/// A demo's own table says what happened; its log would only be in the way.
fn default_filter(command: &Command) -> String {
    match command {
        Command::Demo
        | Command::Rebuild
        | Command::Init(_)
        | Command::Token { .. }
        | Command::Payments { .. }
        | Command::DeadLetters { .. } => "off".to_owned(),
        Command::Standalone
        | Command::Gateway
        | Command::Orchestrator
        | Command::Projector
        | Command::AlipaySimulator
        | Command::Migrate
        | Command::Adopt
        | Command::Topics { .. } => "info,actix_server=warn,sqlx=warn".to_owned(),
    }
}

fn configuration(places: &Places, part: Part) -> anyhow::Result<Option<Config>> {
    let Some(path) = &places.config else {
        return Ok(None);
    };
    let check = |config: &Config, faults: &mut Faults| config.check_for(part, faults);
    let config = chassis::config::load_checked(Some(path), check);
    Ok(Some(config.map_err(|faults| exit::Misconfigured {
        path: path.clone(),
        faults,
    })?))
}

/// Nothing is overridden where there is no file: who sets a variable all the same is told so, rather
/// than served something else than they set.
fn refuse_overrides() -> anyhow::Result<()> {
    let overrides = chassis::config::overrides();
    if overrides.is_empty() {
        return Ok(());
    }
    let mut faults = Faults::default();
    let problem = format!(
        "without --config FILE there are no settings to override; give one, or unset {}",
        overrides.join(", ")
    );
    faults.add("", problem);
    Err(faults.into())
}

fn warn_of(remarks: &Faults) {
    for remark in &remarks.0 {
        tracing::warn!(setting = remark.setting, "{}", remark.problem);
    }
}

fn checked(config: Option<&Config>, part: Part) -> anyhow::Result<ExitCode> {
    let mut out = anstream::stdout().lock();
    match config {
        Some(config) => {
            let (name, merchants) = (part.name(), config.merchants.len());
            writeln!(out, "right for `tidegate {name}`: {merchants} merchants")?;
            let remarks = config.remarks_at_check(part);
            if !remarks.0.is_empty() {
                writeln!(out, "to be known:\n{remarks}")?;
            }
        }
        None => writeln!(
            out,
            "there is no configuration to check; give one with --config FILE"
        )?,
    }
    Ok(ExitCode::from(if config.is_some() {
        0
    } else {
        exit::USAGE
    }))
}

/// One part of a fleet.
async fn process(part: Part, config: Option<Config>) -> anyhow::Result<ExitCode> {
    let config = needed(part.name(), config)?;
    let shutdown = Shutdown::new();
    shutdown
        .on_signals()
        .context("signals can't be listened to")?;
    processes::run(part, config, &shutdown).await?;
    Ok(ExitCode::SUCCESS)
}

/// Takes over a database that came from another server.
async fn adopt(config: Option<Config>) -> anyhow::Result<ExitCode> {
    let config = needed("adopt", config)?;
    processes::adopt(&config).await?;
    Ok(ExitCode::SUCCESS)
}

fn needed(command: &str, config: Option<Config>) -> anyhow::Result<Config> {
    config.ok_or_else(|| {
        let mut faults = Faults::default();
        let problem = format!(
            "`tidegate {command}` needs a configuration: give it with --config FILE; `tidegate \
             init` writes one for a trial"
        );
        faults.add("", problem);
        faults.into()
    })
}

async fn standalone(places: &Places, config: Option<Config>) -> anyhow::Result<ExitCode> {
    let ports = Ports {
        gateway: places.port,
        simulator: places.simulator_port,
    };
    let setup = match config {
        Some(config) => Setup::configured(config, &places.data_dir)?,
        None => Setup::demo(&places.data_dir, ports, &System)?,
    };
    let shutdown = Shutdown::new();
    shutdown
        .on_signals()
        .context("signals can't be listened to")?;
    let standalone = Standalone::start(setup, Metrics::install()?).await?;
    greet(&standalone)?;
    standalone.run(&shutdown).await?;
    Ok(ExitCode::SUCCESS)
}
