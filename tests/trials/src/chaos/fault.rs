//! What can go wrong with a fleet, one thing at a time: inflicted, held for a while, and undone.
//! What follows from it is the audit's to judge.

use crate::engines::{Act, Engine, Engines};
use crate::fleet::{Fleet, Role};
use crate::signal::Signal;
use crate::wire::{Harm, Wire};
use anyhow::{Context, bail};
use std::fmt;
use std::time::Duration;

/// How long what was killed stays down, where it is not started again at once.
const DOWN: Duration = Duration::from_secs(2);

/// How long an engine is stopped or stands still, and a wire is harmed: longer than a produce is
/// tried.
const HELD: Duration = Duration::from_secs(6);

/// How long PostgreSQL's answers come late: as long as several appends take then.
const LATE: Duration = Duration::from_secs(6);

/// How long tills hang up.
const HANGING_UP: Duration = Duration::from_secs(6);

/// How long a process is a newer release, and today's again, by turns: rolled out, taken back, rolled
/// out again. Cancels of what it began meet today's; it is back before those sales are given up.
const MIXED: [(Duration, Duration); 3] = [
    (Duration::from_secs(8), Duration::from_secs(6)),
    (Duration::from_secs(8), Duration::from_secs(6)),
    (Duration::from_secs(20), Duration::ZERO),
];

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
    /// PostgreSQL stalls while approvals of some sales come just before their last release.
    Stall(Stall),
    /// Half of the tills hang up while the customer types the PIN.
    HangUps,
    /// One process is tomorrow's release for a while: what it writes, today's must bear.
    Mixed(Role, usize),
    /// A standalone beside the fleet has a trouble that only one process on one disk can have.
    Alone(Trouble),
}

/// How PostgreSQL stalls, for so many milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stall {
    /// Every answer comes late, by a time that turns an append into seconds; then none comes, while
    /// appends are under way.
    Late {
        /// How late each piece comes, either way.
        by_ms: u64,
        /// For how long nothing is answered then.
        silent_ms: u64,
    },
    /// Nothing is answered, although it is done.
    Unanswered {
        /// For how long.
        for_ms: u64,
    },
}

/// What troubles a standalone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// Its disk is full, and freed.
    DiskFull,
    /// Idle connections use up the descriptors that a process has at first.
    DescriptorsAtFirst,
    /// Idle connections use up all descriptors that it may ever have.
    DescriptorsAtMost,
    /// The same, by connections that never asked anything.
    DescriptorsBySilence,
}

impl fmt::Display for Stall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Late { by_ms, silent_ms } => {
                write!(f, "late by {by_ms} ms, then silent for {silent_ms} ms")
            }
            Self::Unanswered { for_ms } => write!(f, "unanswered for {for_ms} ms"),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DiskFull => "disk full and freed",
            Self::DescriptorsAtFirst => "descriptors used up, soft limit",
            Self::DescriptorsAtMost => "descriptors used up, hard limit",
            Self::DescriptorsBySilence => "descriptors used up, hard limit, by silence",
        })
    }
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
            Self::Stall(stall) => write!(f, "Postgres around the last release {stall}"),
            Self::HangUps => write!(f, "tills hang up for {} s", HANGING_UP.as_secs()),
            Self::Mixed(role, number) => {
                write!(f, "mixed fleet, {}-{number} newer", role.word())
            }
            Self::Alone(trouble) => write!(f, "standalone, {trouble}"),
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
        all.extend([Self::HangUps, Self::Alone(Trouble::DiskFull)]);
        all.push(Self::Alone(Trouble::DescriptorsAtFirst));
        all.push(Self::Alone(Trouble::DescriptorsAtMost));
        all.push(Self::Alone(Trouble::DescriptorsBySilence));
        all.push(Self::Mixed(Role::Gateway, dice.usize(1..=2)));
        all.push(Self::Mixed(Role::Orchestrator, dice.usize(1..=2)));
        all.push(Self::Stall(Stall::Late {
            by_ms: dice.u64(50..200),
            silent_ms: dice.u64(4_000..8_000),
        }));
        all.push(Self::Stall(Stall::Unanswered {
            for_ms: dice.u64(4_000..10_000),
        }));
        dice.shuffle(&mut all);
        all
    }

    /// Does it, holds it, and undoes it; when this returns, everything is there again.
    ///
    /// # Errors
    /// If it can't be done or undone.
    pub(super) async fn inflict(self, fleet: &mut Fleet, engines: &Engines) -> anyhow::Result<()> {
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
            Self::Stall(stall) => {
                let silent_ms = match stall {
                    Stall::Late { by_ms, silent_ms } => {
                        fleet.wires.harm(Wire::Postgres, Harm::Late(by_ms))?;
                        tokio::time::sleep(LATE).await;
                        silent_ms
                    }
                    Stall::Unanswered { for_ms } => for_ms,
                };
                fleet.wires.harm(Wire::Postgres, Harm::Unanswered)?;
                tokio::time::sleep(Duration::from_millis(silent_ms)).await;
                fleet.wires.harm(Wire::Postgres, Harm::Whole)
            }
            Self::HangUps => {
                tokio::time::sleep(HANGING_UP).await;
                Ok(())
            }
            Self::Mixed(role, number) => mixed(fleet, role, number).await,
            Self::Alone(_) => bail!("a fleet does not have this fault"),
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

/// Puts tomorrow's release in the place of one process, and takes it back, again and again.
async fn mixed(fleet: &mut Fleet, role: Role, number: usize) -> anyhow::Result<()> {
    let (today, canary) = fleet.releases();
    let canary = canary.context("there is no newer release to mix in")?;
    let turns = MIXED
        .into_iter()
        .flat_map(|(newer, older)| [(canary.clone(), newer), (today.clone(), older)]);
    for (release, lasting) in turns {
        let member = fleet.member(role, number)?;
        member.stop().await?;
        member.become_another(release);
        // Today's may not be ready while it can't read what the newer one wrote.
        member.start().await?;
        tokio::time::sleep(lasting).await;
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
        assert_eq!(faults(7).len(), 47);
    }
}
