//! `cargo xtask sim`: builds and runs the simulation.

use anyhow::Context;
use std::process::{Command, ExitCode};

/// Runs the simulation with these arguments.
pub(crate) fn run(args: &[String]) -> anyhow::Result<ExitCode> {
    let status = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--package", "simulation", "--"])
        .args(args)
        .current_dir(crate::tree::root())
        .status()
        .context("cargo can't be run")?;
    Ok(ExitCode::from(u8::from(!status.success())))
}
