//! Words that must not stand in what is delivered.

use super::{Violations, none};
use crate::tree::{TextFile, files};

/// In Rust. Put together here, so that this file does not hold them.
fn unfinished() -> [String; 4] {
    let joined = |one: &str, two: &str| format!("{one}{two}");
    [
        joined("todo", "!("),
        joined("unimplemented", "!("),
        joined("#[ign", "ore"),
        joined("FIX", "ME"),
    ]
}

/// In any file: places on some developer's machine.
fn someones_machine() -> [String; 3] {
    ["work", "root", "home"].map(|place| format!("/{place}/"))
}

fn found(files: &[TextFile]) -> Violations {
    let mut violations = Violations::new();
    for file in files {
        let unfinished = if file.is_rust() {
            &unfinished()[..]
        } else {
            &[]
        };
        let machine = someones_machine();
        let machine = if file.path == "Cargo.lock" {
            &[]
        } else {
            &machine[..]
        };
        for word in unfinished.iter().chain(machine) {
            if let Some(line) = file
                .text
                .lines()
                .position(|line| line.contains(word.as_str()))
            {
                let line = line.saturating_add(1);
                violations.push(format!("{}:{line} holds `{word}`; take it out", file.path));
            }
        }
    }
    violations
}

#[test]
fn nothing_is_left_unfinished_and_nothing_names_a_developers_machine() {
    none(found(&files().unwrap()));
}

#[test]
fn an_unfinished_line_and_a_foreign_path_are_found() {
    let text = format!(
        "//! x\nfn f() {{ {}) }}\n// {}x\n",
        unfinished()[0],
        someones_machine()[0]
    );
    let file = TextFile {
        path: "a.rs".to_owned(),
        text,
    };
    assert_eq!(found(&[file]).len(), 2);
}
