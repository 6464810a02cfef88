//! The simulation as a command: `cargo xtask sim`.

use anyhow::Context;
use clap::Parser;
use comfy_table::{Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use simulation::batch::{self, Order, Summary};
use simulation::model::scenes;
use std::io::Write;
use std::process::ExitCode;

const EXAMPLES: &str = "\
Examples:
  cargo xtask sim                                  100,000 payments from a seed of the day
  cargo xtask sim --payments 1000000 --seed 1      what CI runs
  cargo xtask sim --model                          the model checker
  cargo xtask sim --seed 4711 --worlds 1           one world again, the one that a failure named";

#[derive(Parser)]
#[command(name = "simulation", about = "Simulated payments between twins of everything that can break", after_help = EXAMPLES)]
struct Cli {
    /// Run the model checker instead.
    #[arg(long)]
    model: bool,
    /// How many payments at least.
    #[arg(long, default_value_t = 100_000)]
    payments: u64,
    /// The first world's seed; each next world's is one more.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Run this many worlds instead.
    #[arg(long)]
    worlds: Option<u64>,
    /// Stop after this many minutes, whatever is done.
    #[arg(long)]
    minutes: Option<u64>,
    /// Stop after this many worlds in which something was wrong.
    #[arg(long, default_value_t = 5)]
    wrong_max: usize,
    /// How many threads; as many as there are cores by default.
    #[arg(long)]
    threads: Option<usize>,
}

#[expect(
    clippy::disallowed_methods,
    reason = "a tool that may be told to stop after some minutes has no other clock"
)]
fn main() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    if cli.model {
        return explore();
    }
    let began = std::time::Instant::now();
    let bar = ProgressBar::new(cli.payments);
    bar.set_style(ProgressStyle::with_template(
        "{bar:40} {human_pos}/{human_len} payments, {per_sec}, {eta} left",
    )?);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = cli.threads.unwrap_or(cores);
    let longest = cli
        .minutes
        .map(|minutes| std::time::Duration::from_secs(minutes * 60));
    let worlds = std::sync::atomic::AtomicU64::new(0);
    let progress = |payments| {
        bar.set_position(payments);
        let ran = worlds.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
        let time_left = longest.is_none_or(|longest| began.elapsed() < longest);
        time_left && cli.worlds.is_none_or(|wanted| ran < wanted)
    };
    let summary = batch::run(&Order {
        seed: cli.seed,
        payments: if cli.worlds.is_some() {
            u64::MAX
        } else {
            cli.payments
        },
        threads: if cli.worlds == Some(1) { 1 } else { threads },
        wrong_max: cli.wrong_max,
        progress: &progress,
    });
    bar.finish_and_clear();
    print(&summary, began.elapsed().as_secs())?;
    if let Some(error) = summary.broken {
        return Err(error).context("a world could not begin");
    }
    let whole = cli.worlds.is_none() && summary.payments >= 100_000;
    let unmet = whole && !summary.unmet().is_empty();
    Ok(ExitCode::from(u8::from(!summary.wrong.is_empty() || unmet)))
}

/// Explores every scene of the model, up to the first in which something is wrong.
fn explore() -> anyhow::Result<ExitCode> {
    let mut out = anstream::stdout().lock();
    for scene in scenes::ALL {
        let name = scene.name;
        let explored = scene.explore()?;
        let (states, steps, depth) = (explored.states, explored.steps, explored.depth);
        writeln!(
            out,
            "{states:>9} states, {steps:>9} steps, {depth:>3} deep: {name}"
        )?;
        for (invariant, way) in &explored.broken {
            writeln!(out, "WRONG: {invariant}\n{}", way.join("\n"))?;
        }
        if !explored.unmet.is_empty() {
            writeln!(out, "never met: {:?}", explored.unmet)?;
        }
        if !explored.broken.is_empty() || !explored.unmet.is_empty() {
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print(summary: &Summary, seconds: u64) -> anyhow::Result<()> {
    let mut out = anstream::stdout().lock();
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    for (numbers, counts) in (1..=simulation::sim::CASES)
        .collect::<Vec<_>>()
        .chunks(7)
        .zip(summary.met.chunks(7))
    {
        let cells = numbers.iter().zip(counts);
        table.add_row(cells.map(|(number, count)| format!("X{number} {count}")));
    }
    writeln!(out, "{table}")?;
    writeln!(
        out,
        "{} payments in {} worlds, {} sold, {} events, {seconds} s",
        summary.payments, summary.worlds, summary.sold, summary.events
    )?;
    for (seed, wrong) in &summary.wrong {
        writeln!(out, "WRONG: cargo xtask sim --seed {seed} --worlds 1")?;
        for line in wrong {
            writeln!(out, "  {line}")?;
        }
    }
    let unmet = summary.unmet();
    if !unmet.is_empty() {
        writeln!(out, "never met: {unmet:?}")?;
    }
    if summary.wrong.is_empty() {
        writeln!(out, "nothing is wrong")?;
    }
    Ok(())
}
