//! Metrics in Prometheus' text format. Names and labels are made where things happen.

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// Bucket bounds for everything that ends in `_seconds`: from a local append to an Alipay time-out.
const SECONDS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0, 5.0,
];

/// What renders the process's metrics. Clones share them.
#[derive(Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
}

impl Metrics {
    /// Makes this the process's recorder.
    ///
    /// # Errors
    /// When there is one already.
    pub fn install() -> Result<Self, BuildError> {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
            .build_recorder();
        let handle = recorder.handle();
        ::metrics::set_global_recorder(recorder).map_err(BuildError::FailedToSetGlobalRecorder)?;
        begin();
        Ok(Self { handle })
    }

    /// A recorder that nobody writes to. For tests, of which many share one process.
    pub fn detached() -> Self {
        let recorder = PrometheusBuilder::new().build_recorder();
        Self {
            handle: recorder.handle(),
        }
    }

    /// What `work` measures and nothing else, as Prometheus reads it. For tests, of which many share
    /// one process; `work` must not go to another thread.
    pub fn of_work(work: impl FnOnce()) -> String {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        ::metrics::with_local_recorder(&recorder, work);
        handle.render()
    }

    /// Everything measured so far, as Prometheus reads it.
    pub fn render(&self) -> String {
        self.handle.run_upkeep();
        self.handle.render()
    }
}

/// Describes what the chassis counts, and begins at 0 what an alarm may wait for.
fn begin() {
    ::metrics::describe_counter!("process_panics_total", "Tasks that panicked.");
    ::metrics::counter!("process_panics_total").increment(0);
    ::metrics::describe_counter!(
        "process_tasks_restarted_total",
        "Tasks that must not end and were started again, by which."
    );
    ::metrics::describe_gauge!(
        "readiness_check",
        "1 at the state that the check is in, 0 at the others."
    );
}

/// The counters with this beginning that a page of the documents names and `told` lacks: described,
/// and at 0. For tests of what is there from the start.
pub fn counters_lacking(told: &str, page: &str, beginning: &str) -> Vec<String> {
    let counters = page
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|word| word.starts_with(beginning) && word.ends_with("_total"));
    let mut lacking: Vec<String> = counters
        .filter(|counter| !is_begun(told, counter))
        .map(str::to_owned)
        .collect();
    lacking.sort_unstable();
    lacking.dedup();
    lacking
}

fn is_begun(told: &str, counter: &str) -> bool {
    let has = |line: String| told.lines().any(|other| other.starts_with(&line));
    let is_of_it = |line: &str| {
        line.strip_prefix(counter)
            .is_some_and(|rest| rest.starts_with([' ', '{']))
    };
    let mut series = told.lines().filter(|line| is_of_it(line)).peekable();
    has(format!("# HELP {counter} "))
        && has(format!("# TYPE {counter} counter"))
        && series.peek().is_some()
        && series.all(|line| line.ends_with(" 0"))
}

#[cfg(test)]
mod tests {
    use super::{Metrics, begin, counters_lacking};

    const PAGE: &str = "`process_panics_total`, `process_x_total{task}` and `other_total`";

    #[test]
    fn a_counter_that_a_page_names_and_that_is_not_there_at_0_is_found() {
        let lacking = |told: &str| counters_lacking(told, PAGE, "process_");
        assert_eq!(lacking(""), ["process_panics_total", "process_x_total"]);
        assert_eq!(lacking(&Metrics::of_work(begin)), ["process_x_total"]);
        let risen = Metrics::of_work(|| {
            begin();
            ::metrics::counter!("process_panics_total").increment(1);
        });
        assert_eq!(lacking(&risen), ["process_panics_total", "process_x_total"]);
    }
}
