//! PostgreSQL: its programs, its data and who owns them, how it is started, whether it answers. It
//! keeps `fsync` and `synchronous_commit` on, since what is tried on it is durability.

use super::Stack;
use super::engine::Engine;
use super::process::{Launch, Owner, run};
use super::wait::spin;
use anyhow::{Context, bail, ensure};
use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The user, a superuser without a password, and the database of the same name.
pub(crate) const USER: &str = "tidegate";

/// Where Debian puts each version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The first version that knows all settings that are given below.
const VERSION_MIN: u32 = 14;

/// Remembers the data's place where it is not in the stack's own folder.
const PLACE: &str = "postgres.place";

/// The folder with `postgres`, `initdb` and `psql`: Debian's newest, or else
/// where the path finds them.
pub(crate) fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let names = versions.filter_map(|entry| entry.file_name().into_string().ok());
    let newest = newest(names.collect()).map(|name| Path::new(DEBIAN).join(name).join("bin"));
    newest
        .filter(|folder| folder.join("postgres").exists())
        .or_else(|| {
            super::install::on_path("postgres")?
                .parent()
                .map(PathBuf::from)
        })
}

fn newest(versions: Vec<String>) -> Option<String> {
    let numbered = versions.into_iter();
    let numbered = numbered.filter_map(|name| Some((name.parse::<u32>().ok()?, name)));
    let usable = numbered.filter(|(version, _)| *version >= VERSION_MIN);
    usable.max().map(|(_, name)| name)
}

