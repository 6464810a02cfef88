//! Redis for tests: the one whose address is in the environment, under a prefix of each test's
//! own, and servers that a test starts, stops and kills by itself.

use fleet::{Leases, Link, News, RedisOptions, Standing};
use secrecy::SecretString;
use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use uuid::Uuid;

/// Long enough for a busy machine; only reached when a test fails.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// Options for the Redis of the environment, or nothing, and a loud word about it.
pub(crate) fn redis(test: &str) -> Option<RedisOptions> {
    let Ok(url) = std::env::var("TIDEGATE_TEST_REDIS") else {
        eprintln!("SKIPPED over Redis: {test}: TIDEGATE_TEST_REDIS holds no address");
        return None;
    };
    Some(options(url))
}

fn options(url: String) -> RedisOptions {
    let mut options = RedisOptions::at(SecretString::from(url));
    options.key_prefix = format!("test-{}", Uuid::new_v4().simple());
    // A loaded machine is not a Redis that is away; outages have their own tests.
    options.command_timeout_ms = 5_000;
    options
}

/// A process's line, once it is up.
pub(crate) async fn link(options: &RedisOptions) -> Link {
    let link = Link::open(options).unwrap();
    until(&link, Standing::Up).await;
    link
}

/// Waits for a standing.
pub(crate) async fn until(link: &Link, wanted: Standing) {
    let mut standing = link.standing();
    let changed = standing.wait_for(|now| *now == wanted);
    tokio::time::timeout(SOON, changed).await.unwrap().unwrap();
}

/// Leases both ways.
pub(crate) async fn leases(test: &str) -> Vec<Leases> {
    let mut ways = vec![Leases::in_process()];
    if let Some(options) = redis(test) {
        ways.push(Leases::redis(&link(&options).await));
    }
    ways
}

/// News both ways.
pub(crate) async fn news(test: &str) -> Vec<News> {
    let mut ways = vec![News::in_process()];
    if let Some(options) = redis(test) {
        ways.push(hearing(&link(&options).await).await);
    }
    ways
}

/// News that hear all from now on: the first watcher makes the process listen, and is woken.
pub(crate) async fn hearing(link: &Link) -> News {
    let news = News::redis(link);
    let mut first = news.watch(payment::PaymentId::from_uuid(Uuid::nil()));
    tokio::time::timeout(SOON, first.changed()).await.unwrap();
    news
}

/// A Redis of one test. It ends with it.
pub(crate) struct Server {
    port: u16,
    dir: TempDir,
    child: Child,
}

impl Server {
    /// Starts one, or says loudly that it can't.
    pub(crate) async fn start(test: &str) -> Option<Self> {
        let there = Command::new("redis-server").arg("--version").output().await;
        if there.is_err() {
            eprintln!("SKIPPED: {test}: there is no redis-server to start");
            return None;
        }
        let port = free_port();
        let dir = tempfile::tempdir().unwrap();
        let child = spawn(port, &dir);
        Some(Self { port, dir, child })
    }

    /// Options with a short patience.
    pub(crate) fn options(&self) -> RedisOptions {
        let mut options = options(self.url("redis"));
        options.command_timeout_ms = 100;
        options.reconnect_longest_ms = 200;
        options
    }

    /// Its address.
    pub(crate) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://127.0.0.1:{}/0", self.port)
    }

    /// It stands still, and its connections with it.
    pub(crate) async fn pause(&self) {
        self.signal("-STOP").await;
    }

    /// It goes on.
    pub(crate) async fn resume(&self) {
        self.signal("-CONT").await;
    }

    /// It dies without a word.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// A new one at the same address, which knows nothing.
    pub(crate) fn start_again(&mut self) {
        self.child = spawn(self.port, &self.dir);
    }

    /// Sends a command of the test's own.
    pub(crate) async fn command(&self, words: &[&str]) {
        let client = redis::Client::open(self.url("redis")).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let (name, rest) = words.split_first().unwrap();
        let mut command = redis::cmd(name);
        command.arg(rest);
        command.exec_async(&mut connection).await.unwrap();
    }

    async fn signal(&self, name: &str) {
        let pid = self.child.id().unwrap().to_string();
        let status = Command::new("kill").args([name, &pid]).status().await;
        assert!(status.unwrap().success());
    }
}

/// A port that nobody has now.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

fn spawn(port: u16, dir: &TempDir) -> Child {
    Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
        .args(["--save", "", "--appendonly", "no", "--dir"])
        .arg(dir.path())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}
