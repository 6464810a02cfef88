//! What can go wrong with the bus, named for what the caller does next.

use crate::LogError;

/// Why the bus could not do it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// The log can't be reached. A command that was being produced may or may not be in it: say
    /// "ask again with the same key" (X15). A consumer asks again a little later.
    #[error("the command log is not available: {0}")]
    Unavailable(#[source] LogError),
    /// A sealing key can't be used. Put another in its place before starting.
    #[error(
        "the sealing key can't be used: {0}; it is 32 random bytes, as 64 hex digits or base64"
    )]
    BadKey(&'static str),
    /// Kafka's options or its topics can't be used as they are. Put right what it says; asking again
    /// before that won't help.
    #[error("Kafka can't be used as it is set up: {0}")]
    Misconfigured(String),
    /// The command can't be written down; nothing was produced and trying again won't help.
    #[error("the command can't be sealed: {0}")]
    NotSealable(&'static str),
}

/// What a process lacks to read a command.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Lack {
    /// The payment code is sealed with a key that this process was not given.
    #[error("it is sealed with key `{0}`, which this process was not given")]
    Key(String),
    /// A later release wrote its envelope.
    #[error("it is of envelope version {0}, which this release does not know")]
    Version(u64),
    /// A later release wrote its body.
    #[error("it holds a word that this release does not know")]
    Word,
}
