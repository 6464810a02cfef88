//! The one seam between the projector and the world: history behind a cursor, and what is derived
//! from it. Production fills it with `store`, the simulation with a seeded twin.

use std::future::Future;
use store::{Applied, Error, Met, StandingStill, Store};

/// History as the projector follows it.
pub trait Chronicle: Send + Sync + 'static {
    /// The position of the last event that was applied; 0 before the first.
    ///
    /// # Errors
    /// Those of `Projection::cursor`.
    fn cursor(&self) -> impl Future<Output = Result<i64, Error>> + Send;

    /// The events behind `position`, oldest first, at most `limit`, and none from beyond a place
    /// in which one may still turn up: a writer that took its position and has not committed
    /// (decision 10).
    ///
    /// # Errors
    /// Those of `Store::events_after`.
    fn events_after(
        &self,
        position: i64,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Met>, Error>> + Send;

    /// How many events stand behind `position`, counted up to `most`: positions have gaps.
    ///
    /// # Errors
    /// Those of `Store::events_behind`.
    fn events_behind(
        &self,
        position: i64,
        most: u32,
    ) -> impl Future<Output = Result<u32, Error>> + Send;

    /// Applies a batch that was read behind the cursor and moves the cursor, in one transaction.
    ///
    /// # Errors
    /// Those of `Projection::apply`.
    fn apply(&self, batch: &[Met]) -> impl Future<Output = Result<Applied, Error>> + Send;

    /// Applies what lists that stand still have missed, as far as it can be read by now, at most
    /// `limit` events in one transaction.
    ///
    /// # Errors
    /// Those of `Projection::catch_up_held`.
    fn catch_up_held(
        &self,
        limit: u32,
    ) -> impl Future<Output = Result<StandingStill, Error>> + Send;
}

impl Chronicle for Store {
    async fn cursor(&self) -> Result<i64, Error> {
        self.projection().cursor().await
    }

    async fn events_after(&self, position: i64, limit: u32) -> Result<Vec<Met>, Error> {
        Self::events_after(self, position, limit).await
    }

    async fn events_behind(&self, position: i64, most: u32) -> Result<u32, Error> {
        Self::events_behind(self, position, most).await
    }

    async fn apply(&self, batch: &[Met]) -> Result<Applied, Error> {
        self.projection().apply(batch).await
    }

    async fn catch_up_held(&self, limit: u32) -> Result<StandingStill, Error> {
        self.projection().catch_up_held(limit).await
    }
}
