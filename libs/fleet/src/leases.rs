//! One worker at a time for an order, as a courtesy. Whoever has no lease may go on all the same:
//! the order's expected version decides, so no lease is ever proof of anything.

use payment::OrderId;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::OwnedMutexGuard;

/// The leases of this fleet. Clones share them.
#[derive(Clone)]
pub struct Leases {
    shared: Arc<Shared>,
}

/// Who holds a lease: one token per acquisition, never the same twice.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Owner(u64);

/// An order's lease, or the wish for one that was not granted in time. Dropping gives it back.
#[must_use = "a lease is given back as soon as it is dropped"]
pub struct Lease {
    owner: Owner,
    // Dropped before the seat: a map entry must not go while its lock is held.
    guard: Option<OwnedMutexGuard<()>>,
    seat: Seat,
}

struct Shared {
    orders: Mutex<HashMap<OrderId, Queue>>,
    owners: AtomicU64,
}

/// The lock of one order, and how many hold it or wait for it.
struct Queue {
    lock: Arc<tokio::sync::Mutex<()>>,
    seats: usize,
}

/// A place in an order's queue; the last one to leave takes the queue with it.
struct Seat {
    order: OrderId,
    shared: Arc<Shared>,
}

impl Leases {
    /// Leases among the workers of this process.
    pub fn in_process() -> Self {
        Self {
            shared: Arc::new(Shared {
                orders: Mutex::new(HashMap::new()),
                owners: AtomicU64::new(0),
            }),
        }
    }

    /// Takes the order's lease, in the order of asking. Waits at most `ttl`, which is also how
    /// long a lease may be needed: past it the caller gets a lease that is not
    /// [`held`](Lease::held), and goes on without.
    ///
    /// In process a lease ends with its holder, however that ends; `ttl` bounds the wait only.
    pub async fn lease(&self, order: OrderId, ttl: Duration) -> Lease {
        let (seat, lock) = self.sit_down(order);
        let guard = tokio::time::timeout(ttl, lock.lock_owned()).await.ok();
        self.granted(seat, guard)
    }

    /// Takes the order's lease if nobody has it and nobody waits for it.
    pub fn try_lease(&self, order: OrderId) -> Option<Lease> {
        let (seat, lock) = self.sit_down(order);
        let guard = lock.try_lock_owned().ok()?;
        Some(self.granted(seat, Some(guard)))
    }

    /// How many orders are leased or waited for now.
    pub fn orders_busy(&self) -> usize {
        self.shared.orders().len()
    }

    fn sit_down(&self, order: OrderId) -> (Seat, Arc<tokio::sync::Mutex<()>>) {
        let mut orders = self.shared.orders();
        let queue = orders.entry(order).or_insert_with(|| Queue {
            lock: Arc::new(tokio::sync::Mutex::new(())),
            seats: 0,
        });
        queue.seats = queue.seats.saturating_add(1);
        let seat = Seat {
            order,
            shared: Arc::clone(&self.shared),
        };
        (seat, Arc::clone(&queue.lock))
    }

    fn granted(&self, seat: Seat, guard: Option<OwnedMutexGuard<()>>) -> Lease {
        Lease {
            owner: Owner(self.shared.owners.fetch_add(1, Ordering::Relaxed)),
            guard,
            seat,
        }
    }
}

impl Lease {
    /// Whether it was granted. Not a proof of anything, only a reason not to hurry.
    pub fn held(&self) -> bool {
        self.guard.is_some()
    }

    /// The order it is for.
    pub fn order(&self) -> OrderId {
        self.seat.order
    }

    /// Who it was given to.
    pub fn owner(&self) -> Owner {
        self.owner
    }
}

impl Shared {
    // A panic elsewhere leaves the map whole: every change to it is one step.
    fn orders(&self) -> MutexGuard<'_, HashMap<OrderId, Queue>> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut orders = self.shared.orders();
        if let Entry::Occupied(mut queue) = orders.entry(self.order) {
            let left = queue.get().seats.saturating_sub(1);
            queue.get_mut().seats = left;
            if left == 0 {
                queue.remove();
            }
        }
    }
}

impl fmt::Debug for Leases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leases")
            .field("orders_busy", &self.orders_busy())
            .finish()
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("order", &self.order())
            .field("owner", &self.owner)
            .field("held", &self.held())
            .finish()
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
