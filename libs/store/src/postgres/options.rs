//! What an operator writes about PostgreSQL. The address holds a password, so it never prints.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sqlx::postgres::PgConnectOptions;
use std::path::PathBuf;
use std::time::Duration;

/// How to reach PostgreSQL, and how long to wait for it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresOptions {
    /// The address, as `postgres://user:password@host:5432/database?sslmode=verify-full`.
    #[serde(default)]
    pub url: Option<SecretString>,
    /// A file that holds the address; instead of `url`.
    #[serde(default)]
    pub url_file: Option<PathBuf>,
    /// How many connections read, and take receipts, at most.
    #[serde(default = "connections_max")]
    pub connections_max: u32,
    /// How many writers gather appends; each has a connection more.
    #[serde(default = "writers")]
    pub writers: u32,
    /// How long the first connection may take, in milliseconds.
    #[serde(default = "wait_ms")]
    pub connect_timeout_ms: u64,
    /// How long to wait for a free connection, or for a new one, in milliseconds.
    #[serde(default = "wait_ms")]
    pub acquire_timeout_ms: u64,
    /// How long one statement may take, in milliseconds. The server ends a longer one.
    #[serde(default = "wait_ms")]
    pub statement_timeout_ms: u64,
}

/// What is wrong with the options. The address is not shown.
#[derive(Debug, thiserror::Error)]
pub enum PostgresFault {
    /// There must be one address.
    #[error("give either `url` or `url_file`, the file's name")]
    Address,
    /// The file can't be read.
    #[error("url_file: {path} can't be read ({source}); check the path and who may read it")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// It is none.
    #[error("the address is not of the form postgres://user:password@host:5432/database")]
    NotAnAddress,
    /// A number that can't work.
    #[error("{setting} is {value}; it must be between {min} and {max}")]
    Number {
        /// Which setting.
        setting: &'static str,
        /// What it is.
        value: u64,
        /// The smallest that works.
        min: u64,
        /// The largest that makes sense.
        max: u64,
    },
}

fn connections_max() -> u32 {
    8
}

fn writers() -> u32 {
    2
}

fn wait_ms() -> u64 {
    5_000
}

impl PostgresOptions {
    /// Options for this address; all else is standard.
    pub fn standard(url: SecretString) -> Self {
        Self {
            url: Some(url),
            url_file: None,
            connections_max: connections_max(),
            writers: writers(),
            connect_timeout_ms: wait_ms(),
            acquire_timeout_ms: wait_ms(),
            statement_timeout_ms: wait_ms(),
        }
    }

    /// Everything that is wrong with them, without asking the database.
    pub fn faults(&self) -> Vec<PostgresFault> {
        let numbers = [
            ("connections_max", u64::from(self.connections_max), 2, 1_000),
            ("writers", u64::from(self.writers), 1, 16),
            ("connect_timeout_ms", self.connect_timeout_ms, 100, 60_000),
            ("acquire_timeout_ms", self.acquire_timeout_ms, 100, 60_000),
            (
                "statement_timeout_ms",
                self.statement_timeout_ms,
                100,
                60_000,
            ),
        ];
        let numbers = numbers
            .into_iter()
            .filter(|(_, value, min, max)| !(min..=max).contains(&value))
            .map(|(setting, value, min, max)| PostgresFault::Number {
                setting,
                value,
                min,
                max,
            });
        self.target().err().into_iter().chain(numbers).collect()
    }

    pub(super) fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout_ms)
    }

    pub(super) fn acquire_timeout(&self) -> Duration {
        Duration::from_millis(self.acquire_timeout_ms)
    }

    pub(super) fn statement_timeout(&self) -> Duration {
        Duration::from_millis(self.statement_timeout_ms)
    }

    /// Where to connect, with nothing set for the session.
    pub(super) fn target(&self) -> Result<PgConnectOptions, PostgresFault> {
        let target: PgConnectOptions = self
            .address()?
            .expose_secret()
            .trim_end_matches(['\n', '\r'])
            .parse()
            .map_err(|_| PostgresFault::NotAnAddress)?;
        Ok(match target.get_application_name() {
            Some(_) => target,
            None => target.application_name("tidegate"),
        })
    }

    fn address(&self) -> Result<SecretString, PostgresFault> {
        match (&self.url, &self.url_file) {
            (Some(url), None) => Ok(url.clone()),
            (None, Some(path)) => match std::fs::read_to_string(path) {
                Ok(text) => Ok(SecretString::from(text)),
                Err(source) => Err(PostgresFault::Unreadable {
                    path: path.clone(),
                    source,
                }),
            },
            (Some(_), Some(_)) | (None, None) => Err(PostgresFault::Address),
        }
    }
}
