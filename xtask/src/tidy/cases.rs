//! docs/cases.md says which test shows which hard case; here it is held to that.

use super::{Violations, none};
use crate::tree;
use std::collections::{BTreeMap, BTreeSet};

/// Needs the merchant's partial refunds.
const NOT_YET: [&str; 1] = ["X27"];

/// Each case's id and what stands in its last column.
fn page() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(tree::root().join("docs/cases.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| X"));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [id, .., test] = cells.as_slice() else {
            panic!("not a row: {row}");
        };
        ((*id).to_owned(), test.trim_matches('`').to_owned())
    })
    .collect()
}

/// The cases that the page says are tried through real processes.
fn through_processes() -> BTreeSet<String> {
    let text = std::fs::read_to_string(tree::root().join("docs/cases.md")).unwrap();
    let (_, rest) = text.split_once("`case_x…_on_the_real_engines_…`:").unwrap();
    let (list, _) = rest.split_once('.').unwrap();
    list.split(',').map(|id| id.trim().to_owned()).collect()
}

/// The names of all functions that bear a case's id.
fn tests() -> BTreeSet<String> {
    let files = tree::files().unwrap().into_iter();
    let rust = files.filter(|file| file.path.ends_with(".rs"));
    rust.flat_map(|file| file.text.lines().filter_map(case_test).collect::<Vec<_>>())
        .collect()
}

fn case_test(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("fn ")?;
    let name = rest.split(['(', '<']).next()?;
    name.contains("case_x").then(|| name.to_owned())
}

#[test]
fn every_hard_case_has_the_test_that_its_page_names() {
    let (page, tests) = (page(), tests());
    let mut violations = Violations::new();
    for number in 1..=35 {
        let id = format!("X{number}");
        let Some(test) = page.get(&id) else {
            violations.push(format!("docs/cases.md: {id} is not there"));
            continue;
        };
        let bears = format!("case_x{number}_");
        let shown = tests.contains(test) && test.contains(&bears);
        if !shown && !NOT_YET.contains(&id.as_str()) {
            violations.push(format!("docs/cases.md: {id}: there is no test `{test}`"));
        }
    }
    none(violations);
}

#[test]
fn the_cases_tried_through_real_processes_are_those_that_the_page_names() {
    let tests = tests().into_iter();
    let tried: BTreeSet<String> = tests
        .filter_map(|name| {
            let (id, _) = name.split_once("_on_the_real_engines_")?;
            let number = id.strip_prefix("case_x")?;
            Some(format!("X{number}"))
        })
        .collect();
    assert_eq!(through_processes(), tried);
}
