//! `tidegate standalone` as a process of its own, on free ports.

use crate::merchant::Merchant;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// How long a start may take on a busy machine.
const START_WITHIN: Duration = Duration::from_secs(60);

/// The binary under test.
pub(crate) fn tidegate() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
    command.kill_on_drop(true).stdin(Stdio::null());
    command
}

/// A standalone at work.
pub(crate) struct Standalone {
    child: Child,
    pub(crate) gateway: String,
    /// Where readiness is told.
    pub(crate) health: String,
    pub(crate) simulator: String,
    pub(crate) metrics: String,
    pub(crate) merchant: Merchant,
}

impl Standalone {
    /// Starts one on this directory and waits until it serves.
    pub(crate) async fn start(data_dir: &Path) -> Self {
        Self::start_as(tidegate(), data_dir).await
    }

    /// The same for a process that may open this many files and no more.
    pub(crate) async fn start_with_files(data_dir: &Path, files_max: u32) -> Self {
        let limited = format!("ulimit -n {files_max}; exec \"$0\" \"$@\"");
        let mut command = Command::new("sh");
        command.kill_on_drop(true).stdin(Stdio::null());
        command.args(["-c", &limited, env!("CARGO_BIN_EXE_tidegate")]);
        Self::start_as(command, data_dir).await
    }

    /// The same, but where a file gets larger than it may its write fails, and no signal ends it.
    pub(crate) async fn start_deaf_to_file_sizes(data_dir: &Path) -> Self {
        let mut shell = Command::new("sh");
        shell.kill_on_drop(true).stdin(Stdio::null());
        shell.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]);
        shell.arg(env!("CARGO_BIN_EXE_tidegate"));
        Self::start_as(shell, data_dir).await
    }

    async fn start_as(mut command: Command, data_dir: &Path) -> Self {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(data_dir.with_extension("log"))
            .unwrap();
        let mut child = command
            .args(["--port", "0", "--simulator-port", "0", "--data-dir"])
            .arg(data_dir)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let greeting = tokio::time::timeout(START_WITHIN, greeting(out));
        let greeting = greeting.await.expect("it does not start");
        let address = |before: &str| {
            let line = greeting.iter().find(|line| line.contains(before)).unwrap();
            line.split_whitespace().last().unwrap().to_owned()
        };
        let gateway = address("Tidegate serves on");
        let token = std::fs::read_to_string(data_dir.join("merchant.token")).unwrap();
        Self {
            simulator: address("simulated on"),
            health: address("health"),
            metrics: address("  metrics  "),
            merchant: Merchant::new(&gateway, &token),
            gateway,
            child,
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// kill -9.
    pub(crate) async fn kill_nine(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Asks politely (SIGTERM) and gives the exit code.
    pub(crate) async fn stop(mut self) -> Option<i32> {
        let pid = self.pid().to_string();
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .await
            .unwrap();
        let status = self.child.wait().await.unwrap();
        status.code()
    }
}

/// The lines up to the last of the greeting; empty lines and all.
async fn greeting(mut out: BufReader<tokio::process::ChildStdout>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    while out.read_line(&mut line).await.unwrap() > 0 {
        let last = line.starts_with("Stop with");
        lines.push(std::mem::take(&mut line));
        if last {
            break;
        }
    }
    lines
}
