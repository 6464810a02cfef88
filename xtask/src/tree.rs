//! The files of the repository, as git knows them.

use anyhow::{Context, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or(here.clone(), PathBuf::from)
}

/// The folder of what cargo builds. This tool lies in it, whatever `CARGO_TARGET_DIR` or a
/// configuration of cargo's says.
pub(crate) fn target() -> PathBuf {
    let own = std::env::current_exe().unwrap_or_default();
    // Cargo marks it for programs that make backups.
    let mut above = own.ancestors().skip(1);
    let marked = above.find(|folder| folder.join("CACHEDIR.TAG").exists());
    marked.map_or_else(|| root().join("target"), Path::to_path_buf)
}

/// One text file.
pub(crate) struct TextFile {
    /// From the root, with `/`.
    pub(crate) path: String,
    /// What is in it.
    pub(crate) text: String,
}

/// Every text file that git tracks or would track; in an unpacked archive, every one outside of
/// `target` and hidden directories.
pub(crate) fn files() -> anyhow::Result<Vec<TextFile>> {
    let paths = match tracked()? {
        Some(paths) => paths,
        None => walked(&root(), "")?,
    };
    let mut files: Vec<TextFile> = paths
        .into_iter()
        .filter_map(|path| {
            // What is deleted but not yet committed, and what is not text, is not looked at.
            let text = std::fs::read_to_string(root().join(&path)).ok()?;
            Some(TextFile { path, text })
        })
        .collect();
    files.sort_by(|one, other| one.path.cmp(&other.path));
    ensure!(
        !files.is_empty(),
        "no files were found in {}",
        root().display()
    );
    Ok(files)
}

fn tracked() -> anyhow::Result<Option<Vec<String>>> {
    if !root().join(".git").exists() {
        return Ok(None);
    }
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .context("git can't be run; install it")?;
    ensure!(
        listed.status.success(),
        "git can't list the files; is this a clone?"
    );
    let paths = String::from_utf8(listed.stdout)?;
    Ok(Some(paths.lines().map(str::to_owned).collect()))
}

fn walked(directory: &Path, prefix: &str) -> anyhow::Result<Vec<String>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name == "target" || name.starts_with('.') {
            continue;
        }
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            paths.extend(walked(&entry.path(), &format!("{path}/"))?);
        } else {
            paths.push(path);
        }
    }
    Ok(paths)
}

impl TextFile {
    /// Whether it is Rust.
    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether it is part of a test.
    pub(crate) fn is_test(&self) -> bool {
        self.path
            .split('/')
            .any(|part| part == "tests" || part == "tests.rs")
    }

    /// How many lines it has.
    pub(crate) fn lines(&self) -> usize {
        self.text.lines().count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_builds_is_found_where_this_tool_lies() {
        let own = std::env::current_exe().unwrap();
        let target = target();
        assert!(own.starts_with(&target), "{}", target.display());
        assert!(target.join("debug").is_dir() || target.join("release").is_dir());
    }
}
