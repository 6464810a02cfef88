//! One process of a fleet: started, asked to stop, killed, frozen, and started again under the same
//! name and at the same address.

use super::FleetPlan;
use crate::signal::{Signal, send};
use anyhow::{Context, bail, ensure};
use std::fs::File;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::time::Instant;

/// How long a start may take on a busy machine, engines that come back included.
const START_WITHIN: Duration = Duration::from_secs(90);

/// How long an orderly stop may take: a gateway drains for ten seconds.
const STOP_WITHIN: Duration = Duration::from_secs(30);

const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What stands before the address in the one line that a process prints once it is ready.
const READY: &str = " is ready on ";

/// Stands in the line that names the operators' door, where it is another.
const TELLS_OPERATORS: &str = "tells operators how it is on";

/// What a process is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Merchants' door.
    Gateway,
    /// Drives payments.
    Orchestrator,
    /// Makes lists and totals.
    Projector,
    /// Alipay's side.
    AlipaySimulator,
}

impl Role {
    /// The command that runs it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Orchestrator => "orchestrator",
            Self::Projector => "projector",
            Self::AlipaySimulator => "alipay-simulator",
        }
    }

    /// The setting that says where it listens, and what for.
    fn listens_by(self) -> &'static str {
        match self {
            Self::Gateway => "TIDEGATE__GATEWAY__LISTEN",
            Self::Orchestrator | Self::Projector => "TIDEGATE__OPERATIONS__LISTEN",
            Self::AlipaySimulator => "TIDEGATE__ALIPAY_SIMULATOR__LISTEN",
        }
    }
}

/// One process.
pub struct Member {
    /// What it is for.
    pub role: Role,
    /// Which of its role, from 1.
    pub number: usize,
    /// Where it answers, once it was ready; kept over restarts.
    pub address: Option<String>,
    child: Option<Child>,
    tidegate: PathBuf,
    folder: PathBuf,
    settings: Vec<(String, String)>,
}

impl Member {
    pub(super) fn new(
        role: Role,
        number: usize,
        plan: &FleetPlan,
        settings: &[(String, String)],
    ) -> Self {
        Self {
            role,
            number,
            address: None,
            child: None,
            tidegate: plan.tidegate.clone(),
            folder: plan.folder.clone(),
            settings: settings.to_vec(),
        }
    }

    /// Gives it another binary, from its next start on.
    pub fn become_another(&mut self, tidegate: PathBuf) {
        self.tidegate = tidegate;
    }

