//! The built binary at work, for tools that try what it serves.

use anyhow::Context;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

/// The greeting's first line ends with the address.
const GREETING: &str = "Tidegate serves on ";

/// Something else than a greeting is printed if no line of so many is it.
const GREETING_LINES_MAX: usize = 20;

/// A standalone at work; killed when dropped, and no other process with it.
pub(crate) struct Gateway {
    /// Where it serves.
    pub(crate) base: String,
    /// The demo merchant's token.
    pub(crate) token: String,
    child: Child,
    /// Kept open: the greeting is longer than what is read of it.
    _out: BufReader<ChildStdout>,
}

impl Gateway {
    /// Starts the built binary with its data and log in this folder.
    pub(crate) fn start(folder: &Path) -> anyhow::Result<Self> {
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
