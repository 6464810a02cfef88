//! Whose time it is: a worker follows the clock its fleet shares, and leaves readiness while that
//! is too far away. Alipay's clock is not ours to set right: all workers would leave at once, and
//! serve nobody. They stay, degraded (decision 16).

use crate::{Crew, Journal, Skew};
use chassis::clock::Steady;
use chassis::health::Check;
use std::time::Duration;

/// How often the clock is looked at.
const EVERY: Duration = Duration::from_secs(1);

/// Farther from the shared clock than this, a worker is not ready.
const AHEAD_MAX_MS: i64 = 10_000;

/// Keeps the worker's clock at its reference until the crew is asked to stop.
pub async fn run<J: Journal>(
    journal: J,
    clock: std::sync::Arc<Steady>,
    skew: Skew,
    check: Check,
    crew: Crew,
) {
    while !crew.is_stopping() {
        // A journal that is away tells no time; the clock goes on as it is.
        let ahead_ms = match journal.shared_clock().await {
            Ok(shared) => {
                let reference_ms = shared.map_or_else(|| clock.machine_ms(), |at| at.as_ms());
                clock.follow(reference_ms)
            }
            Err(_) => 0,
        };
        if ahead_ms.saturating_abs() > AHEAD_MAX_MS {
            check.down(&format!(
                "the machine's or the database's clock was set by {ahead_ms} ms; this process \
                 follows slowly. Restart it when no payment is open"
            ));
        } else if skew.tolerable() {
            check.up();
        } else {
            check.degraded(&format!(
                "Alipay's clock is {} ms ahead of this one; if this one is right (NTP), ask Alipay. \
                 Payments expire there by that clock",
                skew.measured_ms()
            ));
        }
        tokio::select! {
            // In this order, so that a simulated run can be run again.
            biased;
            () = crew.stopping() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}
