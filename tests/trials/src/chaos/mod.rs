//! Chaos: sales without a pause, one fault after the other, and the audit. Every fault comes once
//! before one comes again.

mod crowd;
mod fault;
mod lone;
mod outcome;
mod round;

pub use fault::{Fault, Stall, Trouble};
pub use outcome::Outcome;
pub use round::Round;

use crate::alone::Alone;
use crate::engines::{Engines, Keeper};
use crate::fleet::{Fleet, FleetPlan, Wiring};
use crate::load::{Load, LoadPlan, Mix, Tills};
use crate::show;
use std::path::PathBuf;
use std::time::Duration;
use tokio::task::JoinHandle;

/// Sales in peace, before the first fault and after the last.
const PEACE: Duration = Duration::from_secs(5);

/// How many of a thousand customers type the PIN just before the close-out would begin.
const TYPE_LATE_PER_MILLE: u32 = 150;

/// What to do.
#[derive(Clone, Debug)]
pub struct ChaosPlan {
    /// The `tidegate` binary.
    pub tidegate: PathBuf,
    /// The same of a newer release; without it no fleet is mixed.
    pub canary: Option<PathBuf>,
    /// The `xtask` binary, which keeps the engines.
    pub xtask: PathBuf,
    /// Where engines, keys and logs are.
    pub folder: PathBuf,
    /// How many faults.
    pub rounds: usize,
    /// Sales begun per second.
    pub per_second: u32,
    /// What the customers' codes do at Alipay.
    pub mix: Mix,
    /// Where chance begins: the same faults in the same order, the same customers.
    pub seed: u64,
    /// Only faults whose names contain this.
    pub only: Option<String>,
}

/// Starts engines and a fleet of its own, does all rounds, audits, and takes everything down.
///
/// # Errors
/// If something can't be started, harmed, or healed; the engines are taken down all the same.
pub async fn chaos(plan: &ChaosPlan) -> anyhow::Result<Outcome> {
    let keeper = Keeper {
        xtask: plan.xtask.clone(),
        folder: plan.folder.join("engines"),
    };
    let engines = Engines::own(keeper).await?;
    let outcome = on(&engines, plan).await;
    engines.down().await?;
    outcome
}

async fn on(engines: &Engines, plan: &ChaosPlan) -> anyhow::Result<Outcome> {
    let mut fleet = Fleet::start(FleetPlan {
        tidegate: plan.tidegate.clone(),
        canary: plan.canary.clone(),
        folder: plan.folder.join(format!("fleet-{}", std::process::id())),
        engines: engines.clone(),
        gateways: 2,
        orchestrators: 2,
        projectors: 1,
        wiring: Wiring::Harmable,
        settings: Vec::new(),
    })
    .await?;
    let tills = Tills::new(fleet.gateways(), &fleet.token)?;
    let mut dice = fastrand::Rng::with_seed(plan.seed);
    let load = Load::start(
        LoadPlan {
            per_second: plan.per_second,
            mix: plan.mix.clone(),
            cancelled_per_mille: 50,
            gives_up_per_mille: 0,
            prefix: format!("chaos-{}", plan.seed),
            seed: plan.seed,
        },
        tills.clone(),
    );
    load.habits()
        .type_late(TYPE_LATE_PER_MILLE, fleet.simulator());
    tokio::time::sleep(PEACE).await;
    let drawn = faults(plan, &mut dice, Alone::is_possible().await)?;
    let (mut rounds, beside) = harm((plan, engines), drawn, &mut fleet, &load).await?;
    tokio::time::sleep(PEACE).await;
    if rounds
        .iter()
        .any(|round| matches!(round.fault, Fault::Mixed(_, _)))
    {
        // What the newer release wrote, only a newer release can read and finish.
        fleet.upgrade().await?;
    }
    let mut sales = show::finishing(load).await?;
    let mut report = show::judging_fleet(&fleet, &tills, &sales).await?;
    for (round, open) in beside {
        rounds.push(round);
        let (found, made) = open.judged().await?;
        report = report.and(found);
        sales.extend(made);
    }
    rounds.sort_by_key(|round| round.from_us);
    fleet.stop().await?;
    Ok(Outcome {
        rounds,
        report,
        sales,
    })
}

/// Has all faults, one after the other, those of a standalone beside the fleet's.
async fn harm(
    (plan, engines): (&ChaosPlan, &Engines),
    drawn: Vec<Fault>,
    fleet: &mut Fleet,
    load: &Load,
) -> anyhow::Result<(Vec<Round>, Vec<(Round, lone::Open)>)> {
    let (mut alone, mut beside) = (None, Vec::new());
    let bar = show::bar(u64::try_from(drawn.len())?, "rounds")?;
    let mut rounds = Vec::new();
    for (number, fault) in drawn.into_iter().enumerate() {
        bar.set_message(fault.to_string());
        if let Fault::Alone(trouble) = fault {
            // One at a time, while the fleet has its own faults.
            beside.extend(ended(alone.take()).await?);
            let round = lone::round(trouble, number, plan.clone(), load.clock());
            alone = Some(tokio::spawn(round));
            bar.inc(1);
            continue;
        }
        let round = round::round(fault, fleet, engines, load).await?;
        if bar.is_hidden() {
            show::say(&round.text())?;
        }
        rounds.push(round);
        bar.inc(1);
    }
    beside.extend(ended(alone).await?);
    bar.finish_and_clear();
    Ok((rounds, beside))
}

type Alongside = JoinHandle<anyhow::Result<(Round, lone::Open)>>;

/// Waits for a standalone's round, if there is one.
async fn ended(alone: Option<Alongside>) -> anyhow::Result<Option<(Round, lone::Open)>> {
    let Some(alone) = alone else { return Ok(None) };
    let (round, open) = alone.await??;
    show::say(&round.text())?;
    Ok(Some((round, open)))
}

/// The faults of all rounds, but for those that can't be had here.
fn faults(plan: &ChaosPlan, dice: &mut fastrand::Rng, disks: bool) -> anyhow::Result<Vec<Fault>> {
    let only = plan.only.as_deref().unwrap_or_default();
    let can = |fault: &Fault| {
        (disks || !matches!(fault, Fault::Alone(_)))
            && (plan.canary.is_some() || !matches!(fault, Fault::Mixed(_, _)))
    };
    let mut faults = Vec::new();
    while faults.len() < plan.rounds {
        let more = Fault::shuffled(dice).into_iter();
        let before = faults.len();
        faults.extend(more.filter(|fault| can(fault) && fault.to_string().contains(only)));
        if faults.len() == before {
            break;
        }
    }
    faults.truncate(plan.rounds);
    if !disks {
        show::say("no standalone's faults: a small disk needs root or user namespaces")?;
    }
    if plan.canary.is_none() {
        show::say("no mixed fleet: a newer release is given by --canary")?;
    }
    Ok(faults)
}
