//! What can be done to one engine while others work with it: an orderly stop, a kill, standing still,
//! and back again. What follows from it is for those who try it to judge.

use super::engine::Engine;
use super::process::{Identity, Signal};
use super::wait::{spin, until};
use super::{Stack, Started};
use anyhow::{Context, ensure};
use clap::ValueEnum;
use std::time::Duration;

/// How long an engine may take to end in an orderly way.
const STOP_PATIENCE: Duration = Duration::from_secs(30);

/// How long the system may take to end what it was told to kill.
const KILL_PATIENCE: Duration = Duration::from_secs(10);

/// What is done to an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Act {
    /// Start it, or let it go on, and wait until it answers.
    Start,
    /// Stop it in an orderly way; after 30 s, kill it.
    Stop,
    /// SIGKILL to it and to all processes of its own.
    Kill,
    /// SIGSTOP: its connections stay open, and nothing answers.
    Pause,
    /// SIGCONT, and wait until it answers.
    Resume,
}

impl Stack {
    /// Does it to one engine, and returns when it is done.
    ///
    /// # Errors
    ///
    /// If the engine does not run and should, or does not come up or end.
    pub(crate) fn act(&self, engine: Engine, act: Act) -> anyhow::Result<()> {
        let _lock = self.lock()?;
        match act {
            Act::Start => self.start_locked(engine).map(|_: Started| ()),
            Act::Stop => stop(engine, &self.needed(engine)?),
            Act::Kill => kill(engine, &self.needed(engine)?),
            Act::Pause => {
                let identity = self.needed(engine)?;
                identity.signal_family(Signal::Stop).map(|_| ())
            }
            Act::Resume => {
                self.needed(engine)?.signal_family(Signal::Cont)?;
                self.start_locked(engine).map(|_: Started| ())
            }
        }
    }

    fn needed(&self, engine: Engine) -> anyhow::Result<Identity> {
        let name = engine.name();
        let running = self.running(engine)?;
        running.with_context(|| format!("{name} does not run; `cargo xtask up` starts it"))
    }
}

/// Stops it in an orderly way, and kills it when that takes too long.
pub(super) fn stop(engine: Engine, identity: &Identity) -> anyhow::Result<()> {
    identity.signal(engine.stop_signal())?;
    // One that stands still hears of it only when it goes on.
    identity.signal_family(Signal::Cont)?;
    let ended = spin(&format!("{}: stopping", engine.name()), || {
        until(STOP_PATIENCE, || Ok(!identity.is_alive()))
    })?;
    if ended {
        return Ok(());
    }
    kill(engine, identity)
}

fn kill(engine: Engine, identity: &Identity) -> anyhow::Result<()> {
    let family = identity.signal_family(Signal::Kill)?;
    let ended = until(KILL_PATIENCE, || Ok(!family.iter().any(Identity::is_alive)))?;
    ensure!(ended, "{} was killed and is still there", engine.name());
    Ok(())
}
