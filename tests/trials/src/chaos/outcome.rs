//! What came of all rounds, and how it is told.

use super::Round;
use super::round::seconds;
use crate::audit::Report;
use crate::load::Sale;
use crate::show;
use comfy_table::{Cell, Color, Table, presets};

/// What came of it.
pub struct Outcome {
    /// Each fault.
    pub rounds: Vec<Round>,
    /// What the audit found.
    pub report: Report,
    /// Every sale.
    pub sales: Vec<Sale>,
}

impl Outcome {
    /// Whether everyone agrees, and sales went through again after each fault.
    pub fn is_right(&self) -> bool {
        let all_back = self
            .rounds
            .iter()
            .all(|round| round.back_after_us.is_some());
        self.report.wrong.is_empty() && all_back
    }

    /// The rounds as a table, and the audit's words.
    pub fn text(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header([
            "round",
            "fault",
            "sales",
            "back after",
            "longest stall",
            "ended by itself",
            "disagree",
        ]);
        for (place, round) in self.rounds.iter().enumerate() {
            let sales = round.sales(&self.sales);
            let wrong = sales.iter().filter(|sale| self.is_wrong(sale)).count();
            let color = if wrong == 0 { Color::Green } else { Color::Red };
            table.add_row([
                Cell::new(place.saturating_add(1)),
                Cell::new(round.fault),
                Cell::new(sales.len()),
                Cell::new(round.back_after_us.map_or("never".to_owned(), seconds)),
                Cell::new(seconds(round.stall_us(&self.sales))),
                Cell::new(round.ended_by_itself.join(", ")),
                Cell::new(wrong).fg(color),
            ]);
        }
        format!("{table}\n{}", show::report(&self.report, &self.sales))
    }

    fn is_wrong(&self, sale: &Sale) -> bool {
        let mut wrong = self.report.wrong.iter();
        wrong.any(|difference| difference.reference == sale.reference)
    }
}
