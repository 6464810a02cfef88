//! What a benchmark found, as it is written to JSON. Whole numbers with their units in their names.

use super::cost::Cost;
use super::knee::{Broke, Step};
use super::spread::Spread;
use serde::Serialize;

/// Everything that one run of the benchmark found.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// Where it ran.
    pub machine: Machine,
    /// One RSA-2048 signature on this machine, in nanoseconds.
    pub signature_ns: u64,
    /// How many processes of each kind.
    pub fleet: String,
    /// Where chance began.
    pub seed: u64,
    /// Each scenario.
    pub scenarios: Vec<Scenario>,
}

/// A machine.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Machine {
    /// As its maker calls it.
    pub processor: String,
    /// How many it shows.
    pub cores: usize,
}

/// One scenario.
#[derive(Clone, Debug, Serialize)]
pub struct Scenario {
    /// As `--only` calls it.
    pub name: &'static str,
    /// What it does.
    pub what: &'static str,
    /// The machine's load averages before it began: of 1, 5 and 15 minutes.
    pub load_before: String,
    /// Each rate.
    pub runs: Vec<Run>,
    /// The highest rate that was kept, where rates rose until one was not.
    pub knee: Option<Step>,
    /// What the audit of all its sales found.
    pub audit: Audited,
}

/// One rate.
#[derive(Clone, Debug, Serialize)]
pub struct Run {
    /// Sales that were to begin per second.
    pub per_second: u32,
    /// For how long it counted, in seconds.
    pub counted_s: u64,
    /// Sales that were due meanwhile.
    pub due: u64,
    /// Final answers that came meanwhile.
    pub completed: u64,
    /// Sales that were never told an outcome.
    pub untold: u64,
    /// From the intended beginning to the answer that the payment was taken; only where tills do
    /// not wait for the outcome in the same request.
    pub accepted: Option<Spread>,
    /// From the intended beginning to the final answer.
    pub told: Spread,
    /// From the intended beginning to the first byte sent: how late the load itself was.
    pub late: Spread,
    /// Why the rate was not kept, where that was asked.
    pub broke: Option<Broke>,
    /// What each payment cost.
    pub cost: Cost,
}

/// What the audit found.
#[derive(Clone, Debug, Serialize)]
pub struct Audited {
    /// Sales judged.
    pub sales: usize,
    /// Sold, and the customer charged.
    pub paid: usize,
    /// Ended unpaid.
    pub not_paid: usize,
    /// Never taken.
    pub not_taken: usize,
    /// Sales of which two tell different things. Any voids the run.
    pub disagree: usize,
    /// The same in words, with all that is known of those that disagree.
    pub words: String,
}

impl Machine {
    /// This one.
    pub(super) fn this() -> Self {
        let known = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let mut lines = known.lines();
        let model = lines.find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        Self {
            processor: model.map_or("unknown", |(_, name)| name).to_owned(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
        }
    }

    /// Its load averages now.
    pub(super) fn load() -> String {
        let known = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let words: Vec<&str> = known.split_whitespace().take(3).collect();
        words.join(" ")
    }
}

impl Figures {
    /// Whether no audit found a disagreement.
    pub fn is_right(&self) -> bool {
        let mut scenarios = self.scenarios.iter();
        scenarios.all(|scenario| scenario.audit.disagree == 0)
    }
}
