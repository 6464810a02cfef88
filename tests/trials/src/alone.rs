//! A standalone beside the fleet, with a simulated Alipay outside of it: one process on one SQLite
//! file, on a small file system of its own that can be filled, with few descriptors if wanted.

use crate::signal::{Signal, send};
use crate::wire::{Wire, Wires};
use anyhow::{Context, bail, ensure};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::time::Instant;

const START_WITHIN: Duration = Duration::from_secs(60);

const STOP_WITHIN: Duration = Duration::from_secs(30);

const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How large the file system of the data is.
const DISK: &str = "size=64m";

/// Mounts the file system where only this process and its children see it, then becomes what follows:
/// it is gone with the process, however that ends.
const ON_A_SMALL_DISK: &str = r#"mount -t tmpfs -o "$0" tidegate "$1" && shift && exec "$@""#;

/// The parts of a fleet's configuration that a standalone has no use for.
const OF_A_FLEET: [&str; 3] = ["[store.postgres]", "[bus.kafka]", "[fleet.redis]"];

/// How many descriptors a standalone may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Descriptors {
    /// As many as the trial itself.
    AsMany,
    /// So many; it may raise that itself, as it may on most machines.
    AtFirst(u32),
    /// So many, and not one more.
    AtMost(u32),
}

/// A standalone at work, and the Alipay that it calls.
pub struct Alone {
    /// Where merchants call.
    pub gateway: String,
    /// The simulated Alipay's address.
    pub simulator: String,
    /// The merchant's token.
    pub token: String,
    /// The connection to it.
    pub wires: Wires,
    disk: PathBuf,
    process: Child,
    alipay: Child,
}

impl Alone {
    /// Starts both with keys and logs in this folder.
    ///
    /// # Errors
    /// What does not get ready, and if no file system can be mounted.
    pub async fn start(
        tidegate: &Path,
        folder: &Path,
        descriptors: Descriptors,
    ) -> anyhow::Result<Self> {
        let disk = folder.join("disk");
        std::fs::create_dir_all(&disk)
            .with_context(|| format!("{} can't be made", disk.display()))?;
        let [gateway_port, simulator_port] = free_ports()?;
        init(tidegate, folder, gateway_port, simulator_port).await?;
        let config = folder.join("tidegate.toml");
        let mut simulator = Command::new(tidegate);
        simulator.arg("alipay-simulator").arg("--config");
        simulator.arg(&config);
        let alipay = started(simulator, folder, "alipay-simulator").await?;
        let wires = Wires::to_alipay(format!("127.0.0.1:{simulator_port}")).await?;
        let mut words = vec!["--mount".into()];
        if !can_mount(&[]).await {
            words.push("--map-root-user".to_owned());
        }
        let mut command = Command::new("unshare");
        command
            .args(words)
            .args(["sh", "-c", ON_A_SMALL_DISK, DISK]);
        command.arg(&disk).args(descriptors.prefix());
        command.arg(tidegate).arg("standalone");
        command.arg("--config").arg(&config);
        command.arg("--data-dir").arg(disk.join("data"));
        let base_url = format!("http://{}", wires.address(Wire::Alipay));
        command.env("TIDEGATE__ALIPAY__BASE_URL", base_url);
        let process = started(command, folder, "standalone").await?;
        let token = std::fs::read_to_string(folder.join("merchant.token"))?;
        Ok(Self {
            gateway: format!("http://127.0.0.1:{gateway_port}"),
            simulator: format!("http://127.0.0.1:{simulator_port}"),
            token: token.trim().to_owned(),
            wires,
            disk,
            process,
            alipay,
        })
    }

    /// Whether a small file system can be mounted here.
    pub async fn is_possible() -> bool {
        can_mount(&[]).await || can_mount(&["--map-root-user"]).await
    }

    /// Leaves not one byte free where its data is.
    ///
    /// # Errors
    /// If the ballast can't be made.
    pub fn fill(&self) -> anyhow::Result<()> {
        let ballast = File::options()
            .create(true)
            .append(true)
            .open(self.ballast()?);
        let mut ballast = ballast.context("the ballast can't be opened")?;
        for size in [1 << 20, 1 << 12, 1] {
            let piece = vec![1_u8; size];
            // A few bytes in a last page are no matter: files grow by pages.
            while ballast.write(&piece).is_ok_and(|written| written > 1) {}
        }
        Ok(())
    }

    /// Gives the room back.
    ///
    /// # Errors
    /// If there is no ballast.
    pub fn free(&self) -> anyhow::Result<()> {
        let removed = std::fs::remove_file(self.ballast()?);
        removed.context("the ballast can't be removed")
    }

    /// How it ended, if it did although nobody asked it to.
    ///
    /// # Errors
    /// If the system can't say.
    pub fn ended(&mut self) -> anyhow::Result<bool> {
        let status = self.process.try_wait();
        Ok(status.context("its state can't be read")?.is_some())
    }

