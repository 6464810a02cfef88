//! The trials as commands: `cargo xtask chaos`, and load with an audit against what already runs.

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use trials::accepting::AcceptingPlan;
use trials::audit::Audit;
use trials::bench::{BenchArgs, Surroundings};
use trials::chaos::ChaosPlan;
use trials::load::{Load, LoadPlan, Mix, Tills};
use trials::{programs, show};

const EXAMPLES: &str = "\
Examples:
  trials chaos --rounds 47 --seed 1
                 a fleet and engines of its own, every fault once, and an audit
  trials chaos --rounds 5 --fault 'hang up' --tidegate ../before/target/debug/tidegate
                 one fault five times, on the binary of another build
  trials accepting --posts 10000
                 requests to pay while Kafka is stopped and started: refused or final, none both
  trials load --gateway http://127.0.0.1:8080 --simulator http://127.0.0.1:8081 \\
    --token-file tidegate-data/merchant.token --per-second 50 --seconds 20
                 tills against what runs there, and an audit by the simulated Alipay's ledger";

const BENCH_EXAMPLES: &str = "\
Examples:
  cargo xtask bench                      everything; about fifteen minutes, best on an idle machine
  cargo xtask bench --quick              a smoke run: does it all work?
  cargo xtask bench --only steady        latencies at 200 payments per second
  cargo xtask bench --only knee --rates 400,600,800 --step-seconds 20 --json knee.json
                                         three rates, longer, for a program to read
  cargo xtask bench --only knee --gateways 2 --orchestrators 2

Tills of `knee`, `pin` and `embedded` ask as tills should: one POST that waits, answered by the final
outcome. Every sale is timed from the instant at which it was to begin. After each scenario every
sale is audited against the simulated Alipay's ledger; a disagreement voids it.

Exit codes: 0 done; 1 something disagrees, or could not be started.";

#[derive(Parser)]
#[command(name = "trials", about = "Load, harm and audit", after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// One fault after the other under steady sales, on a fleet and engines of its own, and an audit.
    Chaos(ChaosArgs),
    /// Requests to pay while Kafka is stopped and started again and again, and an audit.
    Accepting(AcceptingArgs),
    /// Make sales through gateways that run already, then audit them.
    Load(LoadArgs),
    /// How fast the whole stack is, what a payment costs on it, and whether all agree afterwards.
    #[command(after_help = BENCH_EXAMPLES)]
    Bench(BenchArgs),
}

#[derive(Args)]
struct ChaosArgs {
    /// How many faults.
    #[arg(long, default_value_t = 10)]
    rounds: usize,
    /// Where chance begins: the same faults in the same order; drawn if it is not given.
    #[arg(long)]
    seed: Option<u64>,
    /// Sales begun per second.
    #[arg(long, default_value_t = 10)]
    per_second: u32,
    /// Only faults whose names contain this, such as `kill`, `Postgres` or `hang up`.
    #[arg(long, visible_alias = "fault")]
    only: Option<String>,
    /// The `tidegate` binary to harm: that of another build, to see a fault fail on it [default:
    /// beside this program].
    #[arg(long)]
    tidegate: Option<PathBuf>,
    /// A newer release's binary, to mix into the fleet; `cargo xtask chaos` builds one and gives it.
    /// Without one no fleet is mixed.
    #[arg(long)]
    canary: Option<PathBuf>,
    /// Where engines, keys and logs are [default: beside this program].
    #[arg(long)]
    dir: Option<PathBuf>,
}

#[derive(Args)]
struct AcceptingArgs {
    /// How many requests.
    #[arg(long, default_value_t = 10_000)]
    posts: u64,
    /// How many of them per second.
    #[arg(long, default_value_t = 150)]
    per_second: u32,
    /// Where chance begins; drawn if it is not given.
    #[arg(long)]
    seed: Option<u64>,
    /// Where engines, keys and logs are [default: beside this program].
    #[arg(long)]
    dir: Option<PathBuf>,
}

#[derive(Args)]
struct LoadArgs {
    /// A gateway; may be given several times.
    #[arg(long, required = true)]
    gateway: Vec<String>,
    /// The simulated Alipay behind them.
    #[arg(long)]
    simulator: String,
    /// The merchant's token.
    #[arg(long)]
    token_file: PathBuf,
    /// Sales begun per second.
    #[arg(long, default_value_t = 20)]
    per_second: u32,
    /// For how long.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Where chance begins; drawn if it is not given.
    #[arg(long)]
    seed: Option<u64>,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    match Cli::parse().command {
        Command::Chaos(args) => chaos(args).await,
        Command::Accepting(args) => accepting(args).await,
        Command::Load(args) => load(args).await,
        Command::Bench(args) => bench(args).await,
    }
}

