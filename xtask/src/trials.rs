//! `cargo xtask chaos`, `accepting` and `bench`: builds the binary and the trials, and runs one of
//! them on engines of its own.

use anyhow::{Context, ensure};
use std::path::{Path, PathBuf};
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
    let target = crate::tree::target();
    let folder = match built {
        Built::ForTests => "debug",
        Built::AsShipped => "release",
    };
    let folder = target.join(folder);
    let mut newer = Vec::new();
    if trial == "chaos" && mixes(args) {
        newer.push("--canary".into());
        newer.push(canary(&folder)?.into_os_string());
    }
    // All of them: another selection of crates would build their dependencies anew.
    build(built, &["--bins"])?;
    let status = Command::new(folder.join("trials"))
        .arg(trial)
        .args(args)
        .args(newer)
        .current_dir(crate::tree::root())
        .status()
        .context("the trials can't be run")?;
    Ok(ExitCode::from(u8::from(!status.success())))
}

/// Whether chaos may mix a fleet, and is given no newer release: one costs a minute to build.
fn mixes(args: &[String]) -> bool {
    let given = |words: &[&str]| {
        let mut args = args.iter();
        args.any(|arg| words.contains(&arg.split('=').next().unwrap_or_default()))
    };
    let mut named = args.iter().skip_while(|arg| !is_choice(arg));
    let choice = named.next().map(|arg| match arg.split_once('=') {
        Some((_, choice)) => choice,
        None => named.next().map_or("", String::as_str),
    });
    // Another build's binary needs a newer one of its own.
    let theirs = given(&["--canary", "--tidegate", "--help", "-h"]);
    !theirs
        && choice.is_none_or(|choice| "mixed fleet, gateway orchestrator newer".contains(choice))
}

fn is_choice(arg: &str) -> bool {
    ["--fault", "--only"].contains(&arg.split('=').next().unwrap_or_default())
}

/// Builds tomorrow's release, and puts it where today's does not overwrite it.
fn canary(folder: &Path) -> anyhow::Result<PathBuf> {
    let features = ["--bin", "tidegate", "--features", "tidegate/canary"];
    build(Built::ForTests, &features)?;
    let canary = folder.join("tidegate-canary");
    // What runs from the one before keeps it.
    if canary.exists() {
        std::fs::remove_file(&canary).context("the canary of before can't be removed")?;
    }
    std::fs::copy(folder.join("tidegate"), &canary).context("the canary can't be kept")?;
    Ok(canary)
}

fn build(built: Built, what: &[&str]) -> anyhow::Result<()> {
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--workspace"]).args(what);
    match built {
        Built::ForTests => build.arg("--quiet"),
        // Not quiet: the first time it takes many minutes.
        Built::AsShipped => build.arg("--release"),
    };
    // What was given from another folder may be relative to it.
    build.env("CARGO_TARGET_DIR", crate::tree::target());
    let status = build.current_dir(crate::tree::root()).status();
    ensure!(
        status.context("cargo can't be run")?.success(),
        "the binary or the trials can't be built; see above"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::mixes;

    #[test]
    fn a_newer_release_is_built_only_where_one_may_be_mixed_in_and_none_is_given() {
        for (line, expected) in [
            ("", true),
            ("--rounds 5 --fault mixed", true),
            ("--only=orchestrator", true),
            ("--fault disk --rounds 5", false),
            ("--fault=hang", false),
            ("--tidegate /before/tidegate", false),
            ("--canary=/after/tidegate", false),
            ("--help", false),
        ] {
            let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            assert_eq!(mixes(&args), expected, "{line}");
        }
    }
}