    /// Gives it a setting of its own, from its next start on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.settings.push((name.to_owned(), value.to_owned()));
    }

    /// As it is called in tables and by its log file.
    pub fn name(&self) -> String {
        format!("{}-{}", self.role.word(), self.number)
    }

    /// Its pid, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().and_then(Child::id)
    }

    /// Starts it and waits until it says that it is ready.
    ///
    /// # Errors
    /// If it ends or says nothing in time; with the end of its log.
    pub async fn start(&mut self) -> anyhow::Result<()> {
        self.spawn()?;
        self.ready().await
    }

    /// Starts it.
    ///
    /// # Errors
    /// If it runs already, or can't be run.
    pub fn spawn(&mut self) -> anyhow::Result<()> {
        ensure!(self.child.is_none(), "{} runs already", self.name());
        let out = File::create(self.said()).context("a file for its output can't be made")?;
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log())
            .context("its log can't be opened")?;
        let mut command = Command::new(&self.tidegate);
        command.arg(self.role.word()).arg("--config");
        command.arg(self.folder.join("tidegate.toml"));
        command.envs(self.settings.iter().cloned());
        if let Some(listen) = self.listens() {
            command.env(self.role.listens_by(), listen);
        }
        command.stdin(Stdio::null()).stdout(out).stderr(log);
        let child = command.kill_on_drop(true).spawn();
        self.child = Some(child.context("the tidegate binary can't be run")?);
        Ok(())
    }

    /// Waits until it says that it is ready.
    ///
    /// # Errors
    /// If it ends or says nothing in time; with the end of its log.
    pub async fn ready(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + START_WITHIN;
        loop {
            let text = tokio::fs::read_to_string(self.said())
                .await
                .unwrap_or_default();
            if let Some(address) = address_in(&text) {
                self.address = Some(address);
                return Ok(());
            }
            if let Some(status) = self.ended()? {
                bail!(
                    "{} ended with {status}:\n{}",
                    self.name(),
                    self.last_words().await
                );
            }
            if Instant::now() > deadline {
                bail!(
                    "{} does not get ready:\n{}",
                    self.name(),
                    self.last_words().await
                );
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Asks it to stop, and waits until it did.
    ///
    /// # Errors
    /// If it does not, or ended with something else than 0.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        let Some(pid) = self.pid() else {
            self.child = None;
            return Ok(());
        };
        send(Signal::Stop, pid).await?;
        // One that stands still hears of it only when it goes on.
        send(Signal::Thaw, pid).await?;
        let Some(mut child) = self.child.take() else {
            return Ok(());
        };
        let ended = tokio::time::timeout(STOP_WITHIN, child.wait()).await;
        let status = ended.with_context(|| format!("{} does not stop", self.name()))??;
        ensure!(
            status.success(),
            "{} ended with {status}:\n{}",
            self.name(),
            self.last_words().await
        );
        Ok(())
    }

    /// kill -9.
    ///
    /// # Errors
    /// If it does not run.
    pub async fn kill_nine(&mut self) -> anyhow::Result<()> {
        let mut child = self.child.take().context("it does not run")?;
        child.kill().await.context("it can't be killed")
    }

    /// SIGSTOP or SIGCONT, or any other.
    ///
    /// # Errors
    /// If it does not run.
    pub async fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let pid = self.pid().context("it does not run")?;
        send(signal, pid).await
    }

    /// How it ended, if it did although nobody asked it to.
    ///
    /// # Errors
    /// If the system can't say.
    pub fn ended(&mut self) -> anyhow::Result<Option<std::process::ExitStatus>> {
        let Some(child) = &mut self.child else {
            return Ok(None);
        };
        let status = child.try_wait().context("its state can't be read")?;
        if status.is_some() {
            self.child = None;
        }
        Ok(status)
    }

    /// Where its log is.
    pub fn log(&self) -> PathBuf {
        self.folder.join(format!("{}.log", self.name()))
    }

    /// Where it tells operators how it is, and what it counted.
    pub async fn operations(&self) -> Option<String> {
        let said = tokio::fs::read_to_string(self.said()).await.ok()?;
        let line = said.lines().find(|line| line.contains(TELLS_OPERATORS));
        let apart = line.and_then(|line| line.split_whitespace().last());
        apart.map(str::to_owned).or_else(|| self.address.clone())
    }

    /// What it printed since its last start.
    fn said(&self) -> PathBuf {
        self.folder.join(format!("{}.out", self.name()))
    }

    /// A free port at first, then the one it had. The simulator's is in the configuration.
    fn listens(&self) -> Option<String> {
        let before = self.address.as_deref();
        let before = before.and_then(|address| address.strip_prefix("http://"));
        match (self.role, before) {
            (_, Some(before)) => Some(before.to_owned()),
            (Role::AlipaySimulator, None) => None,
            (Role::Gateway | Role::Orchestrator | Role::Projector, None) => {
                Some("127.0.0.1:0".to_owned())
            }
        }
    }

    /// The end of its log.
    async fn last_words(&self) -> String {
        const LINES: usize = 20;
        let text = tokio::fs::read_to_string(self.log())
            .await
            .unwrap_or_default();
        let lines: Vec<&str> = text.lines().rev().take(LINES).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

/// The address in a whole line that says ready.
fn address_in(text: &str) -> Option<String> {
    let (whole, _) = text.rsplit_once('\n')?;
    let line = whole.lines().find(|line| line.contains(READY))?;
    line.split_whitespace().last().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_from_a_whole_line_only() {
        let half = "tidegate gateway is ready on http://127.0.0.1:4";
        assert_eq!(address_in(half), None);
        let whole = format!("{half}\n");
        assert_eq!(address_in(&whole).as_deref(), Some("http://127.0.0.1:4"));
    }
}
