//! Names that say nothing are where maps go to die.

use super::{Violations, none};
use crate::tree::{TextFile, files};

const EMPTY_NAMES: [&str; 13] = [
    "util", "utils", "helper", "helpers", "common", "misc", "base", "manager", "managers",
    "handler", "handlers", "models", "types",
];

fn empty_names(files: &[TextFile]) -> Violations {
    let rust = files.iter().filter(|file| file.is_rust());
    rust.filter(|file| {
        let parts = file.path.trim_end_matches(".rs").split('/');
        parts.into_iter().any(|part| EMPTY_NAMES.contains(&part))
    })
    .map(|file| format!("{}: name it after what it means", file.path))
    .collect()
}

#[test]
fn no_file_has_a_name_that_says_nothing() {
    none(empty_names(&files().unwrap()));
}

#[test]
fn a_name_that_says_nothing_is_found_in_any_part_of_a_path() {
    let file = |path: &str| TextFile {
        path: path.to_owned(),
        text: String::new(),
    };
    let files = [
        file("libs/x/src/utils.rs"),
        file("libs/common/src/lib.rs"),
        file("a/b.rs"),
    ];
    assert_eq!(empty_names(&files).len(), 2);
}
