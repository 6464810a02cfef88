//! What is counted of the projector.

/// Describes what is counted, and begins it at 0.
pub(crate) fn begin() {
    metrics::describe_counter!("projector_events_total", "Events taken in.");
    metrics::describe_counter!("projector_faults_total", "Times that it could not go on.");
    metrics::describe_gauge!("projector_lag_events", "Events not taken in yet.");
    metrics::describe_gauge!(
        "projector_merchants_held",
        "Merchants whose lists stand still before an event that can't be read."
    );
    metrics::gauge!("projector_merchants_held").set(0.0);
    metrics::counter!("projector_events_total").increment(0);
    metrics::counter!("projector_faults_total").increment(0);
}

#[cfg(test)]
mod tests {
    use chassis::metrics::{Metrics, counters_lacking};

    #[test]
    fn every_counter_of_the_projector_that_the_page_names_begins_at_0_and_is_described() {
        let page = include_str!("../../../docs/operations.md");
        let told = Metrics::of_work(super::begin);
        let lacking = counters_lacking(&told, page, "projector_");
        assert_eq!(lacking, [""; 0], "{told}");
    }
}
