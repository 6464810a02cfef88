//! PostgreSQL, Kafka and Redis as a trial finds them: asked through their own client programs, and
//! harmed through `cargo xtask stack`, which knows their pids. A set that others use is not harmed:
//! it has no folder here.

use anyhow::{Context, ensure};
use reqwest::Url;
use std::path::PathBuf;
use std::process::Stdio;
use tokio::process::Command;

/// One set of engines.
#[derive(Clone, Debug)]
pub struct Engines {
    /// A database of a user that may make others, `postgres://user@host:port/name`.
    pub postgres: Url,
    /// `host:port` of a broker.
    pub kafka: String,
    /// `redis://host:port/number`.
    pub redis: Url,
    /// Who may harm them; `None` for a set that others use.
    pub keeper: Option<Keeper>,
}

/// How this set is kept.
#[derive(Clone, Debug)]
pub struct Keeper {
    /// The built `xtask`.
    pub xtask: PathBuf,
    /// The folder of the stack.
    pub folder: PathBuf,
}

/// One of the three.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Engine {
    /// Events, views, receipts.
    Postgres,
    /// The command log.
    Kafka,
    /// Leases and news.
    Redis,
}

impl Engine {
    /// As `xtask` calls it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Kafka => "kafka",
            Self::Redis => "redis",
        }
    }
}

/// What is done to one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    /// Starts it and waits until it answers.
    Start,
    /// Stops it in an orderly way.
    Stop,
    /// kill -9.
    Kill,
    /// SIGSTOP.
    Pause,
    /// SIGCONT.
    Resume,
}

impl Act {
    fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Kill => "kill",
            Self::Pause => "pause",
            Self::Resume => "resume",
        }
    }
}

impl Engines {
    /// Addresses as the environment gives them to tests; `None` if one is missing.
    ///
    /// # Errors
    /// If one can't be read.
    pub fn of_environment() -> anyhow::Result<Option<Self>> {
        let [Some(postgres), Some(kafka), Some(redis)] = [
            "TIDEGATE_TEST_POSTGRES",
            "TIDEGATE_TEST_KAFKA",
            "TIDEGATE_TEST_REDIS",
        ]
        .map(|name| std::env::var(name).ok()) else {
            return Ok(None);
        };
        Ok(Some(Self {
            postgres: address("TIDEGATE_TEST_POSTGRES", &postgres)?,
            kafka,
            redis: address("TIDEGATE_TEST_REDIS", &redis)?,
            keeper: None,
        }))
    }

    /// Starts a set that belongs to this trial alone, on free ports and empty; what an earlier trial
    /// left in the folder is stopped and removed.
    ///
    /// # Errors
    /// What `xtask up` says.
    pub async fn own(keeper: Keeper) -> anyhow::Result<Self> {
        keeper.down().await?;
        let [postgres, redis, kafka, controller] = free_ports()?;
        let mut command = Command::new(&keeper.xtask);
        command.arg("up").arg("--dir").arg(&keeper.folder);
        for (name, port) in [
            ("--postgres-port", postgres),
            ("--redis-port", redis),
            ("--kafka-port", kafka),
            ("--kafka-controller-port", controller),
        ] {
            command.args([name, &port.to_string()]);
        }
        told(command, "xtask up").await?;
        let postgres = format!("postgres://tidegate@127.0.0.1:{postgres}/tidegate");
        let redis = format!("redis://127.0.0.1:{redis}/0");
        Ok(Self {
            postgres: address("postgres", &postgres)?,
            kafka: format!("127.0.0.1:{kafka}"),
            redis: address("redis", &redis)?,
            keeper: Some(keeper),
        })
    }

    /// Stops a set of one's own and removes its data.
    ///
    /// # Errors
    /// What `xtask down` says, and if the set is not one's own.
    pub async fn down(&self) -> anyhow::Result<()> {
        let keeper = self.keeper()?;
        let mut command = Command::new(&keeper.xtask);
        command
            .args(["down", "--wipe", "--dir"])
            .arg(&keeper.folder);
        told(command, "xtask down").await.map(|_| ())
    }

