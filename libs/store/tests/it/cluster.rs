//! A PostgreSQL server of one's own, just made: its transaction ids begin anew. Needs its programs;
//! without them a test is skipped, and says so.

use crate::database::Database;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Where Debian puts each version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// How often to look whether it answers.
const LOOKS_MAX: u32 = 600;

/// The server, stopped when it is dropped.
pub(crate) struct Cluster {
    server: Child,
    port: u16,
    programs: PathBuf,
    _dir: tempfile::TempDir,
}

impl Cluster {
    /// `None` where PostgreSQL is not installed.
    pub(crate) async fn new() -> Option<Self> {
        let programs = programs()?;
        let owner = owner()?;
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        if let Some((user, group)) = owner {
            chown(dir.path(), Some(user), Some(group)).unwrap();
        }
        let mut making = as_owner(&programs.join("initdb"), owner, dir.path());
        making.args(["-U", "tidegate", "-A", "trust", "--no-sync", "-E", "UTF8"]);
        making.args(["--locale=C.UTF-8", "-D"]).arg(&data);
        run(&mut making);
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let mut serving = as_owner(&programs.join("postgres"), owner, dir.path());
        serving.arg("-D").arg(&data).args(["-p", &port.to_string()]);
        serving.args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]);
        serving.args(["-c", "unix_socket_directories=", "-c", "autovacuum=off"]);
        let cluster = Self {
            server: serving.spawn().unwrap(),
            port,
            programs,
            _dir: dir,
        };
        cluster.until_it_answers().await;
        Some(cluster)
    }

    pub(crate) fn database(&self) -> Database {
        let port = self.port;
        Database::at(&format!("postgres://tidegate@127.0.0.1:{port}/postgres"))
    }

    /// Dumps the database and restores it here, as docs/operations.md says.
    pub(crate) fn restore(&self, from: &Database) {
        let mut dumping = Command::new(self.programs.join("pg_dump"));
        let mut dump = dumping
            .args(["--no-owner", "--dbname", from.url()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut restoring = Command::new(self.programs.join("psql"));
        restoring.args(["-X", "-q", "-v", "ON_ERROR_STOP=1"]);
        restoring.args(["--single-transaction", "--dbname", self.database().url()]);
        run(restoring.stdin(dump.stdout.take().unwrap()));
        assert!(dump.wait().unwrap().success());
    }

    async fn until_it_answers(&self) {
        let mut asking = Command::new(self.programs.join("pg_isready"));
        asking.args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]);
        for _ in 0..LOOKS_MAX {
            if asking.status().unwrap().success() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the server does not start");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Nothing of it is kept.
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir(DEBIAN).ok()?.flatten();
    let programs = versions.map(|version| version.path().join("bin"));
    programs
        .filter(|programs| programs.join("initdb").exists())
        .max()
}

/// Who the server runs as: it refuses to be root. The outer `None`: there is nobody.
fn owner() -> Option<Option<(u32, u32)>> {
    let ours = Command::new("id").arg("-u").output().ok()?;
    if ours.stdout != b"0\n" {
        return Some(None);
    }
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let line = users.lines().find(|line| line.starts_with("postgres:"))?;
    let mut ids = line.split(':').skip(2).map(|id| id.parse().unwrap());
    Some(Some((ids.next()?, ids.next()?)))
}

fn as_owner(program: &Path, owner: Option<(u32, u32)>, place: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(place).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    if let Some((user, group)) = owner {
        command.uid(user).gid(group);
    }
    command
}

fn run(command: &mut Command) {
    let status = command.stdout(Stdio::null()).status().unwrap();
    assert!(status.success(), "{command:?}");
}
