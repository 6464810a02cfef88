//! What may be asked of the benchmark on the command line, and the plan that it comes to.

use super::{BenchPlan, Bounds, Burst, Which};
use clap::Args;
use std::path::PathBuf;

/// Options of `cargo xtask bench`.
#[derive(Args, Clone, Debug)]
pub struct BenchArgs {
    /// Only these.
    #[arg(long, value_delimiter = ',', value_name = "SCENARIO")]
    only: Vec<Which>,
    /// A smoke run of a minute or so: few seconds per rate. Its figures say little.
    #[arg(long)]
    quick: bool,
    /// Also write everything to this file.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Rising sales per second of `knee`.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "50,100,200,300,400,500,600,700,800,900,1000,1200"
    )]
    rates: Vec<u32>,
    /// Rising sales per second of `embedded`.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "25,50,75,100,150,200,250,300,400"
    )]
    embedded_rates: Vec<u32>,
    /// How long each rising rate counts, in seconds.
    #[arg(long, default_value_t = 10)]
    step_seconds: u64,
    /// Sales per second of `steady`.
    #[arg(long, default_value_t = 200)]
    per_second: u32,
    /// Sales per second of `pin`.
    #[arg(long, default_value_t = 100)]
    pin_per_second: u32,
    /// How long `steady` and `pin` count, in seconds.
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// How long each rate runs before it counts, in seconds.
    #[arg(long, default_value_t = 8)]
    warm_up_seconds: u64,
    /// A rising rate is not kept if one of a hundred sales takes longer than this, in milliseconds.
    #[arg(long, default_value_t = 500)]
    p99_ms_max: u64,
    /// Nor if fewer of a hundred sales that fall due are completed in the same time.
    #[arg(long, default_value_t = 97)]
    completed_percent_min: u64,
    /// How many gateways.
    #[arg(long, default_value_t = 1)]
    gateways: usize,
    /// How many orchestrators.
    #[arg(long, default_value_t = 1)]
    orchestrators: usize,
    /// How many projectors.
    #[arg(long, default_value_t = 1)]
    projectors: usize,
    /// Where engines, keys and logs are [default: beside this program].
    #[arg(long)]
    dir: Option<PathBuf>,
}

/// The programs that a benchmark runs, and where it works.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The `tidegate` binary.
    pub tidegate: PathBuf,
    /// The `xtask` binary.
    pub xtask: PathBuf,
    /// Where everything is unless `--dir` says otherwise.
    pub folder: PathBuf,
    /// Part of every order's number.
    pub seed: u64,
}

impl BenchArgs {
    /// The plan.
    pub fn plan(&self, surroundings: Surroundings) -> BenchPlan {
        let Surroundings {
            tidegate,
            xtask,
            folder,
            seed,
        } = surroundings;
        let all = [Which::Knee, Which::Steady, Which::Pin, Which::Embedded];
        let only = match self.only.as_slice() {
            [] => all.to_vec(),
            some => some.to_vec(),
        };
        BenchPlan {
            tidegate,
            xtask,
            folder: self.dir.clone().unwrap_or(folder),
            only,
            knee: self.rising(&self.rates),
            steady: self.burst(self.per_second, self.seconds),
            pin: self.burst(self.pin_per_second, self.seconds),
            embedded: self.rising(&self.embedded_rates),
            bounds: Bounds {
                p99_ms_max: self.p99_ms_max,
                completed_percent_min: self.completed_percent_min,
            },
            members: [self.gateways, self.orchestrators, self.projectors].map(|count| count.max(1)),
            seed,
        }
    }

    fn rising(&self, rates: &[u32]) -> Vec<Burst> {
        let mut rates = rates.to_vec();
        rates.sort_unstable();
        // Every fourth, so that a smoke run gets to know a low rate and a high one.
        let every = if self.quick { 4 } else { 1 };
        let rates = rates.iter().step_by(every);
        rates
            .map(|rate| self.burst(*rate, self.step_seconds))
            .collect()
    }

    fn burst(&self, per_second: u32, counted_s: u64) -> Burst {
        let (counted_s, warm_up_s) = match self.quick {
            true => (counted_s.min(4), self.warm_up_seconds.min(2)),
            false => (counted_s.max(1), self.warm_up_seconds),
        };
        Burst {
            per_second,
            lasting_s: counted_s.saturating_add(warm_up_s),
            warm_up_s,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: BenchArgs,
    }

    fn plan(words: &[&str]) -> BenchPlan {
        let words = ["bench"].iter().chain(words);
        let line = Line::try_parse_from(words).unwrap();
        line.args.plan(Surroundings {
            tidegate: PathBuf::new(),
            xtask: PathBuf::new(),
            folder: PathBuf::new(),
            seed: 1,
        })
    }

    #[test]
    fn everything_is_measured_unless_something_is_named() {
        assert_eq!(plan(&[]).only.len(), 4);
        let named = plan(&["--only", "pin,embedded"]);
        assert_eq!(named.only, [Which::Pin, Which::Embedded]);
    }

    #[test]
    fn rates_rise_and_each_has_its_warm_up_before_it_counts() {
        let plan = plan(&["--rates", "300,100", "--step-seconds", "7"]);
        let burst = |per_second| Burst {
            per_second,
            lasting_s: 15,
            warm_up_s: 8,
        };
        assert_eq!(plan.knee, [burst(100), burst(300)]);
    }

    #[test]
    fn a_smoke_run_is_short() {
        let plan = plan(&["--quick"]);
        let rising = plan.knee.iter().chain(&plan.embedded);
        let all = rising.chain([&plan.steady, &plan.pin]);
        assert!(all.map(|burst| burst.lasting_s).sum::<u64>() <= 60);
    }
}
