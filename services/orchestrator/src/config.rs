//! What an operator may set about the orchestrator. The payment's own numbers are the merchant's
//! policy, not here.

use serde::Deserialize;

/// The orchestrator's settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How long a stopping worker waits for the calls in hand, in milliseconds. Longer than any
    /// call's time-out, or answers are left for the next worker to ask for again.
    pub drain_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self { drain_ms: 8_000 }
    }
}
