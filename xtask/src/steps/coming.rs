//! The tests' engines while they come up: a minute or more where they must be installed first,
//! beside steps that need none of them.

use crate::stack::trial::Trial;
use anyhow::anyhow;
use std::thread::JoinHandle;

/// Engines that are on their way, there, or not to be had.
pub(super) enum Coming {
    /// On their way.
    Starting(JoinHandle<anyhow::Result<Trial>>),
    /// There, or why not.
    Came(anyhow::Result<Trial>),
}

impl Coming {
    pub(super) fn start() -> Self {
        Self::Starting(std::thread::spawn(Trial::start))
    }

    /// What is known by now, without waiting.
    pub(super) fn looked_at(self) -> Self {
        match self {
            Self::Starting(thread) if thread.is_finished() => Self::Came(came(thread)),
            other @ (Self::Starting(_) | Self::Came(_)) => other,
        }
    }

    /// Whether they are known not to be had; [`Coming::wait`] tells why.
    pub(super) fn failed(&self) -> bool {
        matches!(self, Self::Came(Err(_)))
    }

    /// Waits until all answer.
    ///
    /// # Errors
    ///
    /// Why one does not.
    pub(super) fn wait(self) -> anyhow::Result<Trial> {
        match self {
            Self::Starting(thread) => came(thread),
            Self::Came(came) => came,
        }
    }
}

fn came(thread: JoinHandle<anyhow::Result<Trial>>) -> anyhow::Result<Trial> {
    let came = thread.join();
    came.unwrap_or_else(|_| Err(anyhow!("starting the engines broke off; see above")))
}
