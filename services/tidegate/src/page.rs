//! How wide the watcher's page is, and text that fits it.

use std::time::Duration;

/// What no page is narrower than; below it words would be cut.
const COLUMNS_MIN: usize = 24;

/// A page for a file or a pipe, whose reader's width nobody knows.
const COLUMNS_UNKNOWN: usize = 80;

/// A page of so many columns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Page {
    columns: usize,
}

impl Page {
    /// As wide as `COLUMNS` says, else as the terminal is, else 80.
    pub(crate) fn of_the_watcher() -> Self {
        let told = std::env::var("COLUMNS").ok();
        let told = told.and_then(|text| text.trim().parse().ok());
        let seen = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        // A terminal that does not know its width says 0.
        let columns = told.or_else(seen).filter(|columns| *columns > 0);
        Self::of(columns.unwrap_or(COLUMNS_UNKNOWN))
    }

    /// Of so many columns.
    pub(crate) fn of(columns: usize) -> Self {
        Self {
            columns: columns.max(COLUMNS_MIN),
        }
    }

    /// How many characters a line holds.
    pub(crate) fn columns(self) -> usize {
        self.columns
    }

    /// The text in lines that fit, broken between words; all but the first begin with `indent`
    /// spaces.
    pub(crate) fn wrapped(self, text: &str, indent: usize) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        let mut line = String::new();
        for word in text.split_whitespace() {
            let free = self.columns.saturating_sub(line.chars().count());
            let begun = !line.trim().is_empty();
            if begun && word.chars().count().saturating_add(1) > free {
                lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            } else if begun {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
        lines
    }
}

/// The text, cut so that it fits; a cut is shown.
pub(crate) fn cut(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_owned();
    }
    let kept: String = text.chars().take(chars_max.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// A duration in tenths of a second, or in milliseconds where those would be 0.
pub(crate) fn seconds(duration: Duration) -> String {
    match duration.as_millis() {
        ms @ 0..100 => format!("{ms} ms"),
        ms => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, Page, cut, seconds};

    #[test]
    fn words_are_never_cut_and_no_line_is_wider_than_the_page() {
        let text = "16 of 16 sales agree between till, gateway and customer, after 47.6 s.";
        for columns in 24..90 {
            let lines = Page::of(columns).wrapped(text, 2);
            assert!(lines.iter().all(|line| line.chars().count() <= columns));
            let words: Vec<&str> = lines
                .iter()
                .flat_map(|line| line.split_whitespace())
                .collect();
            assert_eq!(words.join(" "), text);
        }
    }

    #[test]
    fn what_takes_less_than_a_tenth_of_a_second_is_told_in_milliseconds() {
        let told = |ms| seconds(Duration::from_millis(ms));
        assert_eq!(
            [0, 7, 99, 100, 999, 1_000, 38_149].map(told),
            ["0 ms", "7 ms", "99 ms", "0.1 s", "0.9 s", "1.0 s", "38.1 s"]
        );
    }

    #[test]
    fn a_cut_is_shown() {
        assert_eq!(cut("a word too many", 9), "a word t…");
        assert_eq!(cut("fits", 4), "fits");
    }
}
