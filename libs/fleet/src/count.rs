//! What an operator sees of the fleet's Redis: whether it is there, and what went on without it.

/// Describes every name, and begins each counter at 0.
pub(crate) fn begin() {
    metrics::describe_gauge!("fleet_redis_up", "Whether Redis can be used.");
    for (name, what) in [
        (
            "fleet_redis_failures_total",
            "Questions that Redis did not answer.",
        ),
        ("fleet_leases_total", "Leases asked for, by outcome."),
        (
            "fleet_leases_left_behind_total",
            "Leases that could not be given back.",
        ),
        ("fleet_news_lost_total", "News that were not sent."),
        (
            "fleet_budget_waits_total",
            "Inquiries that waited for budget.",
        ),
        (
            "fleet_budget_shares_total",
            "Inquiries out of the fixed share, Redis being away.",
        ),
    ] {
        metrics::describe_counter!(name, what);
    }
    for name in [
        "fleet_leases_left_behind_total",
        "fleet_news_lost_total",
        "fleet_budget_waits_total",
        "fleet_budget_shares_total",
    ] {
        metrics::counter!(name).increment(0);
    }
    for cause in ["away", "refused", "timeout"] {
        metrics::counter!("fleet_redis_failures_total", "cause" => cause).increment(0);
    }
    for outcome in ["held", "late", "away"] {
        metrics::counter!("fleet_leases_total", "outcome" => outcome).increment(0);
    }
}

/// Whether Redis can be used now.
pub(crate) fn up(is_up: bool) {
    metrics::gauge!("fleet_redis_up").set(f64::from(u8::from(is_up)));
}

/// A question that Redis did not answer.
pub(crate) fn failure(cause: &'static str) {
    metrics::counter!("fleet_redis_failures_total", "cause" => cause).increment(1);
}

/// What came of the wish for a lease that all processes heed.
pub(crate) fn lease(outcome: &'static str) {
    metrics::counter!("fleet_leases_total", "outcome" => outcome).increment(1);
}

/// Leases that could not be given back; they end by themselves.
pub(crate) fn leases_left_behind(leases: usize) {
    let leases = u64::try_from(leases).unwrap_or(u64::MAX);
    metrics::counter!("fleet_leases_left_behind_total").increment(leases);
}

/// News that were not sent; who waits for them reads again by itself.
pub(crate) fn news_lost() {
    metrics::counter!("fleet_news_lost_total").increment(1);
}

/// An inquiry that had to wait for budget.
pub(crate) fn budget_wait() {
    metrics::counter!("fleet_budget_waits_total").increment(1);
}

/// An inquiry that was paid for out of this worker's fixed share, Redis being away.
pub(crate) fn budget_share() {
    metrics::counter!("fleet_budget_shares_total").increment(1);
}
