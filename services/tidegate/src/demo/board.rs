//! What the watcher sees: every sale as it stands, then one table.

use super::counter::Outcome;
use super::sales::Sale;
use comfy_table::{Cell, Color, ContentArrangement, Table, presets};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::time::Duration;

/// The live board.
pub(crate) struct Board {
    lines: MultiProgress,
    live: bool,
}

/// One sale's line.
pub(crate) struct Line {
    bar: ProgressBar,
    title: &'static str,
    live: bool,
}

impl Board {
    pub(crate) fn new() -> Self {
        Self {
            lines: MultiProgress::new(),
            live: std::io::stderr().is_terminal(),
        }
    }

    /// A line for this sale.
    pub(crate) fn line(&self, sale: &Sale) -> anyhow::Result<Line> {
        let style = ProgressStyle::with_template("{spinner} {elapsed:>4} {prefix:52} {msg}")?;
        let bar = self.lines.add(ProgressBar::new_spinner());
        bar.set_style(style);
        bar.set_prefix(sale.title);
        bar.set_message("waiting for its customer");
        Ok(Line {
            bar,
            title: sale.title,
            live: self.live,
        })
    }
}

impl Line {
    /// The code is scanned.
    pub(crate) fn began(&self) {
        self.bar.reset_elapsed();
        self.bar.enable_steady_tick(Duration::from_millis(120));
        self.bar.set_message("scanned, waiting for the answer");
    }

    /// The sale is settled.
    pub(crate) fn ended(&self, told: &str) {
        self.bar.finish_with_message(told.to_owned());
        if !self.live {
            // No terminal to redraw: one line when there is news.
            let mut err = anstream::stderr().lock();
            let _gone = writeln!(err, "{:52} {told}", self.title);
        }
    }
}

/// The table: one row a sale.
pub(crate) fn table(sales: &[(&Sale, anyhow::Result<Outcome>)]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header([
            "sale",
            "at Alipay",
            "the merchant was told",
            "after",
            "customer",
            "agree",
        ]);
    if !std::io::stdout().is_terminal() {
        table.set_width(160);
    }
    for (sale, outcome) in sales {
        match outcome {
            Ok(outcome) => table.add_row([
                Cell::new(sale.title),
                Cell::new(&outcome.happened),
                Cell::new(&outcome.told),
                Cell::new(seconds(outcome.after)),
                Cell::new(spent(outcome.spent_minor)),
                verdict(outcome.agrees),
            ]),
            Err(error) => table.add_row([
                Cell::new(sale.title),
                Cell::new("?"),
                Cell::new(format!("{error:#}")),
                Cell::new("-"),
                Cell::new("?"),
                verdict(false),
            ]),
        };
    }
    table
}

fn verdict(agrees: bool) -> Cell {
    if agrees {
        Cell::new("yes").fg(Color::Green)
    } else {
        Cell::new("NO").fg(Color::Red)
    }
}

/// A duration to the tenth of a second.
pub(crate) fn seconds(duration: Duration) -> String {
    let tenths = duration.as_millis() / 100;
    format!("{}.{} s", tenths / 10, tenths % 10)
}

fn spent(minor: i64) -> String {
    match minor {
        0 => "as before".to_owned(),
        _ => format!("{}.{:02} CNY less", minor / 100, minor % 100),
    }
}
