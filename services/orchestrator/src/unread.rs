//! What this process can't read and another can, as far as it has met it. Such an order is left
//! alone until the process is replaced: it will never learn to read it.

use payment::OrderId;
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use uuid::Uuid;

/// Orders and letters that this process can't read. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unread(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    met: Mutex<Met>,
    /// Whether anything is parked, by whomever, as far as is known.
    parked: AtomicBool,
}

#[derive(Debug, Default)]
struct Met {
    orders: HashSet<OrderId>,
    letters: HashSet<Uuid>,
}

impl Unread {
    /// Notes an order; whether that is news.
    pub(crate) fn order(&self, order: OrderId) -> bool {
        self.met().orders.insert(order)
    }

    /// Whether this order was met before.
    pub(crate) fn has_order(&self, order: OrderId) -> bool {
        self.met().orders.contains(&order)
    }

    /// Notes a letter.
    pub(crate) fn letter(&self, letter: Uuid) {
        self.met().letters.insert(letter);
    }

    /// Whether this letter was met before.
    pub(crate) fn has_letter(&self, letter: Uuid) -> bool {
        self.met().letters.contains(&letter)
    }

    /// Forgets letters that are parked no more.
    pub(crate) fn keep_letters(&self, parked: &HashSet<Uuid>) {
        self.met().letters.retain(|letter| parked.contains(letter));
    }

    /// How many orders and letters.
    pub(crate) fn count(&self) -> (usize, usize) {
        let met = self.met();
        (met.orders.len(), met.letters.len())
    }

    /// Whether anything is parked.
    pub(crate) fn is_anything_parked(&self) -> bool {
        self.0.parked.load(Ordering::Relaxed)
    }

    /// Something is parked, or nothing is.
    pub(crate) fn set_parked(&self, parked: bool) {
        self.0.parked.store(parked, Ordering::Relaxed);
    }

    // A panic elsewhere leaves it whole: every change to it is one step.
    fn met(&self) -> MutexGuard<'_, Met> {
        self.0.met.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
