//! Is accepting honest? Many requests to pay while Kafka stands still, is stopped and is started,
//! again and again: each was either refused, or has reached a final state; none both, none lost.

use crate::audit::Report;
use crate::engines::{Act, Engine, Engines, Keeper};
use crate::fleet::{Fleet, FleetPlan, Wiring};
use crate::load::{Asked, Load, LoadPlan, Mix, Said, Sale, Tills};
use crate::show;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// Sales in peace before each trouble.
const PEACE: Duration = Duration::from_secs(4);

/// How long Kafka stands still: longer than a produce is tried, and short enough that who asks again
/// with the same key is sold to before the last begin.
const STILL: Duration = Duration::from_millis(2_500);

/// How long Kafka is gone, beside what its own stop and start take: longer than a produce is tried.
const GONE: Duration = Duration::from_secs(3);

/// After the last start, so that what was turned away can be asked for again.
const AFTERWARDS: Duration = Duration::from_secs(5);

const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What to do.
#[derive(Clone, Debug)]
pub struct AcceptingPlan {
    /// The `tidegate` binary.
    pub tidegate: PathBuf,
    /// The `xtask` binary, which keeps the engines.
    pub xtask: PathBuf,
    /// Where engines, keys and logs are.
    pub folder: PathBuf,
    /// How many requests at least.
    pub posts: u64,
    /// How many of them per second.
    pub per_second: u32,
    /// Where chance begins.
    pub seed: u64,
}

/// What came of it.
pub struct Accepting {
    /// What the audit found.
    pub report: Report,
    /// Every sale.
    pub sales: Vec<Sale>,
    /// How often Kafka was stopped and started.
    pub stops: usize,
}

/// Starts engines and a fleet of its own, makes the requests, audits, and takes everything down.
/// Half of the tills take the first 503 for the last word, the others ask again with their key.
///
/// # Errors
/// If something can't be started or stopped; the engines are taken down all the same.
pub async fn accepting(plan: &AcceptingPlan) -> anyhow::Result<Accepting> {
    let keeper = Keeper {
        xtask: plan.xtask.clone(),
        folder: plan.folder.join("engines"),
    };
    let engines = Engines::own(keeper).await?;
    let outcome = on(&engines, plan).await;
    engines.down().await?;
    outcome
}

async fn on(engines: &Engines, plan: &AcceptingPlan) -> anyhow::Result<Accepting> {
    let fleet = Fleet::start(FleetPlan {
        tidegate: plan.tidegate.clone(),
        canary: None,
        folder: plan.folder.join(format!("fleet-{}", std::process::id())),
        engines: engines.clone(),
        gateways: 2,
        orchestrators: 2,
        projectors: 1,
        wiring: Wiring::Direct,
        settings: Vec::new(),
    })
    .await?;
    let tills = Tills::new(fleet.gateways(), &fleet.token)?;
    let load = Load::start(
        LoadPlan {
            per_second: plan.per_second,
            mix: Mix::smooth(),
            cancelled_per_mille: 0,
            gives_up_per_mille: 500,
            prefix: format!("accepting-{}", plan.seed),
            seed: plan.seed,
        },
        tills.clone(),
    );
    let stops = stop_and_start(engines, &load, plan.posts).await?;
    let sales = show::finishing(load).await?;
    let report = show::judging_fleet(&fleet, &tills, &sales).await?;
    fleet.stop().await?;
    Ok(Accepting {
        report,
        sales,
        stops,
    })
}

