//! Signals to processes that a trial started itself, each by its pid.

use anyhow::{Context, ensure};
use std::process::Stdio;
use tokio::process::Command;

/// What is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Signal {
    /// Please stop (SIGTERM).
    Stop,
    /// Die now (SIGKILL).
    Kill,
    /// Stand still (SIGSTOP): its connections stay open, and nothing answers.
    Freeze,
    /// Go on (SIGCONT).
    Thaw,
}

impl Signal {
    fn name(self) -> &'static str {
        match self {
            Self::Stop => "-TERM",
            Self::Kill => "-KILL",
            Self::Freeze => "-STOP",
            Self::Thaw => "-CONT",
        }
    }
}

/// Sends it to one process.
///
/// # Errors
/// If there is no such process.
pub async fn send(signal: Signal, pid: u32) -> anyhow::Result<()> {
    let status = Command::new("kill")
        .args([signal.name(), &pid.to_string()])
        .stdin(Stdio::null())
        .status()
        .await
        .context("kill(1) can't be run")?;
    ensure!(status.success(), "{signal:?} can't be sent to {pid}");
    Ok(())
}
