//! `cargo xtask bench`: builds everything as it is shipped, and has the trials measure it.

use anyhow::{Context, ensure};
use std::process::{Command, ExitCode};

/// Runs the benchmark with these arguments.
pub(crate) fn run(args: &[String]) -> anyhow::Result<ExitCode> {
    let root = crate::tree::root();
    // Not quiet: the first time this takes many minutes.
    let built = Command::new(env!("CARGO"))
        .args(["build", "--release", "--workspace", "--bins"])
        .current_dir(&root)
        .status()
        .context("cargo can't be run")?;
    ensure!(built.success(), "the release can't be built; see above");
    let status = Command::new(root.join("target").join("release").join("trials"))
        .arg("bench")
        .args(args)
        .current_dir(&root)
        .status()
        .context("the trials can't be run")?;
    Ok(ExitCode::from(u8::from(!status.success())))
}
