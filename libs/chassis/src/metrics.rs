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
        Ok(Self { handle })
    }

    /// A recorder that nobody writes to. For tests, of which many share one process.
    pub fn detached() -> Self {
        let recorder = PrometheusBuilder::new().build_recorder();
        Self {
            handle: recorder.handle(),
        }
    }

    /// Everything measured so far, as Prometheus reads it.
    pub fn render(&self) -> String {
        self.handle.run_upkeep();
        self.handle.render()
    }
}
