//! Rules that only stand in prose are broken within the year; these are tests.

mod arrows;
mod cases;
mod names;
mod sizes;
mod words;

/// What is wrong, and what to do: one line each.
type Violations = Vec<String>;

fn none(violations: Violations) {
    assert!(violations.is_empty(), "\n  {}\n", violations.join("\n  "));
}
