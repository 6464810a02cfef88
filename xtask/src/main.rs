//! The project's own tool: `cargo xtask --help`. One tool, no scripts.

mod figures;
mod steps;
#[cfg(test)]
mod tidy;
mod tree;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

const EXAMPLES: &str = "\
Examples:
  cargo xtask test           what CI runs: format, lints, every test
  cargo xtask test --fast    the same without the acceptance tests (about a minute)
  cargo xtask figures        files, lines, median and largest file
  cargo xtask golden         write the golden files anew, after adding (never changing) a form";

#[derive(Parser)]
#[command(name = "xtask", about = "Tidegate's own tool", after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Format, lints and every test, with the time of each.
    Test {
        /// Leave out the acceptance tests, which wait for real time-outs.
        #[arg(long)]
        fast: bool,
    },
    /// Files, lines, median and largest file of production code and of tests.
    Figures,
    /// Write the golden files and the published tables anew.
    Golden,
}

fn main() -> anyhow::Result<ExitCode> {
    match Cli::parse().command {
        Command::Test { fast } => steps::test(fast),
        Command::Figures => figures::print(),
        Command::Golden => steps::golden(),
    }
}
