//! What `test` and `golden` run, and how long each step took.

use crate::stack::trial::Trial;
use anyhow::Context;
use comfy_table::{Cell, Color, Table, presets};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

/// One step.
struct Step {
    name: &'static str,
    program: Program,
    args: Vec<&'static str>,
}

/// What a step runs.
#[derive(Clone, Copy)]
enum Program {
    Cargo,
    /// This tool itself.
    Xtask,
    /// A binary that the tests' step has built; `cargo run` would build its dependencies anew.
    Built(&'static str),
}

impl Program {
    fn name(self) -> &'static str {
        match self {
            Self::Cargo => "cargo",
            Self::Xtask => "cargo xtask",
            Self::Built(name) => name,
        }
    }

    fn path(self) -> anyhow::Result<PathBuf> {
        Ok(match self {
            Self::Cargo => PathBuf::from(env!("CARGO")),
            Self::Xtask => std::env::current_exe().context("where is this tool?")?,
            Self::Built(name) => crate::tree::root().join("target").join("debug").join(name),
        })
    }
}

/// Format, lints, tests on the real engines, the API against its document, simulation, chaos.
pub(crate) fn test(fast: bool) -> anyhow::Result<ExitCode> {
    let mut steps = vec![
        Step {
            name: "format",
            program: Program::Cargo,
            args: vec!["fmt", "--all", "--check"],
        },
        Step {
            name: "lints",
            program: Program::Cargo,
            args: vec![
                "clippy",
                "--workspace",
                "--all-targets",
                "--quiet",
                "--",
                "-D",
                "warnings",
            ],
        },
    ];
    // One run for all: another selection of crates would build their dependencies anew.
    let mut args = vec!["test", "--workspace"];
    if fast {
        args.extend(["--exclude", "tidegate"]);
    }
    steps.push(Step {
        name: "tests",
        program: Program::Cargo,
        args,
    });
    if !fast {
        steps.push(Step {
            name: "the API against its OpenAPI document",
            program: Program::Xtask,
            args: vec!["schemathesis"],
        });
        steps.push(Step {
            name: "a million simulated payments",
            program: Program::Built("simulation"),
            args: vec!["--payments", "1000000", "--seed", "1"],
        });
        // Another seed each time: it is printed, and so is the line that runs it again.
        steps.push(Step {
            name: "ten faults on a fleet of processes",
            program: Program::Built("trials"),
            args: vec!["chaos", "--rounds", "10"],
        });
    }
    if fast {
        return run(&steps, &[]);
    }
    say("PostgreSQL, Redis and Kafka for the tests")?;
    let engines = Trial::start()?;
    let ran = run(&steps, &engines.environment());
    engines.stop()?;
    ran
}

/// The golden files and published tables, written anew.
pub(crate) fn golden() -> anyhow::Result<ExitCode> {
    let step = Step {
        name: "golden",
        program: Program::Cargo,
        args: vec!["test", "-p", "payment", "-p", "store", "-p", "bus"],
    };
    let write = |name| (name, "1".to_owned());
    run(&[step], &[write("UPDATE_EXPECT"), write("UPDATE_GOLDEN")])
}

#[expect(
    clippy::disallowed_methods,
    reason = "a tool that times its steps has no clock to be told by"
)]
fn run(steps: &[Step], environment: &[(&'static str, String)]) -> anyhow::Result<ExitCode> {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(["step", "time", ""]);
    let mut passed = true;
    for step in steps {
        let shown = format!("{} {}", step.program.name(), step.args.join(" "));
        say(&shown)?;
        let began = std::time::Instant::now();
        let status = Command::new(step.program.path()?)
            .args(&step.args)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .current_dir(crate::tree::root())
            .status()
            .with_context(|| format!("{shown} can't be run"))?;
        passed = status.success();
        let verdict = if passed {
            Cell::new("ok").fg(Color::Green)
        } else {
            Cell::new("FAILED: see above").fg(Color::Red)
        };
        table.add_row([
            Cell::new(step.name),
            Cell::new(time(began.elapsed())),
            verdict,
        ]);
        if !passed {
            break;
        }
    }
    say(&table.to_string())?;
    Ok(ExitCode::from(u8::from(!passed)))
}

fn say(text: &str) -> anyhow::Result<()> {
    let mut err = anstream::stderr().lock();
    writeln!(err, "\n{text}").context("standard error is gone")
}

fn time(took: Duration) -> String {
    format!("{} min {:02} s", took.as_secs() / 60, took.as_secs() % 60)
}
