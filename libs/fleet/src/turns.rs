//! Who is next: of those who wait in this process, the one whose deadline is nearest. Pure but for
//! the bells; where budget comes from is not here.

use payment::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Notify;

/// A place in the queue: by deadline, and among equals by who came first.
pub(crate) type Place = (Timestamp, u64);

/// Who waits, and what was drawn that nobody has spent yet.
#[derive(Default)]
pub(crate) struct Turns {
    waiting: BTreeMap<Place, Arc<Notify>>,
    came: u64,
    spare: u32,
}

impl Turns {
    /// Takes a place. The bell rings whenever it may have become the first.
    pub(crate) fn join(&mut self, deadline: Timestamp) -> (Place, Arc<Notify>) {
        let place = (deadline, self.came);
        self.came = self.came.wrapping_add(1);
        let bell = Arc::new(Notify::new());
        self.waiting.insert(place, Arc::clone(&bell));
        (place, bell)
    }

    /// Gives the place up, and lets the next one look.
    pub(crate) fn leave(&mut self, place: Place) {
        self.waiting.remove(&place);
        self.ring();
    }

    /// Whether it is this one's turn.
    pub(crate) fn is_first(&self, place: Place) -> bool {
        let first = self.waiting.first_key_value();
        first.is_some_and(|(first, _)| *first == place)
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Spends one of what was drawn and not used.
    pub(crate) fn spend_spare(&mut self) -> bool {
        let left = self.spare.checked_sub(1);
        self.spare = left.unwrap_or(0);
        left.is_some()
    }

    /// Puts back what was drawn and not used; more than `most` is let go.
    pub(crate) fn put_back(&mut self, drawn: u32, most: u32) {
        self.spare = self.spare.saturating_add(drawn).min(most);
        self.ring();
    }

    fn ring(&self) {
        if let Some((_, bell)) = self.waiting.first_key_value() {
            bell.notify_one();
        }
    }
}
