//! `cargo xtask chaos` and `accepting`: builds the binary and the trials, and runs one of them on
//! engines of its own.

use anyhow::{Context, ensure};
use std::process::{Command, ExitCode};

/// Runs this trial with these arguments.
pub(crate) fn run(trial: &str, args: &[String]) -> anyhow::Result<ExitCode> {
    let root = crate::tree::root();
    // All of them: another selection of crates would build their dependencies anew.
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--workspace", "--bins"])
        .current_dir(&root)
        .status()
        .context("cargo can't be run")?;
    ensure!(built.success(), "the binary or the trials can't be built");
    let status = Command::new(root.join("target").join("debug").join("trials"))
        .arg(trial)
        .args(args)
        .current_dir(&root)
        .status()
        .context("the trials can't be run")?;
    Ok(ExitCode::from(u8::from(!status.success())))
}
