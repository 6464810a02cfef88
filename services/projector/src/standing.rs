//! What is told of merchants whose lists stand still.

use chassis::health::Check;
use store::StandingStill;

/// Whose lists stand still is in readiness and, when it changes, in the log.
pub(crate) fn tell(health: &Check, standing: &StandingStill, told: &StandingStill) {
    let merchants = standing.merchants;
    let Some(why) = &standing.why else {
        if told.why.is_some() {
            tracing::info!("every merchant's feed and totals go on");
        }
        health.up();
        return;
    };
    if standing != told {
        metrics::counter!("projector_faults_total").increment(1);
        tracing::warn!(merchants, %why, "merchants' feed and totals stand still");
    }
    health.degraded(&format!(
        "feed and totals of {merchants} merchants stand still until a projector that can read \
         it takes it in, all others' and payments go on; the first: {why}"
    ));
}
