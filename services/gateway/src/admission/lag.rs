//! How long the workers take to begin what this gateway accepts: every accepted command is watched,
//! whether or not its merchant waits (ADR 32).

use crate::state::State;
use payment::{MerchantId, PaymentId, Timestamp};
use sale::Following;
use std::sync::Arc;
use std::time::Duration;

/// How often a payment that is not begun is noted.
const NOTED_EVERY: Duration = Duration::from_millis(500);

/// A payment that is not begun by then waits in no queue: the sweep ends it (X16).
const WATCHED_MS: i64 = 15_000;

/// Watches an accepted payment in the background until it is begun.
pub(crate) fn watch_begin(
    state: Arc<State>,
    merchant: MerchantId,
    payment: PaymentId,
    accepted_at: Timestamp,
) {
    let following = state.sales.follow(payment);
    tokio::spawn(async move {
        until_begun(&state, &merchant, payment, accepted_at, following).await;
    });
}

async fn until_begun(
    state: &State,
    merchant: &MerchantId,
    payment: PaymentId,
    accepted_at: Timestamp,
    mut following: Following,
) {
    loop {
        let begun = following.newer_than(0, NOTED_EVERY).await;
        let now = state.now();
        let since_ms = now.ms_since(accepted_at);
        if begun.is_some() {
            return state.admission.begun(since_ms, now);
        }
        if since_ms > WATCHED_MS || state.sales.is_stopping() {
            return;
        }
        // A request that was refused meanwhile is never begun, and so is not late.
        match state.sales.look(merchant, payment).await {
            Ok(stands) if stands.waiting => state.admission.unbegun(since_ms, now),
            Ok(_) => return state.admission.begun(since_ms, now),
            Err(_) => return,
        }
    }
}
