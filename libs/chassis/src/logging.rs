//! Logs: for a person on a terminal, as JSON everywhere else. Always to standard error.

use crate::config::{Check, Faults};
use serde::Deserialize;
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

/// How logs look.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Text on a terminal, JSON elsewhere.
    #[default]
    Auto,
    /// One JSON object a line.
    Json,
    /// Lines for people.
    Text,
}

/// What is logged, and how.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How logs look.
    pub format: Format,
    /// What is logged, in `tracing`'s filter language: `info`, `warn,orchestrator=debug`.
    pub filter: String,
}

impl Check for Config {
    fn check(&self, faults: &mut Faults) {
        if EnvFilter::try_new(&self.filter).is_err() {
            let problem =
                "is not a filter; write a level, such as info, or warn,orchestrator=debug";
            faults.add("logging.filter", problem);
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            format: Format::Auto,
            filter: "info".to_owned(),
        }
    }
}

/// Why logging could not be started.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The filter can't be read.
    #[error(
        "the log filter can't be read ({0}); write it like `info` or `warn,orchestrator=debug`"
    )]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// Logging was started before.
    #[error("logging was started before: {0}")]
    Started(#[from] TryInitError),
}

/// Starts logging, and logs panics by their place alone: a payload could hold anything.
///
/// # Errors
/// [`Error`].
pub fn start(config: &Config) -> Result<(), Error> {
    let filter = EnvFilter::builder().parse(&config.filter)?;
    let terminal = std::io::stderr().is_terminal();
    let json = match config.format {
        Format::Auto => !terminal,
        Format::Json => true,
        Format::Text => false,
    };
    let registry = tracing_subscriber::registry().with(filter);
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    if json {
        registry.with(layer.json().flatten_event(true)).try_init()?;
    } else {
        let colored = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        registry.with(layer.with_ansi(colored)).try_init()?;
    }
    std::panic::set_hook(Box::new(|panicked| {
        let place = panicked.location().map(ToString::to_string);
        metrics::counter!("process_panics_total").increment(1);
        tracing::error!(
            place = place.as_deref().unwrap_or("unknown"),
            "a task panicked"
        );
    }));
    Ok(())
}