    /// Stops both. A standalone that ended by itself has been told of by then.
    ///
    /// # Errors
    /// If one does not stop.
    pub async fn stop(self) -> anyhow::Result<()> {
        for mut child in [self.process, self.alipay] {
            if let (Some(pid), None) = (child.id(), child.try_wait()?) {
                send(Signal::Stop, pid).await?;
                let ended = tokio::time::timeout(STOP_WITHIN, child.wait()).await;
                ended.context("it does not stop")??;
            }
        }
        Ok(())
    }

    /// As it is seen from outside of the process's own mounts.
    fn ballast(&self) -> anyhow::Result<PathBuf> {
        let pid = self.process.id().context("the standalone has ended")?;
        let disk = std::path::absolute(&self.disk)?;
        let disk = disk.strip_prefix("/")?;
        let root = PathBuf::from(format!("/proc/{pid}/root"));
        Ok(root.join(disk).join("ballast"))
    }
}

impl Descriptors {
    fn prefix(self) -> Vec<String> {
        match self {
            Self::AsMany => Vec::new(),
            Self::AtFirst(soft) => vec!["prlimit".to_owned(), format!("--nofile={soft}:")],
            Self::AtMost(hard) => vec!["prlimit".to_owned(), format!("--nofile={hard}:{hard}")],
        }
    }
}

async fn can_mount(words: &[&str]) -> bool {
    let mut command = Command::new("unshare");
    command.arg("--mount").args(words);
    command.args(["mount", "-t", "tmpfs", "tidegate", "/mnt"]);
    command.stdin(Stdio::null()).stderr(Stdio::null());
    command.status().await.is_ok_and(|status| status.success())
}

/// Keys and a configuration for a fleet, of which the standalone's part stays.
async fn init(
    tidegate: &Path,
    folder: &Path,
    gateway_port: u16,
    simulator_port: u16,
) -> anyhow::Result<()> {
    let mut command = Command::new(tidegate);
    command.arg("init").arg("--data-dir").arg(folder);
    command.args(["--port", &gateway_port.to_string()]);
    command.args(["--simulator-port", &simulator_port.to_string()]);
    let output = command.stdin(Stdio::null()).output().await?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "tidegate init: {said}");
    let path = folder.join("tidegate.toml");
    let text = std::fs::read_to_string(&path)?;
    std::fs::write(&path, without_fleet(&text)).context("its configuration can't be written")
}

fn without_fleet(text: &str) -> String {
    let mut is_kept = true;
    let mut kept = String::new();
    for line in text.lines() {
        if line.starts_with('[') {
            is_kept = !OF_A_FLEET.contains(&line.trim());
        }
        if is_kept {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// Starts it and waits until it says where it serves.
async fn started(mut command: Command, folder: &Path, name: &str) -> anyhow::Result<Child> {
    let (said, log) = (
        folder.join(format!("{name}.out")),
        folder.join(format!("{name}.log")),
    );
    command.stdin(Stdio::null()).stdout(File::create(&said)?);
    command.stderr(File::create(&log)?).kill_on_drop(true);
    let mut child = command
        .spawn()
        .context("unshare or tidegate can't be run")?;
    let deadline = Instant::now().checked_add(START_WITHIN);
    loop {
        let text = std::fs::read_to_string(&said).unwrap_or_default();
        if text.contains("http://") && text.ends_with('\n') {
            return Ok(child);
        }
        if child.try_wait()?.is_some() || Some(Instant::now()) > deadline {
            let log = std::fs::read_to_string(&log).unwrap_or_default();
            let last = log.lines().rev().take(5).collect::<Vec<_>>();
            bail!("the {name} does not get ready: {}", last.join("\n"));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Two ports that are free now.
fn free_ports() -> anyhow::Result<[u16; 2]> {
    let listen = || std::net::TcpListener::bind(("127.0.0.1", 0));
    let (one, other) = (listen()?, listen()?);
    Ok([one.local_addr()?.port(), other.local_addr()?.port()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_fleet_needs_is_left_out_of_a_configuration() {
        let text =
            "[gateway]\na = 1\n\n[bus]\nb = 2\n\n[bus.kafka]\nc = 3\n\n[[merchants]]\nd = 4\n";
        let kept = without_fleet(text);
        assert_eq!(
            kept,
            "[gateway]\na = 1\n\n[bus]\nb = 2\n\n[[merchants]]\nd = 4\n"
        );
    }

    #[test]
    fn few_descriptors_are_few_at_first_or_for_good() {
        assert_eq!(Descriptors::AsMany.prefix(), Vec::<String>::new());
        assert_eq!(Descriptors::AtFirst(9).prefix(), ["prlimit", "--nofile=9:"]);
        assert_eq!(Descriptors::AtMost(9).prefix(), ["prlimit", "--nofile=9:9"]);
    }
}
