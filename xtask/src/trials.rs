//! `cargo xtask chaos`, `accepting` and `bench`: builds the binary and the trials, and runs one of
//! them on engines of its own.

use anyhow::{Context, ensure};
use std::process::{Command, ExitCode};

/// How the binaries are built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Built {
    /// As `cargo test` builds them.
    ForTests,
    /// As a release: what is measured is what is shipped.
    AsShipped,
}

/// Runs this trial with these arguments.
pub(crate) fn run(trial: &str, built: Built, args: &[String]) -> anyhow::Result<ExitCode> {
    let root = crate::tree::root();
    // All of them: another selection of crates would build their dependencies anew.
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--workspace", "--bins"]);
    let folder = match built {
        Built::ForTests => {
            build.arg("--quiet");
            "debug"
        }
        // Not quiet: the first time it takes many minutes.
        Built::AsShipped => {
            build.arg("--release");
            "release"
        }
    };
    let target = crate::tree::target();
    // What was given from another folder may be relative to it.
    build.env("CARGO_TARGET_DIR", &target);
    let status = build.current_dir(&root).status();
    ensure!(
        status.context("cargo can't be run")?.success(),
        "the binary or the trials can't be built; see above"
    );
    let status = Command::new(target.join(folder).join("trials"))
        .arg(trial)
        .args(args)
        .current_dir(&root)
        .status()
        .context("the trials can't be run")?;
    Ok(ExitCode::from(u8::from(!status.success())))
}
