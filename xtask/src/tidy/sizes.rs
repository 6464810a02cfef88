//! Files stay small enough to be read in one go. Functions are clippy's (`too_many_lines`).

use super::{Violations, none};
use crate::figures::median;
use crate::tree::{TextFile, files};

const LINES_MAX: usize = 500;
const MEDIAN_MAX: usize = 130;

fn too_long(files: &[TextFile]) -> Violations {
    let rust = files
        .iter()
        .filter(|file| file.is_rust() && file.lines() > LINES_MAX);
    rust.map(|file| {
        format!(
            "{} has {} lines; divide it by meaning",
            file.path,
            file.lines()
        )
    })
    .collect()
}

fn unopened(files: &[TextFile]) -> Violations {
    let silent = files
        .iter()
        .filter(|file| file.is_rust() && !file.text.starts_with("//!"));
    silent
        .map(|file| format!("{} does not open with `//!`: say what it holds", file.path))
        .collect()
}

#[test]
fn no_file_is_longer_than_500_lines_and_the_median_is_about_100() {
    let files = files().unwrap();
    none(too_long(&files));
    let rust: Vec<&TextFile> = files.iter().filter(|file| file.is_rust()).collect();
    let median = median(&rust);
    assert!(median <= MEDIAN_MAX, "the median file has {median} lines");
}

#[test]
fn every_file_opens_with_what_it_holds() {
    none(unopened(&files().unwrap()));
}

#[test]
fn a_long_or_silent_file_is_named() {
    let long = TextFile {
        path: "long.rs".to_owned(),
        text: "x\n".repeat(501),
    };
    let files = [long];
    assert_eq!(too_long(&files).len(), 1);
    assert_eq!(unopened(&files).len(), 1);
}
