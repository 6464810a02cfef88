//! The project's own tool: `cargo xtask --help`. One tool, no scripts.

mod figures;
mod openapi;
mod schemathesis;
mod served;
mod sim;
mod stack;
mod steps;
mod teeth;
#[cfg(test)]
mod tidy;
mod tree;
mod trials;

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use trials::Built;

const EXAMPLES: &str = "\
Examples:
  cargo xtask test           what CI runs: format, lints, every test, the API's document, a million
                             simulated payments, ten faults on a fleet of processes
  cargo xtask test --fast    the same without the acceptance tests and all behind them (a minute)
  cargo xtask schemathesis   the built binary against its own OpenAPI document
  cargo xtask openapi        that document, read by redocly and spectral
  cargo xtask sim            100,000 simulated payments; --help for more
  cargo xtask chaos          kill, freeze, cut and flush a real fleet under load; --help for more
  cargo xtask accepting      10,000 requests while Kafka is stopped and started; --help for more
  cargo xtask bench          how fast the real stack is and what a payment costs; --help for more
  cargo xtask teeth          seeded faults: does anything find them?
  cargo xtask figures        files, lines, median and largest file
  cargo xtask golden         write the golden files anew, after adding (never changing) a form
  cargo xtask up             PostgreSQL, Redis and Kafka on this machine; --help for more
  cargo xtask down           stop them; --wipe removes their data
  cargo xtask stack          what of them runs; `stack kafka kill` and the like do something to one";

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
    /// Simulated payments: the real driver between twins of everything that can break.
    Sim {
        /// Handed on: see `cargo xtask sim --help`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// What the built binary serves against its OpenAPI document, with every check.
    Schemathesis {
        /// Handed on: see `schemathesis run --help`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// The OpenAPI document that the built binary serves, read by redocly and spectral.
    Openapi,
    /// A fleet of processes on real engines under load, harmed again and again, and audited.
    Chaos {
        /// Handed on: see `cargo xtask chaos --help`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Requests to pay while Kafka is stopped and started: each refused or final, none both.
    Accepting {
        /// Handed on: see `cargo xtask accepting --help`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// How fast the whole stack is, and what a payment costs on it. Builds the release first.
    Bench {
        /// Handed on: see `cargo xtask bench --help`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Seeded faults, each of which the model or the simulation must find.
    Teeth {
        /// Only faults whose names contain this.
        only: Option<String>,
    },
    /// Write the golden files and the published tables anew.
    Golden,
    Up(stack::command::Up),
    Down(stack::command::Down),
    Stack(stack::command::One),
    /// Print where Toxiproxy's server is, which breaks connections on demand; build it at first.
    ///
    /// Needs Go. Start what is printed with `-host 127.0.0.1 -port N`; it is driven over HTTP.
    Toxiproxy,
}

fn main() -> anyhow::Result<ExitCode> {
    match Cli::parse().command {
        Command::Test { fast } => steps::test(fast),
        Command::Sim { args } => sim::run(&args),
        Command::Schemathesis { args } => schemathesis::run(&args),
        Command::Openapi => openapi::run(),
        Command::Chaos { args } => trials::run("chaos", Built::ForTests, &args),
        Command::Accepting { args } => trials::run("accepting", Built::ForTests, &args),
        Command::Bench { args } => trials::run("bench", Built::AsShipped, &args),
        Command::Teeth { only } => teeth::run(only.as_deref()),
        Command::Figures => figures::print(),
        Command::Golden => steps::golden(),
        Command::Up(up) => up.run(),
        Command::Down(down) => down.run(),
        Command::Stack(one) => one.run(),
        Command::Toxiproxy => stack::toxiproxy::print(),
    }
}
