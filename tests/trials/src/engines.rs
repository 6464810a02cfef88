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

/// Ports of a set of its own.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    /// PostgreSQL's; Redis's, Kafka's and its controller's are the next three.
    pub first: u16,
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

    /// Starts a set that belongs to this trial alone, on four ports in a row.
    ///
    /// # Errors
    /// What `xtask up` says.
    pub async fn own(keeper: Keeper, ports: Ports) -> anyhow::Result<Self> {
        let port = |place: u16| ports.first.saturating_add(place);
        let mut command = Command::new(&keeper.xtask);
        command.arg("up").arg("--dir").arg(&keeper.folder);
        for (name, place) in [
            ("--postgres-port", 0),
            ("--redis-port", 1),
            ("--kafka-port", 2),
            ("--kafka-controller-port", 3),
        ] {
            command.args([name, &port(place).to_string()]);
        }
        told(command, "xtask up").await?;
        let postgres = format!("postgres://tidegate@127.0.0.1:{}/tidegate", port(0));
        let redis = format!("redis://127.0.0.1:{}/0", port(1));
        Ok(Self {
            postgres: address("postgres", &postgres)?,
            kafka: format!("127.0.0.1:{}", port(2)),
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

    /// What PostgreSQL answers, as text.
    ///
    /// # Errors
    /// What `psql` says.
    pub async fn sql(&self, query: &str) -> anyhow::Result<String> {
        sql(&self.postgres, query).await
    }

    fn keeper(&self) -> anyhow::Result<&Keeper> {
        let keeper = self.keeper.as_ref();
        keeper.context("these engines are others' too; they are not harmed")
    }
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