/// Makes the data where there is none, and says how to start the server.
pub(crate) fn launch(stack: &Stack) -> anyhow::Result<Launch> {
    let programs = programs().context("PostgreSQL is not installed")?;
    let owner = owner()?;
    let folder = place(stack, owner)?;
    let cluster = folder.join("data");
    if !cluster.join("PG_VERSION").exists() {
        let mut command = Command::new(programs.join("initdb"));
        command.arg("-D").arg(&cluster).args(["-U", USER]);
        // Its own flushing of an empty cluster to disk is a second and protects nothing.
        command.args(["-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]);
        command.current_dir(&folder);
        become_owner(&mut command, owner);
        spin("postgres: making its data", || {
            run(&mut command, &stack.log(Engine::Postgres))
        })?;
    }
    Ok(Launch {
        program: programs.join("postgres"),
        args: args(&cluster, stack.ports.postgres),
        folder,
        owner,
    })
}

fn args(cluster: &Path, port: u16) -> Vec<String> {
    let settings = [
        "listen_addresses=127.0.0.1",
        // A socket's path may have 107 bytes, and a checkout's often has more.
        "unix_socket_directories=",
        "max_connections=200",
        // After a kill the file system is asked once instead of file by file: 3 s instead of 7.
        "recovery_init_sync_method=syncfs",
    ];
    let mut args = vec!["-D".to_owned(), cluster.display().to_string()];
    args.extend(["-p".to_owned(), port.to_string()]);
    let settings = settings.into_iter();
    args.extend(settings.flat_map(|setting| ["-c".to_owned(), setting.to_owned()]));
    args
}

/// Whether it answers a query, and has our database; makes the database where it is missing.
pub(crate) fn answers(port: u16) -> anyhow::Result<bool> {
    let query = format!("select count(*) from pg_database where datname = '{USER}'");
    match ask(port, &query)?.as_deref() {
        Some("1") => Ok(true),
        Some(_) => {
            let made = ask(port, &format!("create database {USER}"))?;
            Ok(made.is_some())
        }
        None => Ok(false),
    }
}

/// The answer to a query. None if there is none.
fn ask(port: u16, query: &str) -> anyhow::Result<Option<String>> {
    let programs = programs().context("PostgreSQL is not installed")?;
    let mut command = Command::new(programs.join("psql"));
    for (name, _) in std::env::vars_os() {
        // Someone's PGOPTIONS or PGSERVICE would lead elsewhere.
        if name.to_string_lossy().starts_with("PG") {
            command.env_remove(name);
        }
    }
    let asked = command
        .args(["-X", "-w", "-A", "-t", "-h", "127.0.0.1", "-U", USER])
        .args(["-p", &port.to_string(), "-d", "postgres", "-c", query])
        .env("PGCONNECT_TIMEOUT", "2")
        .stdin(Stdio::null())
        .output()
        .context("psql can't be run")?;
    let said = String::from_utf8_lossy(&asked.stdout).trim().to_owned();
    Ok(asked.status.success().then_some(said))
}

/// Who the server must run as: it refuses to be root.
fn owner() -> anyhow::Result<Option<Owner>> {
    if !super::install::is_root()? {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd")?;
    let owner = owner_in(&users, "postgres");
    ensure!(
        owner.is_some(),
        "PostgreSQL refuses to run as root, and there is no user `postgres` to run it as"
    );
    Ok(owner)
}

/// Reads passwd(5).
fn owner_in(users: &str, name: &str) -> Option<Owner> {
    let mut lines = users.lines();
    lines.find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        let [found, _, user, group, ..] = fields.as_slice() else {
            return None;
        };
        let ids = (user.parse().ok()?, group.parse().ok()?);
        (*found == name).then_some(Owner {
            user: ids.0,
            group: ids.1,
        })
    })
}

fn become_owner(command: &mut Command, owner: Option<Owner>) {
    if let Some(owner) = owner {
        command.uid(owner.user).gid(owner.group);
    }
}

/// The folder of the data, made where it is missing. It is the stack's own unless the owner can't
/// get there, as under a root user's home; then it lies below the system's temporary folder.
fn place(stack: &Stack, owner: Option<Owner>) -> anyhow::Result<PathBuf> {
    if let Some(place) = elsewhere(stack)? {
        make(&place, owner)?;
        return Ok(place);
    }
    let place = stack.folder_of(Engine::Postgres);
    make(&place, owner)?;
    if can_write(&place, owner)? {
        return Ok(place);
    }
    fs::remove_dir(&place).context("PostgreSQL's data can't be reached by its user any more")?;
    let name = format!("tidegate-postgres-{}", std::process::id());
    let place = std::env::temp_dir().join(name);
    if place.exists() {
        bail!("{} is in the way; remove it", place.display());
    }
    make(&place, owner)?;
    ensure!(
        can_write(&place, owner)?,
        "the user `postgres` can reach neither the stack's folder nor {}: \
         set TMPDIR to a folder that it can reach",
        place.display()
    );
    fs::write(stack.folder.join(PLACE), place.display().to_string())?;
    Ok(place)
}

/// Where the data is if it is not in the stack's folder.
pub(crate) fn elsewhere(stack: &Stack) -> anyhow::Result<Option<PathBuf>> {
    let file = stack.folder.join(PLACE);
    if !file.exists() {
        return Ok(None);
    }
    Ok(Some(PathBuf::from(fs::read_to_string(file)?.trim())))
}

/// Removes the data and what is remembered of it.
pub(crate) fn wipe(stack: &Stack) -> anyhow::Result<()> {
    if let Some(place) = elsewhere(stack)? {
        super::remove(&place)?;
    }
    super::remove(&stack.folder.join(PLACE))?;
    super::remove(&stack.folder_of(Engine::Postgres))
}

fn make(place: &Path, owner: Option<Owner>) -> anyhow::Result<()> {
    if !place.exists() {
        let mut builder = fs::DirBuilder::new();
        let made = builder.mode(0o700).create(place);
        made.with_context(|| format!("{} can't be made", place.display()))?;
        if let Some(owner) = owner {
            chown(place, Some(owner.user), Some(owner.group))?;
        }
    }
    // A folder of that name below a temporary folder that all may write to may be a stranger's.
    let wanted = owner.map_or_else(super::install::user, |owner| Ok(owner.user))?;
    ensure!(
        fs::metadata(place)?.uid() == wanted,
        "{} belongs to another user; remove it or choose another folder with --dir",
        place.display()
    );
    Ok(())
}

/// Whether the owner gets there: only asking as the owner answers for every folder above.
fn can_write(place: &Path, owner: Option<Owner>) -> anyhow::Result<bool> {
    let mut command = Command::new("test");
    command.arg("-w").arg(place).current_dir("/");
    become_owner(&mut command, owner);
    Ok(command.status().context("test(1) can't be run")?.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_is_the_largest_number() {
        let names = ["9", "15", "17", "common"].map(str::to_owned);
        assert_eq!(newest(names.to_vec()).as_deref(), Some("17"));
        let too_old = ["9", "13"].map(str::to_owned);
        assert_eq!(newest(too_old.to_vec()), None);
    }

    #[test]
    fn a_users_ids_are_read_from_its_line() {
        let users = "root:x:0:0:root:/:/bin/sh\nbroken\npostgres:x:101:104:,,,:/var:/bin/sh\n";
        let owner = Owner {
            user: 101,
            group: 104,
        };
        assert_eq!(owner_in(users, "postgres"), Some(owner));
        assert_eq!(owner_in(users, "nobody"), None);
    }

    #[test]
    fn nothing_that_keeps_a_commit_on_disk_is_switched_off() {
        let args = args(Path::new("there"), 1).join(" ");
        assert!(args.contains("-D there -p 1 -c listen_addresses=127.0.0.1"));
        for word in ["fsync", "synchronous_commit", "full_page_writes"] {
            assert!(!args.contains(word), "{args}");
        }
    }
}
