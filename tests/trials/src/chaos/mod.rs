//! Chaos: sales without a pause, one fault after the other, and the audit. Every fault comes once
//! before one comes again.

mod fault;
mod round;

pub use fault::Fault;
pub use round::Round;

use crate::audit::Report;
use crate::engines::{Engines, Keeper};
use crate::fleet::{Fleet, FleetPlan, Wiring};
use crate::load::{Load, LoadPlan, Mix, Sale, Tills};
use crate::show;
use comfy_table::{Cell, Color, Table, presets};
use std::path::PathBuf;
use std::time::Duration;

/// Sales in peace, before the first fault and after the last.
const PEACE: Duration = Duration::from_secs(5);

/// What to do.
#[derive(Clone, Debug)]
pub struct ChaosPlan {
    /// The `tidegate` binary.
    pub tidegate: PathBuf,
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

/// What came of it.
pub struct Outcome {
    /// Each fault.
    pub rounds: Vec<Round>,
    /// What the audit found.
    pub report: Report,
    /// Every sale.
    pub sales: Vec<Sale>,
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
    tokio::time::sleep(PEACE).await;
    let bar = show::bar(u64::try_from(plan.rounds)?, "rounds")?;
    let mut rounds = Vec::new();
    for fault in faults(plan, &mut dice) {
        bar.set_message(fault.to_string());
        let round = round::round(fault, &mut fleet, engines, &load).await?;
        if bar.is_hidden() {
            let back = round.back_after_us.map_or("never".to_owned(), seconds);
            show::say(&format!("{fault}: sales went through again after {back}"))?;
        }
        rounds.push(round);
        bar.inc(1);
    }
    bar.finish_and_clear();
    tokio::time::sleep(PEACE).await;
    let sales = show::finishing(load).await?;
    let report = show::judging_fleet(&fleet, &tills, &sales).await?;
    fleet.stop().await?;
    Ok(Outcome {
        rounds,
        report,
        sales,
    })
}

fn faults(plan: &ChaosPlan, dice: &mut fastrand::Rng) -> Vec<Fault> {
    let only = plan.only.as_deref().unwrap_or_default();
    let mut faults = Vec::new();
    while faults.len() < plan.rounds {
        let more = Fault::shuffled(dice).into_iter();
        let before = faults.len();
        faults.extend(more.filter(|fault| fault.to_string().contains(only)));
        if faults.len() == before {
            break;
        }
    }
    faults.truncate(plan.rounds);
    faults
}

impl Outcome {
    /// Whether everyone agrees.
    pub fn is_right(&self) -> bool {
        self.report.wrong.is_empty()
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

fn seconds(us: u64) -> String {
    let tenths = us / 100_000;
    format!("{}.{} s", tenths / 10, tenths % 10)
}
