//! `cargo xtask schemathesis`: the built binary is started, and schemathesis tries what it serves
//! against what its OpenAPI document says. How is in `xtask/schemathesis.toml`.

use crate::served::Gateway;
use anyhow::{Context, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// What is installed, every version of it: a new release must not turn an old commit red.
const PINNED: &str = include_str!("../schemathesis.txt");

const NO_VENV: &str = "python3 with its venv module is missing, and apt-get could not install it; \
                       on Debian and Ubuntu: apt-get install python3-venv";

/// Runs every check of schemathesis with these further arguments.
pub(crate) fn run(args: &[String]) -> anyhow::Result<ExitCode> {
    let folder = crate::tree::root().join("target").join("schemathesis");
    fs::create_dir_all(&folder)?;
    let tool = installed(&folder)?;
    let gateway = Gateway::start(&folder)?;
    let status = Command::new(tool)
        .arg("--config-file")
        .arg(crate::tree::root().join("xtask").join("schemathesis.toml"))
        .args(["run", "--checks", "all"])
        .args(args)
        .arg(format!("{}/openapi.json", gateway.base))
        .env("TIDEGATE_TOKEN", &gateway.token)
        // A proxy that the machine may have is not for this.
        .env("NO_PROXY", "127.0.0.1")
        .current_dir(&folder)
        .status()
        .context("schemathesis can't be run")?;
    Ok(ExitCode::from(u8::from(!status.success())))
}

/// The tool in a Python environment of its own, made anew whenever the pinned versions change.
fn installed(folder: &Path) -> anyhow::Result<PathBuf> {
    let (venv, stamp) = (folder.join("venv"), folder.join("installed.txt"));
    let tool = venv.join("bin").join("schemathesis");
    if tool.is_file() && fs::read_to_string(&stamp).is_ok_and(|text| text == PINNED) {
        return Ok(tool);
    }
    if !succeeds(&mut python(&venv)) {
        succeeds(Command::new("apt-get").args(["--quiet", "update"]));
        let install = ["--quiet", "--yes", "install", "python3-venv"];
        succeeds(Command::new("apt-get").args(install));
        if !succeeds(&mut python(&venv)) {
            bail!(NO_VENV);
        }
    }
    let pinned = folder.join("pinned.txt");
    fs::write(&pinned, PINNED)?;
    let mut pip = Command::new(venv.join("bin").join("pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check", "-r"]);
    if !succeeds(pip.arg(&pinned)) {
        bail!("schemathesis could not be installed from PyPI; is there a network?");
    }
    fs::write(&stamp, PINNED)?;
    Ok(tool)
}

fn python(venv: &Path) -> Command {
    let mut python = Command::new("python3");
    python.args(["-m", "venv", "--clear"]).arg(venv);
    python
}

fn succeeds(command: &mut Command) -> bool {
    command.status().is_ok_and(|status| status.success())
}
