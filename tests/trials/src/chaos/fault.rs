//! What can go wrong with a fleet, one thing at a time: inflicted, held for a while, and undone.
//! What follows from it is the audit's to judge.

use crate::engines::{Act, Engine, Engines};
use crate::fleet::{Fleet, Role};
use crate::signal::Signal;
use crate::wire::{Harm, Wire};
use std::fmt;
use std::time::Duration;

/// How long what was killed stays down, where it is not started again at once.
const DOWN: Duration = Duration::from_secs(2);

/// How long an engine is stopped or stands still, and a wire is harmed: longer than a produce is
/// tried.
const HELD: Duration = Duration::from_secs(6);

/// How long a process stands still: within its session at Kafka (1 s on the stack's own broker),
/// past it, and so long that others have driven its payments on when it wakes.
const FROZEN: [Duration; 3] = [
    Duration::from_millis(700),
    Duration::from_secs(2),
    Duration::from_secs(20),
];

/// How often each notification comes again in a storm.
const STORM_TIMES: usize = 5;

/// One thing that goes wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// kill -9 of one process; started again two seconds later: what others can take over they have
    /// by then.
    Kill(Role, usize),
    /// kill -9 of all of a role at once; started again at once, as a supervisor does.
    KillAll(Role),
    /// The same, but nobody starts them for two seconds: how long sales stand still counts from
    /// their start.
    Away(Role),
    /// An orderly stop and a start, as a deployment does.
    Restart(Role, usize),
    /// SIGSTOP, and SIGCONT after this time.
    Freeze(Role, usize, Duration),
    /// Redis forgets everything.
    Flush,
    /// kill -9 of an engine; started again two seconds later.
    KillEngine(Engine),
    /// An orderly stop of an engine, as for its upgrade; started again a few seconds later.
    StopEngine(Engine),
    /// An engine stands still.
    PauseEngine(Engine),
    /// Every notification of late comes again, five times, at once.
    Storm,
    /// A connection is harmed.
    Wire(Wire, Harm),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kill(role, number) => write!(f, "kill -9 {}-{number}", role.word()),
            Self::KillAll(role) => write!(f, "kill -9 every {}", role.word()),
            Self::Away(role) => {
                write!(f, "every {} away for {} s", role.word(), DOWN.as_secs())
            }
            Self::Restart(role, number) => write!(f, "restart {}-{number}", role.word()),
            Self::Freeze(role, number, lasting) => {
                write!(f, "freeze {}-{number} for {lasting:?}", role.word())
            }
            Self::Flush => write!(f, "redis FLUSHALL"),
            Self::KillEngine(engine) => write!(f, "kill -9 {}", engine.word()),
            Self::StopEngine(engine) => {
                write!(f, "stop {} for {} s", engine.word(), HELD.as_secs())
            }
            Self::PauseEngine(engine) => {
                write!(f, "pause {} for {} s", engine.word(), HELD.as_secs())
            }
            Self::Storm => write!(f, "notifications again, {STORM_TIMES} times"),
            Self::Wire(wire, harm) => {
                write!(f, "{wire:?} {harm:?} for {} s", HELD.as_secs())
            }
        }
    }
}

impl Fault {
    /// Every fault that a fleet of two gateways and two orchestrators can have, in a random order.
    pub fn shuffled(dice: &mut fastrand::Rng) -> Vec<Self> {
        let mut which = || dice.usize(1..=2);
        let [_, past_session, _] = FROZEN;
        let mut all = vec![
            Self::Kill(Role::Gateway, which()),
            Self::Kill(Role::Orchestrator, which()),
            Self::Kill(Role::Projector, 1),
            Self::Restart(Role::Gateway, which()),
            Self::Restart(Role::Orchestrator, which()),
            Self::Freeze(Role::Gateway, which(), past_session),
            Self::Flush,
            Self::Storm,
        ];
        let freeze = |lasting| Self::Freeze(Role::Orchestrator, which(), lasting);
        all.extend(FROZEN.map(freeze));
        for role in [Role::Gateway, Role::Orchestrator, Role::AlipaySimulator] {
            all.extend([Self::KillAll(role), Self::Away(role)]);
        }
        for engine in [Engine::Postgres, Engine::Kafka, Engine::Redis] {
            all.extend([Self::KillEngine(engine), Self::StopEngine(engine)]);
            all.push(Self::PauseEngine(engine));
        }
        for wire in Wire::ALL {
            for harm in [Harm::Cut, Harm::Late(300), Harm::HalfOpen, Harm::Slow] {
                all.push(Self::Wire(wire, harm));
            }
        }
        dice.shuffle(&mut all);
        all
    }

    /// Does it, holds it, and undoes it; when this returns, everything is there again.
    ///
    /// # Errors
    /// If it can't be done or undone.
    pub async fn inflict(self, fleet: &mut Fleet, engines: &Engines) -> anyhow::Result<()> {
        match self {
            Self::Kill(role, number) => {
                fleet.member(role, number)?.kill_nine().await?;
                tokio::time::sleep(DOWN).await;
                fleet.member(role, number)?.start().await
            }
            Self::KillAll(role) => kill_all(fleet, role, Duration::ZERO).await,
            Self::Away(role) => kill_all(fleet, role, DOWN).await,
            Self::Restart(role, number) => {
                let member = fleet.member(role, number)?;
                member.stop().await?;
                member.start().await
            }
            Self::Freeze(role, number, lasting) => freeze(fleet, (role, number), lasting).await,
            Self::Flush => engines.flush_redis().await,
            Self::KillEngine(engine) => {
                engines.act(engine, Act::Kill).await?;
                tokio::time::sleep(DOWN).await;
                engines.act(engine, Act::Start).await
            }
            Self::StopEngine(engine) => {
                engines.act(engine, Act::Stop).await?;
                tokio::time::sleep(HELD).await;
                engines.act(engine, Act::Start).await
            }
            Self::PauseEngine(engine) => {
                engines.act(engine, Act::Pause).await?;
                tokio::time::sleep(HELD).await;
                engines.act(engine, Act::Resume).await
            }
            Self::Storm => {
                let _acknowledged = fleet.postman.storm(STORM_TIMES).await;
                Ok(())
            }
            Self::Wire(wire, harm) => {
                fleet.wires.harm(wire, harm)?;
                tokio::time::sleep(HELD).await;
                fleet.wires.harm(wire, Harm::Whole)
            }
        }
    }
}

async fn kill_all(fleet: &mut Fleet, role: Role, down: Duration) -> anyhow::Result<()> {
    for member in fleet.all(role) {
        member.kill_nine().await?;
    }
    tokio::time::sleep(down).await;
    // All of them before the first is ready, as each one's own supervisor would.
    for member in fleet.all(role) {
        member.spawn()?;
    }
    for member in fleet.all(role) {
        member.ready().await?;
    }
    Ok(())
}

async fn freeze(
    fleet: &mut Fleet,
    (role, number): (Role, usize),
    lasting: Duration,
) -> anyhow::Result<()> {
    let member = fleet.member(role, number)?;
    member.signal(Signal::Freeze).await?;
    tokio::time::sleep(lasting).await;
    member.signal(Signal::Thaw).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_brings_the_same_faults_in_the_same_order() {
        let faults = |seed| Fault::shuffled(&mut fastrand::Rng::with_seed(seed));
        assert_eq!(faults(7), faults(7));
        assert_ne!(faults(7), faults(8));
        assert_eq!(faults(7).len(), 38);
    }
}
