//! The benchmark: an open loop of sales on the real stack with everything on that production has —
//! durability, signatures, tokens, logs — and what each payment cost there. A run whose sales
//! disagree with Alipay's ledger is void.

mod alone;
mod asked;
mod connection;
mod cost;
mod crowd;
mod figures;
mod knee;
mod processes;
mod scenario;
mod signature;
mod spread;
mod subject;
mod table;
mod window;

pub use asked::{BenchArgs, Surroundings};
pub use cost::{Cost, EngineCost, PartCost};
pub use figures::{Audited, Figures, Machine, Run, Scenario};
pub use knee::{Bounds, Broke, Step};
pub use spread::Spread;
pub use window::Burst;

use crate::engines::{Engines, Keeper};
use crate::fleet::{Fleet, FleetPlan, Wiring};
use crate::show;
use alone::Alone;
use crowd::Manner;
use scenario::{Script, play};
use std::path::PathBuf;
use subject::Subject;

/// What can be measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Which {
    /// Rising rates until one is not kept; every customer pays at once.
    Knee,
    /// One rate that the system keeps easily: how long it takes.
    Steady,
    /// Every customer types a PIN: U, then S at the first inquiry.
    Pin,
    /// The embedded default, one process without engines, at rising rates.
    Embedded,
}

/// What to do.
#[derive(Clone, Debug)]
pub struct BenchPlan {
    /// The `tidegate` binary.
    pub tidegate: PathBuf,
    /// The `xtask` binary, which keeps the engines.
    pub xtask: PathBuf,
    /// Where engines, keys and logs are.
    pub folder: PathBuf,
    /// What to measure.
    pub only: Vec<Which>,
    /// The rising rates of the fleet.
    pub knee: Vec<Burst>,
    /// The rate at which latencies are looked at.
    pub steady: Burst,
    /// The rate of customers with a PIN.
    pub pin: Burst,
    /// The rising rates of the embedded default.
    pub embedded: Vec<Burst>,
    /// When a rising rate is not kept any more.
    pub bounds: Bounds,
    /// How many gateways, orchestrators and projectors.
    pub members: [usize; 3],
    /// Part of every order's number.
    pub seed: u64,
}

/// Measures everything that was asked for, each on a fleet of its own, and takes all down again.
///
/// # Errors
/// If something can't be started or asked; the engines are taken down all the same.
pub async fn bench(plan: &BenchPlan) -> anyhow::Result<Figures> {
    let [gateways, orchestrators, projectors] = plan.members;
    let mut figures = Figures {
        machine: Machine::this(),
        signature_ns: signature::signature_ns()?,
        fleet: format!(
            "{gateways} gateway(s), {orchestrators} orchestrator(s), {projectors} projector(s), \
             the simulated Alipay, Kafka, PostgreSQL, Redis and the load on the same machine"
        ),
        seed: plan.seed,
        scenarios: Vec::new(),
    };
    let on_engines = |which: &Which| *which != Which::Embedded;
    if plan.only.iter().any(on_engines) {
        let keeper = Keeper {
            xtask: plan.xtask.clone(),
            folder: plan.folder.join("engines"),
        };
        let engines = Engines::own(keeper).await?;
        let measured = on(&engines, plan, &mut figures).await;
        engines.down().await?;
        measured?;
    }
    if plan.only.contains(&Which::Embedded) {
        let folder = plan.folder.join(format!("alone-{}", std::process::id()));
        let alone = Alone::start(&plan.tidegate, &folder).await?;
        measure(Subject::Alone(alone), Which::Embedded, plan, &mut figures).await?;
    }
    Ok(figures)
}

async fn on(engines: &Engines, plan: &BenchPlan, figures: &mut Figures) -> anyhow::Result<()> {
    let [gateways, orchestrators, projectors] = plan.members;
    for which in [Which::Knee, Which::Steady, Which::Pin] {
        if !plan.only.contains(&which) {
            continue;
        }
        let folder = format!("fleet-{}-{which:?}", std::process::id());
        // A production account's share, not the default of a small one.
        let inquiries = plan.pin.per_second.saturating_mul(4).max(500);
        let fleet = Fleet::start(FleetPlan {
            tidegate: plan.tidegate.clone(),
            canary: None,
            folder: plan.folder.join(folder.to_lowercase()),
            engines: engines.clone(),
            gateways,
            orchestrators,
            projectors,
            wiring: Wiring::Bare,
            settings: vec![(
                "TIDEGATE__FLEET__BUDGET__INQUIRIES_PER_SECOND".to_owned(),
                inquiries.to_string(),
            )],
        })
        .await?;
        let subject = Subject::Fleet(Box::new(fleet), engines.clone());
        measure(subject, which, plan, figures).await?;
    }
    Ok(())
}

async fn measure(
    subject: Subject,
    which: Which,
    plan: &BenchPlan,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let scenario = play(&script(which, plan), &subject).await?;
    figures.scenarios.push(scenario);
    subject.stop().await
}

fn script(which: Which, plan: &BenchPlan) -> Script {
    let usual = Script {
        name: "knee",
        what: "rising rates, every customer pays at once, tills wait in their POST",
        manner: Manner::Waits,
        behavior: "0000",
        bursts: plan.knee.clone(),
        bounds: Some(plan.bounds),
        seed: plan.seed,
    };
    match which {
        Which::Knee => usual,
        Which::Steady => Script {
            name: "steady",
            what: "one rate, every customer pays at once, tills POST without waiting, then GET",
            manner: Manner::LooksLater,
            bursts: vec![plan.steady],
            bounds: None,
            ..usual
        },
        Which::Pin => Script {
            name: "pin",
            what: "every customer types a PIN (U, then S at the first inquiry)",
            behavior: "0101",
            bursts: vec![plan.pin],
            bounds: None,
            ..usual
        },
        Which::Embedded => Script {
            name: "embedded",
            what: "one process without engines, SQLite, its simulated Alipay inside",
            bursts: plan.embedded.clone(),
            ..usual
        },
    }
}

impl Figures {
    /// As tables.
    pub fn text(&self) -> String {
        table::text(self)
    }

    /// Says it on standard output.
    ///
    /// # Errors
    /// If standard output is gone.
    pub fn say(&self) -> anyhow::Result<()> {
        show::say(&self.text())
    }
}
