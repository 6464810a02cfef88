//! Where built programs lie: beside the one that runs.

use anyhow::Context;
use std::path::PathBuf;

/// The program of this name, as cargo built it.
///
/// # Errors
/// If there is none.
pub fn built(name: &str) -> anyhow::Result<PathBuf> {
    let path = folder()?.join(name);
    let there = path.exists();
    anyhow::ensure!(
        there,
        "{} is not built: `cargo build --bins`",
        path.display()
    );
    Ok(path)
}

/// The folder of built programs.
///
/// # Errors
/// If the system can't say where this program is.
pub fn folder() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("where this program is can't be told")?;
    let folder = own.parent().context("a program lies in a folder")?;
    // A test's program lies one deeper.
    let folder = match folder.file_name() {
        Some(name) if name == "deps" => folder.parent().unwrap_or(folder),
        Some(_) | None => folder,
    };
    Ok(folder.to_owned())
}
