//! What `test` and `golden` run, and how long each step took.

use anyhow::Context;
use comfy_table::{Cell, Color, Table, presets};
use std::io::Write;
use std::process::{Command, ExitCode};
use std::time::Duration;

/// One step.
struct Step {
    name: &'static str,
    args: Vec<&'static str>,
}

/// Format, lints, tests.
pub(crate) fn test(fast: bool) -> anyhow::Result<ExitCode> {
    let mut steps = vec![
        Step {
            name: "format",
            args: vec!["fmt", "--all", "--check"],
        },
        Step {
            name: "lints",
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
        args,
    });
    run(&steps, &[])
}

/// The golden files and published tables, written anew.
pub(crate) fn golden() -> anyhow::Result<ExitCode> {
    let step = Step {
        name: "golden",
        args: vec!["test", "-p", "payment", "-p", "store", "-p", "bus"],
    };
    run(&[step], &[("UPDATE_EXPECT", "1"), ("UPDATE_GOLDEN", "1")])
}

#[expect(
    clippy::disallowed_methods,
    reason = "a tool that times its steps has no clock to be told by"
)]
fn run(steps: &[Step], environment: &[(&str, &str)]) -> anyhow::Result<ExitCode> {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(["step", "time", ""]);
    let mut passed = true;
    for step in steps {
        say(&format!("cargo {}", step.args.join(" ")))?;
        let began = std::time::Instant::now();
        let status = Command::new(env!("CARGO"))
            .args(&step.args)
            .envs(environment.iter().copied())
            .current_dir(crate::tree::root())
            .status()
            .with_context(|| format!("cargo {} can't be run", step.args.join(" ")))?;
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
