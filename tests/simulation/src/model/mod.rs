//! The model checker: one order, two attempts, two workers, two doors, and everything that can
//! happen between them and Alipay, in every order. What is checked are the real `decide`,
//! `evolve`, `due`, `view` and `told`; nothing of them is written again here.
//!
//! Left out on purpose: Redis (no lease exists here, so nothing can depend on one), Kafka (a
//! command is there or is not), and clocks of ours that differ from each other.

pub mod action;
pub mod alipay;
mod clock;
mod door;
mod kind;
mod mishap;
pub mod safety;
pub mod scene;
pub mod scenes;
pub mod sights;
mod step;
mod worker;
pub mod world;

use action::Action;
use scene::{Scene, Setting};
use sights::Sight;
use stateright::{Model, Property};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use world::{World, digest};

/// A kind world comes to rest within this many steps, or never will.
const KIND_STEPS_MAX: u8 = 120;

/// One order's whole life, to be explored.
#[derive(Debug)]
pub struct PaymentModel {
    /// What the run holds fixed.
    pub scene: Scene,
    /// What it must meet at least once.
    sights: &'static [Sight],
    /// How many kind steps it is from a state to its rest. Filled as states are met, so that every
    /// state costs one step and not a whole life.
    kind_steps: Mutex<HashMap<u64, u8>>,
}

impl PaymentModel {
    /// The model of this setting, which must meet these sights.
    ///
    /// # Errors
    /// When the setting's numbers make no policy.
    pub fn new(setting: Setting, sights: &'static [Sight]) -> anyhow::Result<Self> {
        Ok(Self {
            scene: Scene::new(setting)?,
            sights,
            kind_steps: Mutex::default(),
        })
    }

    /// How many steps of a kind world bring this one to rest, if any number does.
    pub(crate) fn kind_steps(&self, world: &World) -> Option<u8> {
        let mut way = vec![digest(world)];
        let mut here = world.clone();
        let mut steps = 0;
        while let Some(next) = kind::next(&self.scene, &here) {
            let digest = digest(&next);
            if let Some(known) = self.known(digest) {
                steps = known.saturating_add(1);
                break;
            }
            if way.len() > usize::from(KIND_STEPS_MAX) || way.contains(&digest) {
                return None;
            }
            way.push(digest);
            here = next;
        }
        let mut known = self
            .kind_steps
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for (further, digest) in way.into_iter().rev().enumerate() {
            let further = u8::try_from(further).unwrap_or(u8::MAX);
            known.insert(digest, steps.saturating_add(further));
        }
        known
            .get(&digest(world))
            .copied()
            .filter(|steps| *steps <= KIND_STEPS_MAX)
    }

    fn known(&self, digest: u64) -> Option<u8> {
        let known = self
            .kind_steps
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        known.get(&digest).copied()
    }
}

impl Model for PaymentModel {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World::at_the_start(&self.scene).normal(&self.scene)]
    }

    fn actions(&self, world: &World, out: &mut Vec<Action>) {
        action::actions(&self.scene, world, out);
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        step::step(&self.scene, world, action)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let sometimes = self
            .sights
            .iter()
            .map(|sight| Property::sometimes(sight.name, sight.seen));
        safety::properties().into_iter().chain(sometimes).collect()
    }
}
