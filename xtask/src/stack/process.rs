//! Processes that outlive the tool: started, known again by their pid files, signaled. A pid alone
//! is never trusted, since the system gives it to another process some day.

use anyhow::{Context, ensure};
use std::fs::{self, File, OpenOptions};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// One process of one boot: no other one ever has the same three.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pid: u32,
    /// When it began, in clock ticks since boot.
    start_ticks: u64,
    boot: String,
}

/// What a process is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Stop in an orderly way.
    Term,
    /// PostgreSQL's "fast" stop: it ends its clients' sessions instead of waiting for them.
    Int,
    /// Gone at once.
    Kill,
    /// Stand still.
    Stop,
    /// Go on.
    Cont,
}

/// What to start, and as whom.
pub(crate) struct Launch {
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<String>,
    pub(crate) folder: PathBuf,
    /// Another user than the one who runs the tool.
    pub(crate) owner: Option<Owner>,
}

/// A user and its main group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) user: u32,
    pub(crate) group: u32,
}

/// What of `/proc/PID/stat` is asked for here.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    state: String,
    parent: u32,
    threads: u32,
    start_ticks: u64,
}

impl Stat {
    /// Whether nothing is left of it that holds a port or a file. A killed JVM is a zombie while its
    /// other threads still end, and listens as long.
    fn is_dead(&self) -> bool {
        ["Z", "X"].contains(&self.state.as_str()) && self.threads <= 1
    }
}

impl Identity {
    /// The process that has this pid now. None if there is none, or only its remains.
    fn of(pid: u32) -> Option<Self> {
        let stat = stat(pid)?;
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        (!stat.is_dead()).then(|| Self {
            pid,
            start_ticks: stat.start_ticks,
            boot: boot.trim().to_owned(),
        })
    }

    /// Whether that very process still runs.
    pub(crate) fn is_alive(&self) -> bool {
        Self::of(self.pid).as_ref() == Some(self)
    }

    /// Reads a pid file; None if there is none.
    ///
    /// # Errors
    ///
    /// If it holds anything but one line of this tool's.
    pub(crate) fn read(file: &Path) -> anyhow::Result<Option<Self>> {
        if !file.exists() {
            return Ok(None);
        }
        let text = fs::read_to_string(file)?;
        let identity = Self::parse(&text)
            .with_context(|| format!("{} is not a pid file of this tool's", file.display()))?;
        Ok(Some(identity))
    }

    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let identity = Self {
            pid: words.next()?.parse().ok()?,
            start_ticks: words.next()?.parse().ok()?,
            boot: words.next()?.to_owned(),
        };
        words.next().is_none().then_some(identity)
    }

    fn line(&self) -> String {
        format!("{} {} {}\n", self.pid, self.start_ticks, self.boot)
    }

    /// Signals the process alone.
    pub(crate) fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        send(signal, &[self.pid])
    }

    /// Signals the process and everything below it: PostgreSQL is one process for each session, and
    /// a killed parent's children would still commit. Parents come first, so that they start no more.
    /// Returns all of them.
    pub(crate) fn signal_family(&self, signal: Signal) -> anyhow::Result<Vec<Self>> {
        let pids = family(self.pid, &parents()?);
        let members = pids.iter().copied().filter_map(Self::of).collect();
        send(signal, &pids)?;
        Ok(members)
    }
}

impl Signal {
    fn name(self) -> &'static str {
        match self {
            Self::Term => "TERM",
            Self::Int => "INT",
            Self::Kill => "KILL",
            Self::Stop => "STOP",
            Self::Cont => "CONT",
        }
    }
}

