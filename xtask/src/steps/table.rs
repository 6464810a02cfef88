//! Steps: what each runs, one after the other, and how long each took. What the steps are is not
//! here.

use anyhow::Context;
use comfy_table::{Cell, Color, Table, presets};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

/// One step.
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) program: Program,
    pub(super) args: Vec<&'static str>,
}

/// What a step runs.
#[derive(Clone, Copy)]
pub(super) enum Program {
    Cargo,
    /// This tool itself.
    Xtask,
    /// A binary that the tests' build has made; `cargo run` would build its dependencies anew.
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

    pub(super) fn path(self) -> anyhow::Result<PathBuf> {
        Ok(match self {
            Self::Cargo => PathBuf::from(env!("CARGO")),
            Self::Xtask => std::env::current_exe().context("where is this tool?")?,
            Self::Built(name) => crate::tree::target().join("debug").join(name),
        })
    }
}

impl Step {
    /// As it is told: the command, so that it can be run by itself.
    pub(super) fn shown(&self) -> String {
        format!("{} {}", self.program.name(), self.args.join(" "))
    }
}

/// What was run, how long it took, and what came of it.
pub(super) struct StepTable(Table);

impl StepTable {
    pub(super) fn new() -> Self {
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_header(["step", "time", ""]);
        Self(table)
    }

    /// Runs them until one fails; whether none did.
    #[expect(
        clippy::disallowed_methods,
        reason = "a tool that times its steps has no clock to be told by"
    )]
    pub(super) fn run(
        &mut self,
        steps: impl IntoIterator<Item = Step>,
        environment: &[(&'static str, String)],
    ) -> anyhow::Result<bool> {
        for step in steps {
            super::say(&step.shown())?;
            let began = Instant::now();
            let mut command = Command::new(step.program.path()?);
            command.args(&step.args).envs(environment.iter().cloned());
            command.env("CARGO_TARGET_DIR", crate::tree::target());
            let status = command.current_dir(crate::tree::root()).status();
            let status = status.with_context(|| format!("{} can't be run", step.shown()))?;
            self.add(&step, &time(began.elapsed()), status.success());
            if !status.success() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(super) fn add(&mut self, step: &Step, time: &str, passed: bool) {
        let verdict = if passed {
            Cell::new("ok").fg(Color::Green)
        } else {
            Cell::new("FAILED: see above").fg(Color::Red)
        };
        self.0
            .add_row([Cell::new(step.name), Cell::new(time), verdict]);
    }

    pub(super) fn say(&self) -> anyhow::Result<()> {
        super::say(&self.0.to_string())
    }
}

fn time(took: Duration) -> String {
    format!("{} min {:02} s", took.as_secs() / 60, took.as_secs() % 60)
}