    /// Does it to one engine, and returns when it is done.
    ///
    /// # Errors
    /// What `xtask stack` says, and if the set is not one's own.
    pub async fn act(&self, engine: Engine, act: Act) -> anyhow::Result<()> {
        let keeper = self.keeper()?;
        let mut command = Command::new(&keeper.xtask);
        command.args(["stack", engine.word(), act.word(), "--dir"]);
        command.arg(&keeper.folder);
        told(command, "xtask stack").await.map(|_| ())
    }

    /// Everything in Redis forgotten at once. Of all its users: for a set of one's own.
    ///
    /// # Errors
    /// What `redis-cli` says.
    pub async fn flush_redis(&self) -> anyhow::Result<()> {
        let mut command = Command::new("redis-cli");
        command.args(["-u", self.redis.as_str(), "FLUSHALL"]);
        told(command, "redis-cli").await.map(|_| ())
    }

    /// Everything of one fleet in Redis forgotten at once; other fleets keep theirs.
    ///
    /// # Errors
    /// What `redis-cli` says.
    pub async fn forget(&self, prefix: &str) -> anyhow::Result<()> {
        const DELETE: &str = "for _, key in ipairs(redis.call('KEYS', ARGV[1])) do \
                              redis.call('DEL', key) end";
        let mut command = Command::new("redis-cli");
        let pattern = format!("{prefix}*");
        command.args(["-u", self.redis.as_str(), "EVAL", DELETE, "0", &pattern]);
        told(command, "redis-cli").await.map(|_| ())
    }

    /// What PostgreSQL answers, as text.
    ///
    /// # Errors
    /// What `psql` says.
    pub async fn sql(&self, query: &str) -> anyhow::Result<String> {
        sql(&self.postgres, query).await
    }

    /// The pid of an engine's first process.
    ///
    /// # Errors
    /// If the set is not one's own.
    pub fn pid(&self, engine: Engine) -> anyhow::Result<u32> {
        let file = self.keeper()?.folder.join(format!("{}.pid", engine.word()));
        let text = std::fs::read_to_string(&file);
        let text = text.with_context(|| format!("{} can't be read", file.display()))?;
        let pid = text
            .split_whitespace()
            .next()
            .and_then(|pid| pid.parse().ok());
        pid.with_context(|| format!("{} holds no pid", file.display()))
    }

    fn keeper(&self) -> anyhow::Result<&Keeper> {
        let keeper = self.keeper.as_ref();
        keeper.context("these engines are others' too; they are not harmed")
    }
}

impl Keeper {
    async fn down(&self) -> anyhow::Result<()> {
        let mut command = Command::new(&self.xtask);
        command.args(["down", "--wipe", "--dir"]).arg(&self.folder);
        told(command, "xtask down").await.map(|_| ())
    }
}

/// Ports that are free now.
fn free_ports() -> anyhow::Result<[u16; 4]> {
    let mut ports = [0; 4];
    let mut held = Vec::new();
    for port in &mut ports {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        *port = listener.local_addr()?.port();
        // Held until all are drawn, so that none comes twice.
        held.push(listener);
    }
    Ok(ports)
}

/// What the database at this address answers, as text.
///
/// # Errors
/// What `psql` says.
pub async fn sql(database: &Url, query: &str) -> anyhow::Result<String> {
    let mut command = Command::new("psql");
    command.args(["-X", "-w", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c"]);
    command.arg(query).arg(database.as_str());
    told(command, "psql").await
}

fn address(name: &str, text: &str) -> anyhow::Result<Url> {
    Url::parse(text).with_context(|| format!("{name} is not an address"))
}

/// What a program said, if all is well.
async fn told(mut command: Command, name: &str) -> anyhow::Result<String> {
    let output = command
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .with_context(|| format!("{name} can't be run; is it installed?"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{name}: {}", said.trim());
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
