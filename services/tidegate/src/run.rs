//! From the command line to a running process, and from what went wrong to its exit code.

use crate::cli::{Cli, Command, Places};
use crate::config::Config;
use crate::standalone::{Ports, Setup, Standalone, greet};
use crate::{demo, exit, rebuild};
use anyhow::Context;
use chassis::clock::System;
use chassis::logging;
use chassis::metrics::Metrics;
use chassis::shutdown::Shutdown;
use clap::Parser;
use std::io::Write;
use std::process::ExitCode;

/// Runs what the command line says.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
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
    let config = configuration(&cli.places)?;
    if cli.check_config {
        return checked(config.as_ref());
    }
    let logging = match &config {
        Some(config) => config.logging.clone(),
        None => logging::Config {
            filter: std::env::var("TIDEGATE_LOG").unwrap_or_else(|_| default_filter(cli.command)),
            ..logging::Config::default()
        },
    };
    logging::start(&logging)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime can't be started")?;
    match cli.command.unwrap_or(Command::Standalone) {
        Command::Standalone => runtime.block_on(standalone(&cli.places, config)),
        Command::Demo => runtime.block_on(demo::play()),
        Command::Rebuild => runtime.block_on(rebuild::rebuild(&cli.places.data_dir)),
    }
}

/// A demo's own table says what happened; its log would only be in the way.
fn default_filter(command: Option<Command>) -> String {
    match command {
        Some(Command::Demo | Command::Rebuild) => "off".to_owned(),
        Some(Command::Standalone) | None => "info,actix_server=warn,sqlx=warn".to_owned(),
    }
}

fn configuration(places: &Places) -> anyhow::Result<Option<Config>> {
    let Some(path) = &places.config else {
        return Ok(None);
    };
    let config = chassis::config::load(Some(path))
        .with_context(|| format!("the configuration {} is wrong", path.display()));
    config.map(Some).map_err(|error| {
        // Each fault on a line of its own is easier to work off than a chain of colons.
        match error.downcast_ref::<chassis::config::Faults>() {
            Some(faults) => {
                let told = format!("the configuration {} is wrong:\n{faults}", path.display());
                anyhow::Error::new(faults.clone()).context(told)
            }
            None => error,
        }
    })
}

fn checked(config: Option<&Config>) -> anyhow::Result<ExitCode> {
    let mut out = anstream::stdout().lock();
    match config {
        Some(config) => writeln!(out, "right: {} merchants", config.merchants.len())?,
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
