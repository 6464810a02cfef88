//! The report: one line a sale where the page has 80 columns, with what happened at Alipay beside it
//! on a wide one, below each other on a narrow one; then what does not agree, in full.

use super::counter::Outcome;
use super::sales::Sale;
use crate::page::{Page, cut, seconds};
use anstyle::{AnsiColor, Style};

/// What came of one sale.
pub(crate) type Made<'a> = (&'a Sale, anyhow::Result<Outcome>);

/// Two spaces stand between columns.
const GAP: &str = "  ";

/// What the columns besides the sale's title need, with their gaps.
const BESIDE_TITLE: usize = 34;

/// Less is no use for what happened at Alipay.
const STORY_MIN: usize = 24;

/// One sale's cells.
struct Row {
    title: String,
    told: String,
    after: String,
    balance: String,
    agrees: bool,
    story: String,
}

/// The report's lines.
pub(crate) fn report(sales: &[Made<'_>], page: Page) -> Vec<String> {
    let rows: Vec<Row> = sales.iter().map(row).collect();
    let widest = rows.iter().map(|row| row.title.chars().count()).max();
    let title = widest.unwrap_or(0).max(4);
    let table = title.saturating_add(BESIDE_TITLE);
    let mut lines = if table > page.columns() {
        rows.iter().flat_map(|row| stacked(row, page)).collect()
    } else {
        let left = page.columns().saturating_sub(table);
        let story = left
            .checked_sub(GAP.len())
            .filter(|left| *left >= STORY_MIN);
        let mut lines = vec![heading(title, story)];
        lines.extend(rows.iter().map(|row| in_line(row, title, story)));
        lines
    };
    for (sale, outcome) in sales {
        lines.extend(disagreement(sale, outcome, page));
    }
    lines
}

fn row((sale, outcome): &Made<'_>) -> Row {
    let title = sale.title.to_owned();
    match outcome {
        Ok(outcome) => Row {
            title,
            told: outcome.outcome.clone(),
            after: seconds(outcome.after),
            balance: balance(outcome.spent_minor),
            agrees: outcome.agrees,
            story: outcome.happened.clone(),
        },
        Err(_) => Row {
            title,
            told: "?".to_owned(),
            after: "?".to_owned(),
            balance: "?".to_owned(),
            agrees: false,
            story: "?".to_owned(),
        },
    }
}

fn heading(title: usize, story: Option<usize>) -> String {
    let story = story.map_or("", |_| "  at Alipay");
    format!(
        "{:title$}{GAP}{:8}{GAP}{:>6}{GAP}{:>7}{GAP}agree{story}",
        "sale", "told", "after", "balance"
    )
}

fn in_line(row: &Row, title: usize, story: Option<usize>) -> String {
    let Row {
        told,
        after,
        balance,
        ..
    } = row;
    let story = story.map(|width| format!("{GAP}{}", cut(&row.story, width)));
    let line = format!(
        "{:title$}{GAP}{told:8}{GAP}{after:>6}{GAP}{balance:>7}{GAP}{}{}",
        row.title,
        verdict(row.agrees),
        story.unwrap_or_default()
    );
    line.trim_end().to_owned()
}

fn stacked(row: &Row, page: Page) -> Vec<String> {
    let mut lines = page.wrapped(&row.title, 0);
    let told = format!(
        "{} after {}, balance {}, {}",
        row.told,
        row.after,
        row.balance,
        if row.agrees { "agrees" } else { "DISAGREES" }
    );
    let narrower = Page::of(page.columns().saturating_sub(2));
    let told = narrower.wrapped(&told, 0).into_iter();
    lines.extend(told.map(|line| format!("{GAP}{line}")));
    lines
}

/// As wide as its heading, whatever its color.
fn verdict(agrees: bool) -> String {
    let (word, color) = match agrees {
        true => ("yes", AnsiColor::Green),
        false => ("NO", AnsiColor::Red),
    };
    let style = Style::new().fg_color(Some(color.into()));
    format!("{style}{word}{style:#}{}", " ".repeat(5 - word.len()))
}

/// All that is known of a sale whose parties disagree.
fn disagreement(sale: &Sale, outcome: &anyhow::Result<Outcome>, page: Page) -> Vec<String> {
    let why = match outcome {
        Ok(outcome) if outcome.agrees => return Vec::new(),
        Ok(outcome) => format!(
            "the merchant was told {}; at Alipay: {}",
            outcome.told, outcome.happened
        ),
        Err(error) => format!("{error:#}"),
    };
    page.wrapped(&format!("NOT AS IT MUST BE: {}: {why}", sale.title), 2)
}

fn balance(spent_minor: i64) -> String {
    let sign = if spent_minor > 0 { "-" } else { "" };
    let minor = spent_minor.unsigned_abs();
    format!("{sign}{}.{:02}", minor / 100, minor % 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::sales::SALES;
    use std::time::Duration;

    fn made(agrees: bool) -> Vec<Made<'static>> {
        let outcome = |_: &Sale| Outcome {
            happened: "charged at 3.1 s, cancelled at 38.0 s, 11 inquiries".to_owned(),
            told: "not_paid; the other: order_has_open_payment".to_owned(),
            outcome: "not_paid".to_owned(),
            after: Duration::from_millis(41_249),
            spent_minor: 1_280,
            agrees,
        };
        SALES.iter().map(|sale| (sale, Ok(outcome(sale)))).collect()
    }

    fn plain(lines: &[String]) -> Vec<String> {
        let strip = |line: &String| anstream::adapter::strip_str(line).to_string();
        lines.iter().map(strip).collect()
    }

    #[test]
    fn every_sale_is_one_line_of_at_most_80_columns() {
        let lines = plain(&report(&made(true), Page::of(80)));
        assert_eq!(lines.len(), SALES.len() + 1, "{lines:#?}");
        for (line, sale) in lines.iter().skip(1).zip(SALES) {
            assert!(line.chars().count() <= 80, "{line}");
            assert!(line.starts_with(sale.title), "{line}");
            assert!(line.ends_with("not_paid  41.2 s   -12.80  yes"), "{line}");
        }
    }

    #[test]
    fn a_wide_page_tells_what_happened_at_alipay_in_the_same_line() {
        let lines = plain(&report(&made(true), Page::of(140)));
        assert_eq!(lines.len(), SALES.len() + 1, "{lines:#?}");
        assert!(
            lines
                .iter()
                .skip(1)
                .all(|line| line.contains("11 inquiries"))
        );
        for columns in 80..200 {
            let lines = plain(&report(&made(true), Page::of(columns)));
            assert!(lines.iter().all(|line| line.chars().count() <= columns));
        }
    }

    #[test]
    fn a_narrow_page_holds_every_word_of_every_sale() {
        for columns in [24, 40, 60, 77] {
            let lines = plain(&report(&made(true), Page::of(columns)));
            assert!(lines.iter().all(|line| line.chars().count() <= columns));
            let all = lines.join(" ");
            let all: Vec<&str> = all.split_whitespace().collect();
            let all = all.join(" ");
            for sale in SALES {
                let told = format!(
                    "{} not_paid after 41.2 s, balance -12.80, agrees",
                    sale.title
                );
                assert!(all.contains(&told), "{told}: {all}");
            }
        }
    }

    #[test]
    fn what_disagrees_or_fails_is_told_in_full_whatever_the_width() {
        let mut sales = made(true);
        sales[3].1 = Err(anyhow::anyhow!("the gateway does not answer"));
        sales[9] = made(false).remove(9);
        for columns in [40, 80, 140] {
            let lines = plain(&report(&sales, Page::of(columns)));
            let all = lines.join(" ").replace("  ", " ");
            let all: Vec<&str> = all.split_whitespace().collect();
            let all = all.join(" ");
            assert!(all.contains("the gateway does not answer"), "{all}");
            assert!(all.contains("the other: order_has_open_payment"), "{all}");
            assert_eq!(all.matches("NOT AS IT MUST BE").count(), 2, "{all}");
        }
    }
}
