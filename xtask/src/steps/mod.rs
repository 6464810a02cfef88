//! What `test` and `golden` run, in which order, and what beside what.

mod beside;
mod coming;
mod table;

use crate::stack::trial::Trial;
use anyhow::Context;
use beside::Beside;
use coming::Coming;
use std::io::Write;
use std::process::ExitCode;
use table::{Program, Step, StepTable};

/// Format, lints, tests on the real engines, the API against its document, simulation, chaos.
///
/// The engines come up while lints and tests are built, and the simulated payments, which need a
/// processor and nothing else, have what the tests leave of it.
pub(crate) fn test(fast: bool) -> anyhow::Result<ExitCode> {
    let mut table = StepTable::new();
    let passed = if fast {
        let steps = lints()
            .into_iter()
            .chain([tests(&["--exclude", "tidegate"])]);
        table.run(steps, &[])
    } else {
        whole(&mut table)
    };
    table.say()?;
    Ok(ExitCode::from(u8::from(!passed?)))
}

fn whole(table: &mut StepTable) -> anyhow::Result<bool> {
    say("PostgreSQL, Redis and Kafka come up beside the first steps")?;
    let mut engines = Coming::start();
    let mut built = Ok(true);
    for step in lints().into_iter().chain([build()]) {
        // Without them all else is in vain.
        engines = engines.looked_at();
        if engines.failed() || !matches!(built, Ok(true)) {
            break;
        }
        built = table.run([step], &[]);
    }
    let engines = match engines.wait() {
        Ok(engines) => engines,
        Err(error) => return built.and(Err(error)),
    };
    let passed = match built {
        Ok(true) => on(&engines, table),
        Ok(false) | Err(_) => built,
    };
    engines.stop()?;
    passed
}

fn on(engines: &Trial, table: &mut StepTable) -> anyhow::Result<bool> {
    let environment = engines.environment();
    let mut simulated = Beside::start(simulated())?;
    let mut passed = true;
    for step in [tests(&[]), document(), api(), faults()] {
        if !passed || simulated.verdict()? == Some(false) {
            break;
        }
        passed = table.run([step], &environment)?;
    }
    // After a failure one that goes on is ended: what failed is to be seen at once.
    if passed || simulated.verdict()?.is_some() {
        let right = simulated.finish()?;
        table.add(&simulated.step, "beside them", right);
        passed = passed && right;
    }
    Ok(passed)
}

fn lints() -> [Step; 2] {
    [
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
    ]
}

fn build() -> Step {
    let Step { mut args, .. } = tests(&[]);
    args.push("--no-run");
    Step {
        name: "the tests' build",
        program: Program::Cargo,
        args,
    }
}

/// One run for all: another selection of crates would build their dependencies anew.
fn tests(without: &[&'static str]) -> Step {
    Step {
        name: "tests",
        program: Program::Cargo,
        args: [&["test", "--workspace"], without].concat(),
    }
}

fn document() -> Step {
    Step {
        name: "the OpenAPI document",
        program: Program::Xtask,
        args: vec!["openapi"],
    }
}

fn api() -> Step {
    Step {
        name: "the API against its OpenAPI document",
        program: Program::Xtask,
        args: vec!["schemathesis"],
    }
}

fn simulated() -> Step {
    Step {
        name: "a million simulated payments",
        program: Program::Built("simulation"),
        args: vec!["--payments", "1000000", "--seed", "1"],
    }
}

/// Another seed each time: it is printed, and so is the line that runs it again.
fn faults() -> Step {
    Step {
        name: "ten faults on a fleet of processes",
        program: Program::Built("trials"),
        args: vec!["chaos", "--rounds", "10"],
    }
}

/// The golden files and published tables, written anew.
pub(crate) fn golden() -> anyhow::Result<ExitCode> {
    let step = Step {
        name: "golden",
        program: Program::Cargo,
        args: vec!["test", "-p", "payment", "-p", "store", "-p", "bus"],
    };
    let write = |name| (name, "1".to_owned());
    let mut table = StepTable::new();
    let passed = table.run([step], &[write("UPDATE_EXPECT"), write("UPDATE_GOLDEN")])?;
    table.say()?;
    Ok(ExitCode::from(u8::from(!passed)))
}

fn say(text: &str) -> anyhow::Result<()> {
    let mut err = anstream::stderr().lock();
    writeln!(err, "\n{text}").context("standard error is gone")
}
