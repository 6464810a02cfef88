//! `tidegate demo`: a lunch hour at a counter, over real HTTP against a temporary standalone with
//! production timings, judged by the customers' balances.

mod board;
mod counter;
mod ledger;
mod report;
mod sales;
mod till;

use crate::exit;
use crate::page::{Page, seconds};
use crate::standalone::{Ports, Setup, Standalone};
use anyhow::Context;
use board::Board;
use chassis::clock::System;
use chassis::metrics::Metrics;
use counter::Counter;
use report::{Made, report};
use sales::SALES;
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
    let page = Page::of_the_watcher();
    let opening = format!(
        "Lunch hour: {} sales against a temporary standalone, with production timings. It takes \
         about 50 seconds.",
        SALES.len()
    );
    {
        let mut err = anstream::stderr().lock();
        writeln!(err, "{}", page.wrapped(&opening, 0).join("\n"))?;
    }
    let made = serve(counter, page).await?;
    let agreed = made
        .iter()
        .filter(|(_, outcome)| outcome.as_ref().is_ok_and(|outcome| outcome.agrees))
        .count();
    standalone.stop().await?;
    let verdict = format!(
        "{agreed} of {} sales agree between till, gateway and customer, after {}.",
        made.len(),
        seconds(began.elapsed())
    );
    let mut out = anstream::stdout().lock();
    for line in report(&made, page)
        .into_iter()
        .chain(page.wrapped(&verdict, 0))
    {
        writeln!(out, "{line}")?;
    }
    let all = agreed == made.len();
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
async fn serve(counter: Counter, page: Page) -> anyhow::Result<Vec<Made<'static>>> {
    let board = Board::new(page);
    let mut sales = JoinSet::new();
    for (number, sale) in SALES.iter().enumerate() {
        let (counter, line) = (counter.clone(), board.line(sale));
        let turn = u32::try_from(number).unwrap_or(u32::MAX);
        sales.spawn(async move {
            tokio::time::sleep(NEXT_CUSTOMER_AFTER.saturating_mul(turn)).await;
            line.began();
            let outcome = counter.make(number.saturating_add(1), sale).await;
            line.ended(&match &outcome {
                Ok(outcome) => format!("{:8} {:>6}", outcome.outcome, seconds(outcome.after)),
                // What broke stands in the report, which has the room.
                Err(_) => "failed".to_owned(),
            });
            (number, sale, outcome)
        });
    }
    let mut outcomes = sales.join_all().await;
    outcomes.sort_by_key(|(number, _, _)| *number);
    let outcomes = outcomes.into_iter();
    Ok(outcomes.map(|(_, sale, outcome)| (sale, outcome)).collect())
}
