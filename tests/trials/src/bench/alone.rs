//! The embedded default: `tidegate` as anyone starts it first, one process on one SQLite file, with
//! its simulated Alipay inside.

use anyhow::{Context, bail};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::time::Instant;

const START_WITHIN: Duration = Duration::from_secs(60);

const STOP_WITHIN: Duration = Duration::from_secs(30);

const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A standalone at work.
pub(super) struct Alone {
    pub(super) gateway: String,
    pub(super) simulator: String,
    pub(super) metrics: String,
    pub(super) token: String,
    child: Child,
}

impl Alone {
    /// Starts one with data and keys of its own in this folder.
    ///
    /// # Errors
    /// If it does not get ready.
    pub(super) async fn start(tidegate: &Path, folder: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("{} can't be made", folder.display()))?;
        let said: PathBuf = folder.join("standalone.out");
        let mut command = Command::new(tidegate);
        command.arg("standalone").arg("--data-dir").arg(folder);
        command.args(["--port", "0", "--simulator-port", "0"]);
        command.stdin(Stdio::null()).stdout(File::create(&said)?);
        command.stderr(File::create(folder.join("standalone.log"))?);
        let child = command.kill_on_drop(true).spawn();
        let mut child = child.context("the tidegate binary can't be run")?;
        let deadline = Instant::now() + START_WITHIN;
        let (gateway, simulator, metrics) = loop {
            let text = std::fs::read_to_string(&said).unwrap_or_default();
            if let Some(addresses) = addresses_in(&text) {
                break addresses;
            }
            if child.try_wait()?.is_some() || Instant::now() > deadline {
                bail!("tidegate does not get ready; see {}", folder.display());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        };
        let token = std::fs::read_to_string(folder.join("merchant.token"))?;
        Ok(Self {
            gateway,
            simulator,
            metrics,
            token: token.trim().to_owned(),
            child,
        })
    }

    pub(super) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Asks it to stop, and waits until it did.
    ///
    /// # Errors
    /// If it does not.
    pub(super) async fn stop(mut self) -> anyhow::Result<()> {
        if let Some(pid) = self.child.id() {
            crate::signal::send(crate::signal::Signal::Stop, pid).await?;
        }
        let ended = tokio::time::timeout(STOP_WITHIN, self.child.wait()).await;
        let status = ended.context("tidegate does not stop")??;
        anyhow::ensure!(status.success(), "tidegate ended with {status}");
        Ok(())
    }
}

/// The gateway's, the simulator's and that of the metrics, out of the greeting; `None` while it is not all there.
fn addresses_in(text: &str) -> Option<(String, String, String)> {
    text.contains("kill -9 is safe").then_some(())?;
    let behind = |words: &str| {
        let line = text.lines().find(|line| line.contains(words))?;
        line.split_whitespace().last().map(str::to_owned)
    };
    Some((
        behind("Tidegate serves on")?,
        behind("Alipay   simulated on")?,
        behind("  metrics  ")?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_from_a_whole_greeting_only() {
        let half = "Tidegate serves on http://127.0.0.1:1\n  metrics  http://127.0.0.1:3/metrics\n  \
             Alipay   simulated on http://[::1]:2\n";
        assert_eq!(addresses_in(half), None);
        let whole = format!("{half}Stop with Ctrl-C. kill -9 is safe too.\n");
        let wanted = [
            "http://127.0.0.1:1",
            "http://[::1]:2",
            "http://127.0.0.1:3/metrics",
        ];
        let [gateway, simulator, metrics] = wanted.map(str::to_owned);
        assert_eq!(addresses_in(&whole), Some((gateway, simulator, metrics)));
    }
}
