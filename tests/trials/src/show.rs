//! What a person at a terminal sees: progress on standard error, results on standard output.

use crate::audit::{Audit, Difference, PATIENCE, Report};
use crate::fleet::Fleet;
use crate::load::{Load, Sale, Tills};
use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

const EVERY: Duration = Duration::from_millis(200);

/// How many disagreements are told in full.
const TOLD_MAX: usize = 20;

/// A bar of `length` steps; indicatif hides it where nobody watches.
///
/// # Errors
/// If its template can't be read.
pub fn bar(length: u64, words: &str) -> anyhow::Result<ProgressBar> {
    let template = format!("{{bar:30}} {{pos}}/{{len}} {words}, {{elapsed}} {{msg}}");
    let bar = ProgressBar::new(length);
    bar.set_style(ProgressStyle::with_template(&template)?);
    Ok(bar)
}

/// Watches load for this long.
///
/// # Errors
/// If no bar can be shown.
pub async fn selling(load: &Load, lasting: Duration) -> anyhow::Result<()> {
    let bar = bar(lasting.as_secs(), "seconds of sales")?;
    let deadline = tokio::time::Instant::now()
        .checked_add(lasting)
        .context("no such time")?;
    while tokio::time::Instant::now() < deadline {
        tokio::time::sleep(EVERY).await;
        let (begun, ended) = load.counts();
        bar.set_position(bar.elapsed().as_secs());
        bar.set_message(format!("{begun} begun, {ended} told"));
    }
    bar.finish_and_clear();
    Ok(())
}

/// Begins no more sales and waits for all tills.
///
/// # Errors
/// If a till broke.
pub async fn finishing(load: Load) -> anyhow::Result<Vec<Sale>> {
    let spinner = ProgressBar::new_spinner().with_message("waiting for every till's answer");
    spinner.enable_steady_tick(EVERY);
    let sales = load.stop().await;
    spinner.finish_and_clear();
    sales
}

/// Waits until everything is final, and audits.
///
/// # Errors
/// If someone can't be asked.
pub async fn judging(audit: &Audit<'_>, sales: &[Sale]) -> anyhow::Result<Report> {
    let bar = bar(u64::try_from(sales.len())?, "sales are final")?;
    let report = audit
        .judge(sales, |at_rest| {
            bar.set_position(u64::try_from(at_rest).unwrap_or_default());
        })
        .await;
    bar.finish_and_clear();
    report
}

/// Waits until everything that this fleet was asked for is final, and audits.
///
/// # Errors
/// If someone can't be asked.
pub async fn judging_fleet(fleet: &Fleet, tills: &Tills, sales: &[Sale]) -> anyhow::Result<Report> {
    let (simulator, till) = (fleet.simulator(), tills.till(0));
    let audit = Audit {
        till: &till,
        simulator: &simulator,
        within: PATIENCE,
    };
    judging(&audit, sales).await
}

/// A report in words: one line, and each disagreement with all that is known of it.
pub fn report(report: &Report, sales: &[Sale]) -> String {
    let untold = sales.iter().filter(|sale| sale.told_us().is_none()).count();
    let left = sales.iter().filter(|sale| sale.was_left()).count();
    let hung_up = match left {
        0 => String::new(),
        left => format!(", {left} of them hung up on purpose"),
    };
    let Report {
        sales,
        paid,
        not_paid,
        not_taken,
        wrong,
        untold: gave_up,
    } = report;
    let mut text = format!(
        "{sales} sales: {paid} paid, {not_paid} not paid, {not_taken} not taken; {untold} tills \
         gave up before they were told{hung_up}; {} disagree",
        wrong.len()
    );
    let stories = wrong.iter().take(TOLD_MAX).map(|told| ("WRONG", told));
    let stories = stories.chain(gave_up.iter().take(TOLD_MAX).map(|told| ("UNTOLD", told)));
    for (
        word,
        Difference {
            reference,
            what,
            story,
        },
    ) in stories
    {
        let (what, story) = (what.join("; "), story.replace('\n', "\n    "));
        // Writing to a string can't fail.
        let _written = write!(text, "\n{word} {reference}: {what}\n    {story}");
    }
    text
}

/// The percentile of durations in microseconds; 0 of none.
pub fn percentile_us(mut all: Vec<u64>, percent: usize) -> u64 {
    all.sort_unstable();
    let place = all.len().saturating_mul(percent) / 100;
    let last = all.len().saturating_sub(1);
    all.get(place.min(last)).copied().unwrap_or(0)
}

/// A line on standard output.
///
/// # Errors
/// If standard output is gone.
pub fn say(text: &str) -> anyhow::Result<()> {
    writeln!(anstream::stdout().lock(), "{text}").context("standard output is gone")
}