/// Until as many requests were made, and Kafka is there again. Gives how often it was stopped.
async fn stop_and_start(engines: &Engines, load: &Load, posts: u64) -> anyhow::Result<usize> {
    let bar = show::bar(posts, "requests")?;
    let mut stops = 0_usize;
    while load.counts().0 < posts {
        tokio::time::sleep(PEACE).await;
        engines.act(Engine::Kafka, Act::Pause).await?;
        tokio::time::sleep(STILL).await;
        engines.act(Engine::Kafka, Act::Resume).await?;
        tokio::time::sleep(PEACE).await;
        engines.act(Engine::Kafka, Act::Stop).await?;
        tokio::time::sleep(GONE).await;
        engines.act(Engine::Kafka, Act::Start).await?;
        stops = stops.saturating_add(1);
        bar.set_position(load.counts().0);
    }
    bar.finish_and_clear();
    tokio::time::sleep(AFTERWARDS).await;
    while load.counts().0 < posts {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(stops)
}

impl Accepting {
    /// Sales that nobody ever said anything of: neither taken nor turned away.
    pub fn unanswered(&self) -> Vec<&Sale> {
        let answered = |sale: &&Sale| {
            let mut heard = sale.heard.iter();
            !heard.any(|heard| !matches!(heard.said, Said::Broken(_)))
        };
        self.sales.iter().filter(answered).collect()
    }

    /// Sales that were refused for good.
    pub fn turned_away(&self) -> usize {
        let sales = self.sales.iter();
        sales.filter(|sale| sale.was_turned_away()).count()
    }

    /// Sales that were turned away at first and sold under the same key later.
    pub fn sold_after_all(&self) -> usize {
        let first_away = |sale: &&Sale| {
            let first = sale.heard.first();
            first.is_some_and(|heard| matches!(heard.said, Said::AskAgain(_)))
        };
        let told_paid = |sale: &&Sale| {
            let mut heard = sale.heard.iter();
            heard.any(|heard| heard.said.outcome() == Some("paid"))
        };
        let sales = self.sales.iter();
        sales.filter(first_away).filter(told_paid).count()
    }

    /// How long each refusal took, in microseconds.
    pub fn refusals_us(&self) -> Vec<u64> {
        let heard = self.sales.iter().flat_map(|sale| &sale.heard);
        let refusals = heard
            .filter(|heard| heard.asked == Asked::Pay && matches!(heard.said, Said::AskAgain(_)));
        refusals
            .map(|heard| heard.heard_us.saturating_sub(heard.asked_us))
            .collect()
    }

    /// How often who wanted to pay heard each code, or what else in place of a payment.
    pub fn noes(&self) -> BTreeMap<&str, usize> {
        let mut noes = BTreeMap::new();
        let heard = self.sales.iter().flat_map(|sale| &sale.heard);
        for heard in heard.filter(|heard| heard.asked == Asked::Pay) {
            let no = match &heard.said {
                Said::Payment { .. } => continue,
                Said::AskAgain(no) | Said::Refused(no) | Said::Broken(no) => no.as_str(),
            };
            let times: &mut usize = noes.entry(no).or_default();
            *times = times.saturating_add(1);
        }
        noes
    }

    /// Whether each was refused or has reached a final state, none both, none lost.
    pub fn is_right(&self) -> bool {
        let nothing_disagrees = self.report.wrong.is_empty() && self.unanswered().is_empty();
        nothing_disagrees && self.report.not_taken == self.turned_away()
    }

    /// The audit's words, and how quickly doors refused.
    pub fn text(&self) -> String {
        let refusals_us = self.refusals_us();
        let noes = self.noes().into_iter();
        let noes: Vec<String> = noes.map(|(no, times)| format!("{times} {no}")).collect();
        let ms = |percent| show::percentile_us(refusals_us.clone(), percent) / 1_000;
        format!(
            "{}\nKafka stopped {} times; {} sales refused for good, {} sold under the same key \
             after a refusal, {} unanswered; {} refusals, half within {} ms, 99 % within {} ms, \
             the slowest after {} ms: {}",
            show::report(&self.report, &self.sales),
            self.stops,
            self.turned_away(),
            self.sold_after_all(),
            self.unanswered().len(),
            refusals_us.len(),
            ms(50),
            ms(99),
            ms(100),
            noes.join(", "),
        )
    }
}