/// Starts a process that goes on when this one has ended, and writes its pid file. None if it was
/// gone before it could be looked at.
///
/// # Errors
///
/// If it can't be run.
pub(crate) fn start(
    launch: &Launch,
    log: &Path,
    pid_file: &Path,
) -> anyhow::Result<Option<Identity>> {
    let log = OpenOptions::new().create(true).append(true).open(log)?;
    let mut command = Command::new(&launch.program);
    command
        .args(&launch.args)
        .current_dir(&launch.folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        // Away from the terminal's Ctrl-C.
        .process_group(0);
    if let Some(owner) = launch.owner {
        command.uid(owner.user).gid(owner.group);
    }
    let child = command
        .spawn()
        .with_context(|| format!("{} can't be run", launch.program.display()))?;
    let identity = Identity::of(child.id());
    if let Some(identity) = &identity {
        fs::write(pid_file, identity.line())?;
    }
    Ok(identity)
}

/// Runs a command to its end, with its output at the end of `log`.
///
/// # Errors
///
/// If it fails; then with the last lines of the log.
pub(crate) fn run(command: &mut Command, log: &Path) -> anyhow::Result<()> {
    let file: File = OpenOptions::new().create(true).append(true).open(log)?;
    let shown = command.get_program().to_string_lossy().into_owned();
    let status = command
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .status()
        .with_context(|| format!("{shown} can't be run"))?;
    ensure!(status.success(), "{shown} failed\n{}", last_lines(log));
    Ok(())
}

/// The end of a log, for an error text.
pub(crate) fn last_lines(log: &Path) -> String {
    const LINES: usize = 15;
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let skipped = text.lines().count().saturating_sub(LINES);
    let lines: Vec<&str> = text.lines().skip(skipped).collect();
    format!("  {}\n  (all of it: {})", lines.join("\n  "), log.display())
}

/// The standard library sends no signals, and the shell's own `kill` is everywhere.
fn send(signal: Signal, pids: &[u32]) -> anyhow::Result<()> {
    let sent = Command::new("sh")
        .args(["-c", r#"kill -s "$0" "$@""#, signal.name()])
        .args(pids.iter().map(u32::to_string))
        .stderr(Stdio::piped())
        .output()
        .context("sh can't be run")?;
    let said = String::from_utf8_lossy(&sent.stderr);
    // A member of the family that ended meanwhile is no failure.
    ensure!(
        sent.status.success() || said.contains("No such process"),
        "no signal could be sent: {said}"
    );
    Ok(())
}

fn stat(pid: u32) -> Option<Stat> {
    parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// Reads proc(5)'s `stat`. The second field is the program's name, which may hold anything.
fn parse_stat(text: &str) -> Option<Stat> {
    let (_, rest) = text.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    Some(Stat {
        state: (*fields.first()?).to_owned(),
        parent: fields.get(1)?.parse().ok()?,
        threads: fields.get(17)?.parse().ok()?,
        start_ticks: fields.get(19)?.parse().ok()?,
    })
}

/// Every process with its parent.
fn parents() -> anyhow::Result<Vec<(u32, u32)>> {
    let mut all = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let pid = name.to_str().and_then(|name| name.parse().ok());
        // One that ends meanwhile has no parent any more.
        all.extend(pid.and_then(|pid| Some((pid, stat(pid)?.parent))));
    }
    Ok(all)
}

/// The process and all below it, parents before children.
fn family(pid: u32, parents: &[(u32, u32)]) -> Vec<u32> {
    let mut found = vec![pid];
    let mut newest = vec![pid];
    while !newest.is_empty() {
        let children = parents.iter();
        let children = children
            .filter(|(child, parent)| newest.contains(parent) && !found.contains(child))
            .map(|(child, _)| *child);
        newest = children.collect();
        found.extend(&newest);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pid_file_is_read_as_it_was_written() {
        let identity = Identity::of(std::process::id()).unwrap();
        assert_eq!(Identity::parse(&identity.line()), Some(identity));
    }

    #[test]
    fn a_pid_file_of_someone_else_is_refused() {
        assert_eq!(Identity::parse("4711\n"), None);
        assert_eq!(Identity::parse("4711 1 boot and more"), None);
        assert_eq!(Identity::parse(""), None);
    }

    #[test]
    fn a_pid_that_now_belongs_to_another_process_is_not_taken_for_ours() {
        let ours = Identity::of(std::process::id()).unwrap();
        assert!(ours.is_alive());
        let younger = Identity {
            start_ticks: ours.start_ticks + 1,
            ..ours.clone()
        };
        assert!(!younger.is_alive());
        let before_the_boot = Identity {
            boot: "another".to_owned(),
            ..ours
        };
        assert!(!before_the_boot.is_alive());
    }

    #[test]
    fn a_process_that_ended_and_was_not_waited_for_is_not_alive() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let identity = Identity::of(child.id()).unwrap();
        identity.signal(Signal::Kill).unwrap();
        while identity.is_alive() {
            std::thread::yield_now();
        }
        assert!(Path::new(&format!("/proc/{}", child.id())).exists());
        child.wait().unwrap();
    }

    #[test]
    fn what_was_started_is_known_by_its_pid_file_until_it_ends() {
        let folder = crate::tree::root().join("target");
        let name = format!("started-{}", std::process::id());
        let (log, pid_file) = (folder.join(&name), folder.join(format!("{name}.pid")));
        let launch = Launch {
            program: PathBuf::from("sh"),
            args: ["-c", "echo said; sleep 60 & wait"]
                .map(str::to_owned)
                .to_vec(),
            folder,
            owner: None,
        };
        let started = start(&launch, &log, &pid_file).unwrap().unwrap();
        assert_eq!(Identity::read(&pid_file).unwrap(), Some(started.clone()));
        while !last_lines(&log).contains("said") {
            std::thread::yield_now();
        }
        let family = started.signal_family(Signal::Kill).unwrap();
        while family.iter().any(Identity::is_alive) {
            std::thread::yield_now();
        }
        assert!(!started.is_alive());
        fs::remove_file(log).unwrap();
        fs::remove_file(pid_file).unwrap();
    }

    #[test]
    fn a_programs_name_may_hold_parentheses_and_spaces() {
        let text = "42 (a) b) S 7 42 42 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 98765 1 2";
        let stat = Stat {
            state: "S".to_owned(),
            parent: 7,
            threads: 1,
            start_ticks: 98765,
        };
        assert_eq!(parse_stat(text), Some(stat));
    }

    #[test]
    fn a_killed_process_whose_threads_still_end_is_not_dead_yet() {
        let stat = |state: &str, threads| Stat {
            state: state.to_owned(),
            parent: 1,
            threads,
            start_ticks: 1,
        };
        assert!(!stat("Z", 40).is_dead());
        assert!(stat("Z", 1).is_dead());
        assert!(stat("X", 0).is_dead());
        assert!(!stat("T", 1).is_dead());
    }

    #[test]
    fn a_family_is_all_below_with_parents_first() {
        let parents = [(5, 3), (3, 2), (2, 1), (9, 1), (4, 2)];
        assert_eq!(family(2, &parents), [2, 3, 4, 5]);
    }
}
