//! What is measured: a fleet on engines of its own, or everything in one process; and where each
//! of its parts can be asked what it did.

use super::alone::Alone;
use crate::engines::{Engine, Engines};
use crate::fleet::{Fleet, Role};
use crate::load::Tills;
use anyhow::Context;
use reqwest::Url;

/// What is measured.
pub(super) enum Subject {
    /// Processes on Kafka, PostgreSQL and Redis.
    Fleet(Box<Fleet>, Engines),
    /// One process.
    Alone(Alone),
}

impl Subject {
    pub(super) fn gateways(&self) -> Vec<String> {
        match self {
            Self::Fleet(fleet, _) => fleet.gateways(),
            Self::Alone(alone) => vec![alone.gateway.clone()],
        }
    }

    pub(super) fn simulator(&self) -> String {
        match self {
            Self::Fleet(fleet, _) => fleet.simulator(),
            Self::Alone(alone) => alone.simulator.clone(),
        }
    }

    pub(super) fn token(&self) -> &str {
        match self {
            Self::Fleet(fleet, _) => &fleet.token,
            Self::Alone(alone) => &alone.token,
        }
    }

    pub(super) fn tills(&self) -> anyhow::Result<Tills> {
        Tills::new(self.gateways(), self.token())
    }

    /// The pid at the head of each part, by the part's name; several may share a name.
    pub(super) fn parts(&self) -> anyhow::Result<Vec<(&'static str, u32)>> {
        match self {
            Self::Alone(alone) => {
                let pid = alone.pid().context("tidegate has ended")?;
                Ok(vec![("tidegate", pid)])
            }
            Self::Fleet(fleet, engines) => {
                let members = fleet.members.iter();
                let mut parts = members
                    .map(|member| {
                        let pid = member.pid().context("a process has ended")?;
                        Ok((member.role.word(), pid))
                    })
                    .collect::<anyhow::Result<Vec<_>>>()?;
                for engine in [Engine::Postgres, Engine::Kafka, Engine::Redis] {
                    parts.push((engine.word(), engines.pid(engine)?));
                }
                Ok(parts)
            }
        }
    }

    /// Where commands that were worked on are counted.
    pub(super) fn metrics(&self) -> Vec<String> {
        match self {
            Self::Alone(alone) => vec![alone.metrics.clone()],
            Self::Fleet(fleet, _) => {
                let members = fleet.members.iter();
                let workers = members.filter(|member| member.role == Role::Orchestrator);
                let addresses = workers.filter_map(|worker| worker.address.as_ref());
                addresses
                    .map(|address| format!("{address}/metrics"))
                    .collect()
            }
        }
    }

    /// The fleet's database and Redis; one process alone has none.
    pub(super) fn engines(&self) -> Option<(&Url, &Url)> {
        match self {
            Self::Fleet(fleet, engines) => Some((fleet.place.database(), &engines.redis)),
            Self::Alone(_) => None,
        }
    }

    pub(super) async fn stop(self) -> anyhow::Result<()> {
        match self {
            Self::Fleet(fleet, _) => fleet.stop().await,
            Self::Alone(alone) => alone.stop().await,
        }
    }
}
