//! `tidegate demo`: a lunch hour at a counter, over real HTTP against a temporary standalone with
//! production timings, judged by the customers' balances.

mod board;
mod counter;
mod ledger;
mod sales;
mod till;

use crate::exit;
use crate::standalone::{Ports, Setup, Standalone};
use anyhow::Context;
use board::{Board, seconds, table};
use chassis::clock::System;
use chassis::metrics::Metrics;
use counter::{Counter, Outcome};
use sales::{SALES, Sale};
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;
use till::Till;
use tokio::task::JoinSet;

/// Between two customers.
const NEXT_CUSTOMER_AFTER: Duration = Duration::from_millis(250);

/// Plays the lunch hour; exit 1 if any sale's parties disagree.
pub(crate) async fn play() -> anyhow::Result<ExitCode> {
    let began = tokio::time::Instant::now();
    let data = tempfile::tempdir().context("no temporary directory can be made")?;
    let free = Ports {
        gateway: 0,
        simulator: 0,
    };
    let setup = Setup::demo(data.path(), free, &System)?;
    let standalone = Standalone::start(setup, Metrics::install()?).await?;
    let counter = counter(&standalone)?;
    {
        let mut err = anstream::stderr().lock();
        writeln!(
            err,
            "Lunch hour: {} sales against a temporary standalone, production timings. About a \
             minute.",
            SALES.len()
        )?;
    }
    let outcomes = serve(counter).await?;
    let agreed = outcomes
        .iter()
        .filter(|(_, outcome)| outcome.as_ref().is_ok_and(|outcome| outcome.agrees))
        .count();
    standalone.stop().await?;
    let mut out = anstream::stdout().lock();
    writeln!(out, "{}", table(&outcomes))?;
    writeln!(
        out,
        "{agreed} of {} sales agree between till, gateway and customer, after {}.",
        outcomes.len(),
        seconds(began.elapsed())
    )?;
    let all = agreed == outcomes.len();
    Ok(ExitCode::from(if all { 0 } else { exit::DISAGREE }))
}

fn counter(standalone: &Standalone) -> anyhow::Result<Counter> {
    let token_file = standalone
        .token_file
        .as_ref()
        .context("no token was made")?;
    let token = std::fs::read_to_string(token_file).context("the token can't be read")?;
    let simulator = standalone.simulator.context("no Alipay was simulated")?;
    Ok(Counter {
        till: Till::new(format!("http://{}", standalone.gateway), token)?,
        simulator: format!("http://{simulator}"),
    })
}

/// Serves all customers, one beginning a moment after the other.
async fn serve(counter: Counter) -> anyhow::Result<Vec<(&'static Sale, anyhow::Result<Outcome>)>> {
    let board = Board::new();
    let mut sales = JoinSet::new();
    for (number, sale) in SALES.iter().enumerate() {
        let (counter, line) = (counter.clone(), board.line(sale)?);
        let turn = u32::try_from(number).unwrap_or(u32::MAX);
        sales.spawn(async move {
            tokio::time::sleep(NEXT_CUSTOMER_AFTER.saturating_mul(turn)).await;
            line.began();
            let outcome = counter.make(number.saturating_add(1), sale).await;
            line.ended(&match &outcome {
                Ok(outcome) => format!("told {} after {}", outcome.told, seconds(outcome.after)),
                Err(error) => format!("{error:#}"),
            });
            (number, sale, outcome)
        });
    }
    let mut outcomes = sales.join_all().await;
    outcomes.sort_by_key(|(number, _, _)| *number);
    let outcomes = outcomes.into_iter();
    Ok(outcomes.map(|(_, sale, outcome)| (sale, outcome)).collect())
}
