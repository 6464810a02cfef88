//! The built `trials` as it is called. That this test is handed the binary also has it built by every
//! test run, for the chaos that follows there.

use std::process::{Command, Output};

fn trials(words: &[&str]) -> std::io::Result<Output> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trials"));
    command.args(words).output()
}

#[test]
fn each_command_says_what_it_does_and_from_which_seed() {
    for command in ["chaos", "accepting", "load"] {
        let said = trials(&[command, "--help"]).unwrap();
        let text = String::from_utf8(said.stdout).unwrap();
        assert!(said.status.success(), "{command}");
        assert!(text.contains("--seed"), "{command}: {text}");
    }
}

#[test]
fn a_word_that_is_no_number_is_refused_before_anything_is_started() {
    let refused = trials(&["accepting", "--posts", "many"]).unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(refused.stdout.is_empty());
}