async fn chaos(args: ChaosArgs) -> anyhow::Result<ExitCode> {
    let seed = args.seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
    show::say(&format!("seed {seed}"))?;
    let plan = ChaosPlan {
        tidegate: args
            .tidegate
            .map_or_else(|| programs::built("tidegate"), Ok)?,
        canary: args.canary,
        xtask: programs::built("xtask")?,
        folder: args.dir.unwrap_or(programs::folder()?.join("chaos")),
        rounds: args.rounds,
        per_second: args.per_second,
        mix: Mix::rough(),
        seed,
        only: args.only,
    };
    let outcome = trials::chaos::chaos(&plan).await;
    let is_right = outcome.as_ref().is_ok_and(trials::chaos::Outcome::is_right);
    if let Ok(outcome) = &outcome {
        show::say(&outcome.text())?;
    }
    if !is_right {
        show::say(&format!("again: {}", again(&plan)))?;
    }
    outcome.map(|_| ExitCode::from(u8::from(!is_right)))
}

/// The line that does the same again.
fn again(plan: &ChaosPlan) -> String {
    let ChaosPlan {
        tidegate,
        canary,
        rounds,
        per_second,
        seed,
        only,
        ..
    } = plan;
    let only = only.as_ref().map(|only| format!(" --only '{only}'"));
    let only = only.unwrap_or_default();
    let canary = canary.as_ref();
    let canary = canary.map(|canary| format!(" --canary {}", canary.display()));
    let canary = canary.unwrap_or_default();
    let tidegate = tidegate.display();
    format!(
        "cargo xtask chaos --rounds {rounds} --per-second {per_second} --seed {seed}{only} \
         --tidegate {tidegate}{canary}"
    )
}

async fn accepting(args: AcceptingArgs) -> anyhow::Result<ExitCode> {
    let seed = args.seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
    show::say(&format!("seed {seed}"))?;
    let outcome = trials::accepting::accepting(&AcceptingPlan {
        tidegate: programs::built("tidegate")?,
        xtask: programs::built("xtask")?,
        folder: args.dir.unwrap_or(programs::folder()?.join("accepting")),
        posts: args.posts,
        per_second: args.per_second,
        seed,
    })
    .await?;
    show::say(&outcome.text())?;
    Ok(ExitCode::from(u8::from(!outcome.is_right())))
}

async fn load(args: LoadArgs) -> anyhow::Result<ExitCode> {
    let token = std::fs::read_to_string(&args.token_file)
        .with_context(|| format!("{} can't be read", args.token_file.display()))?;
    let seed = args.seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
    let tills = Tills::new(args.gateway, token.trim())?;
    let plan = LoadPlan {
        per_second: args.per_second,
        mix: Mix::rough(),
        cancelled_per_mille: 50,
        gives_up_per_mille: 0,
        prefix: format!("load-{seed}"),
        seed,
    };
    let load = Load::start(plan, tills.clone());
    show::selling(&load, Duration::from_secs(args.seconds)).await?;
    let sales = show::finishing(load).await?;
    let till = tills.till(0);
    let audit = Audit {
        till: &till,
        simulator: &args.simulator,
        within: trials::audit::PATIENCE,
    };
    let report = show::judging(&audit, &sales).await?;
    show::say(&format!("seed {seed}: {}", show::report(&report, &sales)))?;
    Ok(ExitCode::from(u8::from(!report.wrong.is_empty())))
}

async fn bench(args: BenchArgs) -> anyhow::Result<ExitCode> {
    let plan = args.plan(Surroundings {
        tidegate: programs::built("tidegate")?,
        xtask: programs::built("xtask")?,
        folder: programs::folder()?.join("bench"),
        seed: fastrand::u64(..1_000_000),
    });
    let figures = trials::bench::bench(&plan).await?;
    figures.say()?;
    if let Some(file) = &args.json {
        let json = serde_json::to_vec_pretty(&figures)?;
        std::fs::write(file, json)
            .with_context(|| format!("{} can't be written", file.display()))?;
    }
    Ok(ExitCode::from(u8::from(!figures.is_right())))
}
