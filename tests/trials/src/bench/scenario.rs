//! One scenario: its rates one after the other, two looks at every cost within each, then the audit
//! of every sale.

use super::connection::Connections;
use super::cost::Look;
use super::crowd::{Crowd, Manner};
use super::figures::{Audited, Machine, Run, Scenario};
use super::knee::{Bounds, Broke, Step, knee};
use super::subject::Subject;
use super::window::{Burst, seen};
use crate::audit::{Audit, PATIENCE};
use crate::load::Sale;
use crate::show;
use anyhow::Context;
use std::time::Duration;

/// Between two rates, so that none begins with what the last one left.
const REST: Duration = Duration::from_secs(1);

/// Connections that are open before the first sale.
const OPEN_AT_FIRST: usize = 64;

/// What a scenario does.
#[derive(Clone, Debug)]
pub(super) struct Script {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    pub(super) manner: Manner,
    /// What every customer's code does at Alipay.
    pub(super) behavior: &'static str,
    /// One rate after the other.
    pub(super) bursts: Vec<Burst>,
    /// Stops at the first rate that is not kept.
    pub(super) bounds: Option<Bounds>,
    pub(super) seed: u64,
}

/// Plays it.
///
/// # Errors
/// If someone can't be asked; a disagreement is not an error but a finding.
pub(super) async fn play(script: &Script, subject: &Subject) -> anyhow::Result<Scenario> {
    let load_before = Machine::load();
    let mut connections = Vec::new();
    for gateway in subject.gateways() {
        let line = Connections::to(&gateway, subject.token())?;
        line.open(OPEN_AT_FIRST).await?;
        connections.push(line);
    }
    let prefix = format!("{}-{}", script.name, script.seed);
    let crowd = Crowd::new(connections, script.manner, script.behavior, prefix);
    let mut sales = Vec::new();
    let mut runs = Vec::new();
    for burst in &script.bursts {
        let (run, bought) = rate(script, *burst, &crowd, subject).await?;
        sales.extend(bought);
        let broke = run.broke.is_some();
        runs.push(run);
        if broke {
            break;
        }
        tokio::time::sleep(REST).await;
    }
    let steps: Vec<(Step, Option<Broke>)> = runs.iter().map(|run| (step(run), run.broke)).collect();
    Ok(Scenario {
        name: script.name,
        what: script.what,
        load_before,
        knee: script.bounds.and_then(|_| knee(&steps)),
        runs,
        audit: audit(subject, &sales).await?,
    })
}

/// One rate, and the sales it made.
async fn rate(
    script: &Script,
    burst: Burst,
    crowd: &Crowd,
    subject: &Subject,
) -> anyhow::Result<(Run, Vec<Sale>)> {
    let words = format!("sales, {} at {}/s", script.name, burst.per_second);
    let bar = show::bar(burst.sales(), &words)?;
    let clock = crowd.clock();
    let from_us = clock.now_us().saturating_add(100_000);
    let window = burst.window_us();
    let looks = async {
        tokio::time::sleep_until(clock.at(from_us.saturating_add(window.start))).await;
        let first = Look::take(subject, clock).await?;
        tokio::time::sleep_until(clock.at(from_us.saturating_add(window.end))).await;
        anyhow::Ok((first, Look::take(subject, clock).await?))
    };
    let (sales, looks) = tokio::join!(crowd.buy(from_us, burst, &bar), looks);
    bar.finish_and_clear();
    let (sales, (first, last)) = (sales?, looks.context("costs can't be counted")?);
    let told = sales.iter().filter_map(Sale::told_us);
    let paid_for = told.filter(|us| (first.at_us..last.at_us).contains(us));
    let cost = first.until(&last, u64::try_from(paid_for.count())?);
    let within = from_us.saturating_add(window.start)..from_us.saturating_add(window.end);
    let seen = seen(&sales, &within)?;
    let mut run = Run {
        per_second: burst.per_second,
        counted_s: burst.lasting_s.saturating_sub(burst.warm_up_s),
        due: seen.due,
        completed: seen.completed,
        untold: seen.untold,
        accepted: (script.manner == Manner::LooksLater).then_some(seen.accepted),
        told: seen.told,
        late: seen.late,
        broke: None,
        cost,
    };
    let bounds = script.bounds.as_ref();
    run.broke = bounds.and_then(|bounds| bounds.broken_by(&step(&run), run.counted_s));
    Ok((run, sales))
}

fn step(run: &Run) -> Step {
    Step {
        per_second: run.per_second,
        due: run.due,
        completed: run.completed,
        p99_us: run.told.p99_us,
    }
}

async fn audit(subject: &Subject, sales: &[Sale]) -> anyhow::Result<Audited> {
    let tills = subject.tills()?;
    let till = tills.till(0);
    let simulator = subject.simulator();
    let audit = Audit {
        till: &till,
        simulator: &simulator,
        within: PATIENCE,
    };
    let report = show::judging(&audit, sales).await?;
    Ok(Audited {
        sales: report.sales,
        paid: report.paid,
        not_paid: report.not_paid,
        not_taken: report.not_taken,
        disagree: report.wrong.len(),
        words: show::report(&report, sales),
    })
}
