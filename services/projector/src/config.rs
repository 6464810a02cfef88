//! What an operator may set about the projector.

use serde::Deserialize;

/// The projector's settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How often new events are looked for, in milliseconds.
    pub every_ms: u64,
    /// How many events one transaction takes in.
    pub batch_events: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            every_ms: 250,
            batch_events: 500,
        }
    }
}
