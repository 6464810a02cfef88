//! Toxiproxy, which cuts, slows and resets connections between any two of ours. It is built from its
//! module and kept in the cache; whoever tries something with it starts it.

use super::install::on_path;
use super::process::run;
use super::wait::spin;
use anyhow::Context;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

const VERSION: &str = "v2.12.0";

/// Prints the path of its server.
pub(crate) fn print() -> anyhow::Result<ExitCode> {
    let path = server()?;
    let mut out = anstream::stdout().lock();
    writeln!(out, "{}", path.display()).context("standard output is gone")?;
    Ok(ExitCode::SUCCESS)
}

/// The path of its server, built where it is missing.
///
/// # Errors
///
/// If it can't be built, with the end of what Go said.
pub(crate) fn server() -> anyhow::Result<PathBuf> {
    let folder = super::cache().join(format!("toxiproxy-{VERSION}"));
    let server = folder.join("server");
    if server.exists() {
        return Ok(server);
    }
    super::make(&folder)?;
    let go = on_path("go").context("Go is not installed, and Toxiproxy is built with it")?;
    let mut command = Command::new(go);
    command
        .arg("install")
        .arg(format!(
            "github.com/Shopify/toxiproxy/v2/cmd/server@{VERSION}"
        ))
        .env("GOBIN", &folder);
    spin("Toxiproxy: building it", || {
        run(&mut command, &folder.join("build.log"))
    })?;
    Ok(server)
}
