//! The figures for people.

use super::cost::Cost;
use super::figures::{Figures, Run, Scenario};
use super::knee::Broke;
use super::spread::Spread;
use comfy_table::{Cell, CellAlignment, Color, Table, presets};
use std::fmt::Write as _;

/// Everything that was found.
pub(super) fn text(figures: &Figures) -> String {
    let machine = &figures.machine;
    let mut text = format!(
        "{} cores, {}; one RSA-2048 signature takes {} µs\n{}",
        machine.cores,
        machine.processor,
        figures.signature_ns / 1_000,
        figures.fleet
    );
    for scenario in &figures.scenarios {
        // Writing to a string can't fail.
        let _written = write!(text, "\n\n{}", one(scenario, figures.signature_ns));
    }
    text
}

fn one(scenario: &Scenario, signature_ns: u64) -> String {
    let Scenario {
        name,
        what,
        load_before,
        audit,
        ..
    } = scenario;
    let mut text = format!("{name}: {what} (load average before: {load_before})\n");
    let costs = costs(&scenario.runs, signature_ns);
    let _written = write!(text, "{}\n\n{costs}\n", latencies(&scenario.runs));
    if let Some(knee) = &scenario.knee {
        let (rate, p99) = (knee.per_second, ms(knee.p99_us));
        let _written = writeln!(text, "knee: {rate}/s, 99 of 100 told within {p99} ms");
    }
    let _written = write!(text, "audit: {}", audit.words);
    if audit.disagree > 0 {
        text.push_str("\nVOID: a figure of sales that disagree says nothing");
    }
    text
}

fn latencies(runs: &[Run]) -> Table {
    let mut table = plain(&[
        "per second",
        "completed",
        "milliseconds until",
        "p50",
        "p90",
        "p99",
        "p99.9",
        "max",
        "",
    ]);
    for run in runs {
        let per_second = run.per_second.to_string();
        let completed = tenths(run.completed.saturating_mul(10) / run.counted_s.max(1));
        let verdict = match run.broke {
            None => Cell::new(""),
            Some(Broke::P99) => Cell::new("too slow").fg(Color::Yellow),
            Some(Broke::Completed) => Cell::new("falls behind").fg(Color::Yellow),
        };
        let begun = spread("begun by the load", &run.late);
        let accepted = run.accepted.as_ref().map(|took| spread("accepted", took));
        let rows = [Some(begun), accepted, Some(spread("told", &run.told))];
        let mut first = [Cell::new(per_second), Cell::new(completed)].to_vec();
        let mut last = Some(verdict);
        for row in rows.into_iter().flatten() {
            let mut cells = std::mem::replace(&mut first, vec![Cell::new(""), Cell::new("")]);
            cells.extend(row);
            cells.extend(last.take());
            table.add_row(cells);
        }
    }
    table
}

fn spread(what: &str, spread: &Spread) -> Vec<Cell> {
    let Spread {
        p50_us,
        p90_us,
        p99_us,
        p999_us,
        max_us,
        ..
    } = spread;
    let figures = [p50_us, p90_us, p99_us, p999_us, max_us].into_iter();
    let mut cells = vec![Cell::new(what)];
    cells.extend(figures.map(|us| Cell::new(ms(*us)).set_alignment(CellAlignment::Right)));
    cells
}

/// One column per rate: what a payment costs there.
fn costs(runs: &[Run], signature_ns: u64) -> Table {
    let mut header = vec!["per payment".to_owned()];
    header.extend(runs.iter().map(|run| format!("{}/s", run.per_second)));
    let mut table = plain(&header);
    let parts = runs.first().map(|run| run.cost.cpu.as_slice());
    for (place, part) in parts.unwrap_or_default().iter().enumerate() {
        row(&mut table, &format!("CPU of {}", part.part), runs, |cost| {
            let us = cost.cpu.get(place)?.cpu_us;
            Some(format!("{us} µs = {} sig", signatures(us, signature_ns)))
        });
    }
    row(&mut table, "CPU together", runs, |cost| {
        let us = cost.cpu.iter().map(|part| part.cpu_us).sum();
        Some(format!("{us} µs = {} sig", signatures(us, signature_ns)))
    });
    let thousandths = |count: u64| Some(tenths(count / 100));
    row(&mut table, "Kafka records worked on", runs, |cost| {
        thousandths(cost.commands_thousandths)
    });
    row(&mut table, "PostgreSQL commits", runs, |cost| {
        thousandths(cost.engines?.commits_thousandths)
    });
    row(&mut table, "  syncs to disk", runs, |cost| {
        thousandths(cost.engines?.wal_syncs_thousandths)
    });
    row(&mut table, "  bytes of log", runs, |cost| {
        Some(cost.engines?.wal_bytes.to_string())
    });
    row(&mut table, "Redis commands", runs, |cost| {
        thousandths(cost.engines?.redis_commands_thousandths)
    });
    row(&mut table, "cores busy with this", runs, |cost| {
        Some(tenths(cost.ours_us_per_s / 100_000))
    });
    row(&mut table, "cores busy with others", runs, |cost| {
        Some(tenths(cost.others_us_per_s / 100_000))
    });
    table
}

fn row(table: &mut Table, what: &str, runs: &[Run], figure: impl Fn(&Cost) -> Option<String>) {
    let figures: Vec<Option<String>> = runs.iter().map(|run| figure(&run.cost)).collect();
    if figures.iter().all(Option::is_none) {
        return;
    }
    let mut cells = vec![Cell::new(what)];
    cells.extend(
        figures.into_iter().map(|figure| {
            Cell::new(figure.unwrap_or_default()).set_alignment(CellAlignment::Right)
        }),
    );
    table.add_row(cells);
}

fn plain(header: &[impl ToString]) -> Table {
    let mut table = Table::new();
    let header = header.iter().map(ToString::to_string);
    table.load_style(presets::NOTHING).set_header(header);
    table
}

/// How many signatures could be made in this time, with one digit behind the point.
fn signatures(us: u64, signature_ns: u64) -> String {
    tenths(us.saturating_mul(10_000) / signature_ns.max(1))
}

fn ms(us: u64) -> String {
    tenths(us / 100)
}

fn tenths(count: u64) -> String {
    format!("{}.{}", count / 10, count % 10)
}

#[cfg(test)]
mod tests {
    use super::super::cost::PartCost;
    use super::*;

    #[test]
    fn figures_have_one_digit_behind_the_point() {
        assert_eq!(ms(14_960), "14.9");
        assert_eq!(signatures(1_000, 250_000), "4.0");
        assert_eq!(signatures(110, 215_000), "0.5");
    }

    #[test]
    fn what_nobody_counted_is_no_row() {
        let cost = Cost {
            payments: 10,
            cpu: vec![PartCost {
                part: "tidegate".to_owned(),
                cpu_us: 2_000,
            }],
            others_us_per_s: 0,
            ours_us_per_s: 1_250_000,
            commands_thousandths: 2_000,
            engines: None,
        };
        let run = Run {
            per_second: 50,
            counted_s: 8,
            due: 400,
            completed: 396,
            untold: 0,
            accepted: None,
            told: Spread::default(),
            late: Spread::default(),
            broke: Some(Broke::P99),
            cost,
        };
        let shown = costs(std::slice::from_ref(&run), 200_000).to_string();
        assert!(shown.contains("2000 µs = 10.0 sig"), "{shown}");
        assert!(!shown.contains("Redis"), "{shown}");
        let shown = latencies(&[run]).to_string();
        assert!(shown.contains("49.5"), "{shown}");
        assert!(shown.contains("too slow"), "{shown}");
    }
}
