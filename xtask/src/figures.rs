//! How large the project is, and where it is largest.

use crate::tree::{TextFile, files};
use comfy_table::{Table, presets};
use std::io::Write;
use std::process::ExitCode;

/// Prints the table.
pub(crate) fn print() -> anyhow::Result<ExitCode> {
    let files = files()?;
    let rust: Vec<&TextFile> = files.iter().filter(|file| file.is_rust()).collect();
    let (tests, production): (Vec<&TextFile>, Vec<&TextFile>) =
        rust.into_iter().partition(|file| file.is_test());
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(["", "files", "lines", "median", "largest"]);
    for (name, files) in [("production", production), ("tests", tests)] {
        let lines: usize = files.iter().map(|file| file.lines()).sum();
        let largest = files.iter().max_by_key(|file| file.lines());
        let largest = largest.map(|file| format!("{} ({})", file.path, file.lines()));
        table.add_row([
            name.to_owned(),
            files.len().to_string(),
            lines.to_string(),
            median(&files).to_string(),
            largest.unwrap_or_default(),
        ]);
    }
    let mut out = anstream::stdout().lock();
    writeln!(out, "{table}")?;
    Ok(ExitCode::SUCCESS)
}

/// The median number of lines.
pub(crate) fn median(files: &[&TextFile]) -> usize {
    let mut lines: Vec<usize> = files.iter().map(|file| file.lines()).collect();
    lines.sort_unstable();
    lines.get(lines.len() / 2).copied().unwrap_or(0)
}
