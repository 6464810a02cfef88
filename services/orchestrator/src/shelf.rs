//! Where commands are put aside, sealed as they came: parked until a worker can read them, or dead
//! until a person has them tried again. Production fills it with `store`.

use payment::{OrderId, Timestamp};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::{DeadLetter, Error, Parked, Store};
use uuid::Uuid;

/// Parked commands and dead letters, and who is alive to read them.
pub trait Shelf: Clone + Send + Sync + 'static {
    /// Parks a command behind those of its order; durable when it returns.
    ///
    /// # Errors
    /// Those of `Store::park`.
    fn park(&self, parked: &Parked) -> impl Future<Output = Result<(), Error>> + Send;

    /// What is parked behind a place, each with its own.
    ///
    /// # Errors
    /// Those of `Store::parked`.
    fn parked(
        &self,
        place: i64,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<(i64, Parked)>, Error>> + Send;

    /// Whether a command of this order is parked.
    ///
    /// # Errors
    /// Those of `Store::holds_parked`.
    fn holds_parked(&self, order: OrderId) -> impl Future<Output = Result<bool, Error>> + Send;

    /// Forgets a parked command that was carried out.
    ///
    /// # Errors
    /// Those of `Store::unpark`.
    fn unpark(&self, letter: Uuid) -> impl Future<Output = Result<(), Error>> + Send;

    /// Keeps a command that nobody can carry out; it is parked no more.
    ///
    /// # Errors
    /// Those of `Store::bury`.
    fn bury(&self, dead: &DeadLetter) -> impl Future<Output = Result<(), Error>> + Send;

    /// Says that this process is alive, and what it can read.
    ///
    /// # Errors
    /// Those of `Store::beat`.
    fn beat(&self, process: Uuid, now: Timestamp)
    -> impl Future<Output = Result<(), Error>> + Send;

    /// Whether a process that can read more was alive after `since`.
    ///
    /// # Errors
    /// Those of `Store::newer_alive`.
    fn newer_alive(&self, since: Timestamp) -> impl Future<Output = Result<bool, Error>> + Send;
}

impl Shelf for Store {
    async fn park(&self, parked: &Parked) -> Result<(), Error> {
        Self::park(self, parked).await
    }

    async fn parked(&self, place: i64, limit: u32) -> Result<Vec<(i64, Parked)>, Error> {
        Self::parked(self, place, limit).await
    }

    async fn holds_parked(&self, order: OrderId) -> Result<bool, Error> {
        Self::holds_parked(self, order).await
    }

    async fn unpark(&self, letter: Uuid) -> Result<(), Error> {
        Self::unpark(self, letter).await
    }

    async fn bury(&self, dead: &DeadLetter) -> Result<(), Error> {
        Self::bury(self, dead).await
    }

    async fn beat(&self, process: Uuid, now: Timestamp) -> Result<(), Error> {
        Self::beat(self, process, now).await
    }

    async fn newer_alive(&self, since: Timestamp) -> Result<bool, Error> {
        Self::newer_alive(self, since).await
    }
}

/// A shelf in memory, for journals that are there: the simulation's and the tests'.
#[derive(Clone, Debug, Default)]
pub struct MemoryShelf(Arc<Mutex<Letters>>);

#[derive(Debug, Default)]
struct Letters {
    last: i64,
    parked: Vec<(i64, Parked)>,
    dead: Vec<DeadLetter>,
    newer_alive: bool,
}

impl MemoryShelf {
    /// Whether a process that can read more is alive, from now on.
    pub fn set_newer_alive(&self, alive: bool) {
        self.letters().newer_alive = alive;
    }

    /// Whether nothing is parked.
    pub fn is_empty(&self) -> bool {
        self.letters().parked.is_empty()
    }

    /// The dead letters.
    pub fn dead(&self) -> Vec<DeadLetter> {
        self.letters().dead.clone()
    }

    /// Has a dead letter tried again, as `Store::replay` does; whether there was such a letter.
    pub fn replay(&self, letter: Uuid, since: Timestamp) -> bool {
        let mut letters = self.letters();
        let place = letters
            .dead
            .iter()
            .position(|dead| dead.letter.id == letter);
        let Some(place) = place else { return false };
        let DeadLetter { letter, .. } = letters.dead.remove(place);
        letters.last = letters.last.saturating_add(1);
        let place = letters.last;
        let parked = Parked {
            letter,
            kind: "replayed".to_owned(),
            reason: String::new(),
            since,
        };
        letters.parked.push((place, parked));
        true
    }

    // A panic elsewhere leaves it whole: every change to it is one step.
    fn letters(&self) -> MutexGuard<'_, Letters> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf for MemoryShelf {
    async fn park(&self, parked: &Parked) -> Result<(), Error> {
        let mut letters = self.letters();
        let known = |(_, other): &(i64, Parked)| other.letter.id == parked.letter.id;
        if !letters.parked.iter().any(known) {
            letters.last = letters.last.saturating_add(1);
            let place = letters.last;
            letters.parked.push((place, parked.clone()));
        }
        Ok(())
    }

    async fn parked(&self, place: i64, limit: u32) -> Result<Vec<(i64, Parked)>, Error> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let letters = self.letters();
        let behind = letters.parked.iter().filter(|(own, _)| *own > place);
        Ok(behind.take(limit).cloned().collect())
    }

    async fn holds_parked(&self, order: OrderId) -> Result<bool, Error> {
        let letters = self.letters();
        let mut orders = letters.parked.iter().map(|(_, parked)| parked.letter.order);
        Ok(orders.any(|parked| parked == Some(order)))
    }

    async fn unpark(&self, letter: Uuid) -> Result<(), Error> {
        let mut letters = self.letters();
        letters
            .parked
            .retain(|(_, parked)| parked.letter.id != letter);
        Ok(())
    }

    async fn bury(&self, dead: &DeadLetter) -> Result<(), Error> {
        let mut letters = self.letters();
        letters
            .parked
            .retain(|(_, parked)| parked.letter.id != dead.letter.id);
        if !letters
            .dead
            .iter()
            .any(|other| other.letter.id == dead.letter.id)
        {
            letters.dead.push(dead.clone());
        }
        Ok(())
    }

    async fn beat(&self, _process: Uuid, _now: Timestamp) -> Result<(), Error> {
        Ok(())
    }

    async fn newer_alive(&self, _since: Timestamp) -> Result<bool, Error> {
        Ok(self.letters().newer_alive)
    }
}
