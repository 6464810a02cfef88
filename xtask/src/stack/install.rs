//! What the engines need on this machine: what is missing of it, and Debian's way to install it. With
//! Docker none of it is needed.

use super::Stack;
use super::process::run;
use super::wait::spin;
use super::{maven, postgres};
use anyhow::{Context, bail, ensure};
use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Kafka 4 asks for this version of Java at least.
const JAVA_MIN: u32 = 17;

/// Installs what is missing; does nothing, not even asking the network, when all is there.
///
/// # Errors
///
/// If something is missing and can't be installed from here, with the command that would.
pub(crate) fn ensure_installed(stack: &Stack) -> anyhow::Result<()> {
    let packages = missing(stack);
    if packages.is_empty() {
        return Ok(());
    }
    let wanted = packages.join(" ");
    ensure!(
        on_path("apt-get").is_some(),
        "these are missing, by their names in Debian: {wanted}. There is no apt-get here: install \
         them your system's way, or use --docker"
    );
    if !is_root()? {
        bail!(
            "these are missing: {wanted}. Install them (`sudo apt-get install -y {wanted}`) and \
             run this again, or use --docker"
        );
    }
    let log = stack.folder.join("install.log");
    spin(&format!("installing {wanted}"), || {
        run(apt_get().arg("update"), &log)?;
        let mut install = apt_get();
        install.args(["install", "-y", "--no-install-recommends"]);
        run(install.args(&packages), &log)
    })?;
    let left = missing(stack);
    ensure!(
        left.is_empty(),
        "Debian's {} did not bring what is needed (Java must be {JAVA_MIN} or later)\n{}",
        left.join(", "),
        super::process::last_lines(&log)
    );
    Ok(())
}

fn missing(stack: &Stack) -> Vec<&'static str> {
    let mut packages = Vec::new();
    if postgres::programs().is_none() {
        packages.push("postgresql");
    }
    if on_path("redis-server").is_none() {
        packages.push("redis-server");
    }
    if java().is_none() {
        packages.push("default-jre-headless");
    }
    if !maven::is_cached(stack) && on_path("mvn").is_none() {
        packages.push("maven");
    }
    packages
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// A Java that is new enough: the one of JAVA_HOME, or else the path's.
pub(crate) fn java() -> Option<PathBuf> {
    let home = std::env::var_os("JAVA_HOME").map(|home| Path::new(&home).join("bin/java"));
    let found = home.into_iter().chain(on_path("java"));
    let mut new_enough = found.filter(|java| {
        let asked = Command::new(java).arg("-version").output();
        let said = asked.map(|asked| String::from_utf8_lossy(&asked.stderr).into_owned());
        said.is_ok_and(|said| java_version(&said).is_some_and(|version| version >= JAVA_MIN))
    });
    new_enough.next()
}

/// The first number in quotation marks; before 9 it was the second one.
fn java_version(said: &str) -> Option<u32> {
    let (_, rest) = said.split_once('"')?;
    let (version, _) = rest.split_once('"')?;
    let mut numbers = version.split(['.', '-', '+', '_']);
    match numbers.next()?.parse().ok()? {
        1 => numbers.next()?.parse().ok(),
        first => Some(first),
    }
}

/// Where a program is, as a shell would find it, or where the system keeps its servers.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    find(program, &path)
}

fn find(program: &str, path: &OsStr) -> Option<PathBuf> {
    let folders = std::env::split_paths(path).chain([PathBuf::from("/usr/sbin")]);
    let mut files = folders.map(|folder| folder.join(program));
    files.find(|file| file.is_file())
}

/// The user who runs this.
pub(crate) fn user() -> anyhow::Result<u32> {
    let own = std::fs::metadata("/proc/self");
    let own = own.context("there is no /proc: this needs Linux; elsewhere use --docker")?;
    Ok(own.uid())
}

/// Whether root runs this.
pub(crate) fn is_root() -> anyhow::Result<bool> {
    Ok(user()? == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_javas_version_is_read_in_its_old_and_new_forms() {
        let said = [
            ("openjdk version \"17.0.15\" 2025-04-15\n", Some(17)),
            ("java version \"1.8.0_301\"\n", Some(8)),
            ("openjdk version \"25\" 2025-09-16\n", Some(25)),
            ("openjdk version \"26-ea\" 2026-03-17\n", Some(26)),
            ("no such thing", None),
        ];
        for (said, version) in said {
            assert_eq!(java_version(said), version, "{said}");
        }
    }

    #[test]
    fn a_program_is_found_in_the_paths_order() {
        let root = crate::tree::root();
        let path = std::env::join_paths([root.join("docs"), root.join("deploy"), root.clone()]);
        let path = path.unwrap();
        assert_eq!(find("Cargo.toml", &path), Some(root.join("Cargo.toml")));
        assert_eq!(find("no-such-program", &path), None);
    }
}
