//! The history as one projector reaches it: slow, away for a while, or silent about the batch that
//! it has applied. Chance comes from dice of its own, so that a world's sales go as they would
//! without a projector.

use super::process::Process;
use super::world::{World, pass};
use projector::Chronicle;
use std::sync::Arc;
use store::{Applied, Error, Met, StandingStill};

/// One projector's way to the history.
pub(crate) struct SimChronicle(pub(crate) Arc<Process>);

fn away() -> Error {
    Error::Unavailable(std::io::Error::other("the history is away").into())
}

impl SimChronicle {
    fn world(&self) -> &World {
        &self.0.world
    }

    /// The way there: it may take long, and lead nowhere.
    async fn reach(&self) -> Result<(), Error> {
        self.0.gate().await;
        let world = self.world();
        let faults = &world.plan.projector;
        if !world.is_healed() {
            pass(world.side_dice.wait_ms(faults.slow_ms)).await;
        }
        self.0.gate().await;
        if world.journal_is_away() || world.fails_aside(faults.away) {
            return Err(away());
        }
        Ok(())
    }
}

impl Chronicle for SimChronicle {
    async fn cursor(&self) -> Result<i64, Error> {
        self.reach().await?;
        let cursor = self.world().rows().lists.cursor;
        self.0.gate().await;
        Ok(cursor)
    }

    async fn events_after(&self, position: i64, limit: u32) -> Result<Vec<Met>, Error> {
        self.reach().await?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let events = self.world().rows().events_after(position, limit);
        self.0.gate().await;
        Ok(events.into_iter().map(Met::from).collect())
    }

    async fn events_behind(&self, position: i64, most: u32) -> Result<u32, Error> {
        self.reach().await?;
        let limit = usize::try_from(most).unwrap_or(usize::MAX);
        let behind = self.world().rows().events_after(position, limit).len();
        self.0.gate().await;
        Ok(u32::try_from(behind).unwrap_or(most))
    }

    async fn apply(&self, batch: &[Met]) -> Result<Applied, Error> {
        self.reach().await?;
        let world = self.world();
        let applied = world.rows().apply(batch);
        let unheard = world.fails_aside(world.plan.projector.unheard);
        self.0.gate().await;
        if unheard { Err(away()) } else { applied }
    }

    /// All processes of a world are of one release, so no list ever stands still.
    async fn catch_up_held(&self, _limit: u32) -> Result<StandingStill, Error> {
        Ok(StandingStill::default())
    }
}
