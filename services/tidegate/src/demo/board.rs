//! What the watcher sees while sales are made: one line a sale, redrawn on a terminal, else written
//! once there is news.

use super::sales::Sale;
use crate::page::{Page, cut};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::time::Duration;

/// What stands before a sale's title: what was told, and after how long.
const BEFORE_TITLE: usize = 18;

/// The live board.
pub(crate) struct Board {
    lines: MultiProgress,
    live: bool,
    page: Page,
}

/// One sale's line.
pub(crate) struct Line {
    bar: ProgressBar,
    title: &'static str,
    live: bool,
    page: Page,
}

impl Board {
    pub(crate) fn new(page: Page) -> Self {
        Self {
            lines: MultiProgress::new(),
            live: std::io::stderr().is_terminal(),
            page,
        }
    }

    /// A line for this sale.
    pub(crate) fn line(&self, sale: &Sale) -> Line {
        let bar = self.lines.add(ProgressBar::new_spinner());
        let line = Line {
            bar,
            title: sale.title,
            live: self.live,
            page: self.page,
        };
        line.styled("  {msg}");
        let waiting = format!("{:15} {}", "waiting", line.title());
        line.bar.set_message(waiting);
        line
    }
}

impl Line {
    /// The code is scanned.
    pub(crate) fn began(&self) {
        self.bar.reset_elapsed();
        self.styled("{spinner} {elapsed:>3} {msg}");
        self.bar.enable_steady_tick(Duration::from_millis(120));
        self.bar
            .set_message(format!("{:11} {}", "scanned", self.title()));
    }

    /// The sale is settled.
    pub(crate) fn ended(&self, told: &str) {
        self.styled("  {msg}");
        let shown = format!("{told:15} {}", self.title());
        if !self.live {
            // No terminal to redraw: one line when there is news.
            let mut err = anstream::stderr().lock();
            let _gone = writeln!(err, "{shown}");
        }
        self.bar.finish_with_message(shown);
    }

    fn title(&self) -> String {
        cut(self.title, self.page.columns().saturating_sub(BEFORE_TITLE))
    }

    fn styled(&self, template: &str) {
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
    }
}
