//! `cargo xtask schemathesis`: the built binary is started, and schemathesis tries what it serves
//! against what its OpenAPI document says. How is in `xtask/schemathesis.toml`.

use anyhow::{Context, bail};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitCode, Stdio};

/// What is installed, every version of it: a new release must not turn an old commit red.
const PINNED: &str = include_str!("../schemathesis.txt");

/// The greeting's first line ends with the address.
const GREETING: &str = "Tidegate serves on ";

/// Something else than a greeting is printed if no line of so many is it.
const GREETING_LINES_MAX: usize = 20;

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

/// A standalone at work; killed when dropped, and no other process with it.
struct Gateway {
    base: String,
    token: String,
    child: Child,
    /// Kept open: the greeting is longer than what is read of it.
    _out: BufReader<ChildStdout>,
}

impl Gateway {
    fn start(folder: &Path) -> anyhow::Result<Self> {
        let data = folder.join("data");
        if data.exists() {
            fs::remove_dir_all(&data)?;
        }
        let binary = crate::tree::root().join("target/debug/tidegate");
        let log = folder.join("gateway.log");
        let mut child = Command::new(binary)
            .args(["standalone", "--port", "0", "--simulator-port", "0"])
            .arg("--data-dir")
            .arg(&data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&log)?)
            .spawn()
            .context(
                "target/debug/tidegate can't be started; build it: cargo build --bin tidegate",
            )?;
        let out = child.stdout.take().context("it has no output")?;
        let mut gateway = Self {
            base: String::new(),
            token: String::new(),
            child,
            _out: BufReader::new(out),
        };
        let lines = (&mut gateway._out).lines().take(GREETING_LINES_MAX);
        let mut greetings = lines.map_while(Result::ok);
        let greeting = greetings.find_map(|line| line.strip_prefix(GREETING).map(str::to_owned));
        let log = log.display();
        gateway.base = greeting.with_context(|| format!("it did not start; see {log}"))?;
        gateway.token = fs::read_to_string(data.join("merchant.token"))?;
        Ok(gateway)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended by itself; either way nothing is left to stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
