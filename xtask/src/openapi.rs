//! `cargo xtask openapi`: the document that the built binary serves, read by the two linters that
//! merchants' developers use. An error of either fails; Spectral's warnings are shown.

use crate::served::Gateway;
use anyhow::{Context, bail};
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

/// What is installed: a new release must not turn an old commit red.
const PINNED: &str = r#"{
  "private": true,
  "dependencies": { "@redocly/cli": "2.77.0", "@stoplight/spectral-cli": "6.16.3" }
}
"#;

const RULES: &str = "extends: [\"spectral:oas\"]\n";

const NO_NPM: &str = "npm is missing: install Node.js 20 or later (https://nodejs.org; on Debian and \
                      Ubuntu: apt-get install npm)";

/// Runs both.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let folder = crate::tree::root().join("target").join("openapi");
    fs::create_dir_all(&folder)?;
    install(&folder)?;
    fs::write(folder.join("spectral.yaml"), RULES)?;
    let gateway = Gateway::start(&folder)?;
    let document = format!("{}/openapi.json", gateway.base);
    let mut redocly = tool(&folder, "redocly");
    redocly
        .args(["lint", &document])
        .env("REDOCLY_TELEMETRY", "off");
    let mut spectral = tool(&folder, "spectral");
    spectral.args(["lint", "--ruleset", "spectral.yaml", &document]);
    let mut all_passed = true;
    for (name, linter) in [("redocly", &mut redocly), ("spectral", &mut spectral)] {
        let status = linter.status();
        let status = status.with_context(|| format!("{name} can't be run"))?;
        all_passed &= status.success();
    }
    Ok(ExitCode::from(u8::from(!all_passed)))
}

fn tool(folder: &Path, name: &str) -> Command {
    let mut command = Command::new(folder.join("node_modules").join(".bin").join(name));
    // A proxy that the machine may have is not for this.
    command.env("NO_PROXY", "127.0.0.1").current_dir(folder);
    command
}

/// Both linters in the folder, anew whenever the pinned versions change.
fn install(folder: &Path) -> anyhow::Result<()> {
    let stamp = folder.join("installed.json");
    if fs::read_to_string(&stamp).is_ok_and(|text| text == PINNED) {
        return Ok(());
    }
    fs::write(folder.join("package.json"), PINNED)?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--loglevel=error"]);
    let status = npm.current_dir(folder).status().context(NO_NPM)?;
    if !status.success() {
        bail!("redocly and spectral could not be installed from npm; is there a network?");
    }
    fs::write(&stamp, PINNED)?;
    Ok(())
}
