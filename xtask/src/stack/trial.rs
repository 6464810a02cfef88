//! A stack for one run of the tests: in a folder and on ports of its own, so that it meets neither
//! the developer's stack nor another checkout's, and gone when the run is over.

use super::ports::{self, Asked};
use super::{Leave, Stack};
use anyhow::Context;
use std::path::PathBuf;

/// The engines of one run.
pub(crate) struct Trial {
    stack: Stack,
}

impl Trial {
    /// Installs what is missing and starts all three. What an interrupted run left is used.
    ///
    /// # Errors
    ///
    /// At the first engine that does not come up; those before it are stopped.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let folder = folder();
        let asked = if folder.join(ports::FILE).exists() {
            Asked::default()
        } else {
            Asked::free()?
        };
        let stack = Stack::open(&folder, &asked)?;
        let up = stack.up(|_, _| {});
        if up.is_err() {
            // What did come up; its logs stay. Why one did not is what is told.
            let _stopped = stack.down(Leave::Data, |_| {});
        }
        up.context("the engines for the tests did not start")?;
        Ok(Self { stack })
    }

    /// Where the tests look for them.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        let ports = &self.stack.ports;
        vec![
            (
                "TIDEGATE_TEST_POSTGRES",
                format!("postgres://tidegate@127.0.0.1:{}/tidegate", ports.postgres),
            ),
            ("TIDEGATE_TEST_KAFKA", format!("127.0.0.1:{}", ports.kafka)),
            (
                "TIDEGATE_TEST_REDIS",
                format!("redis://127.0.0.1:{}", ports.redis),
            ),
        ]
    }

    /// Stops them and leaves nothing but what was downloaded.
    ///
    /// # Errors
    ///
    /// If one can't be stopped.
    pub(crate) fn stop(self) -> anyhow::Result<()> {
        self.stack.down(Leave::Nothing, |_| {})
    }
}

fn folder() -> PathBuf {
    crate::tree::root().join("target").join("test-stack")
}
