//! One worker at a time for an order, as a courtesy. Whoever has no lease may go on all the same:
//! the order's expected version decides, so no lease is ever proof of anything.
//!
//! How Redis keeps a lease is `claim`'s.

use crate::claim::{Claim, Claims};
use crate::link::Link;
use payment::OrderId;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;

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
    past: Past,
    // Dropped before the seat: a map entry must not go while its lock is held.
    guard: Option<OwnedMutexGuard<()>>,
    seat: Seat,
}

struct Shared {
    orders: Mutex<HashMap<OrderId, Queue>>,
    owners: AtomicU64,
    /// How other processes are asked, where there are others.
    claims: Option<Claims>,
}

/// The lock of one order, and how many hold it or wait for it.
struct Queue {
    lock: Arc<tokio::sync::Mutex<()>>,
    seats: usize,
    past: Past,
}

/// What one holder leaves to the next.
#[derive(Default)]
struct Past {
    /// The version the order was left at, as far as anyone said.
    version: Option<u64>,
    /// The lease over all processes.
    claim: Option<Claim>,
}

/// A place in an order's queue; the last one to leave takes the queue with it.
struct Seat {
    order: OrderId,
    shared: Arc<Shared>,
}

impl Leases {
    /// Leases among the workers of this process.
    pub fn in_process() -> Self {
        Self::with(None)
    }

    /// Leases among all processes on this Redis. While it is away they are among the workers of
    /// this process alone, and none is [`held`](Lease::held).
    ///
    /// The workers of one process wait for each other here, and hand the lease on among
    /// themselves; only the first goes to Redis.
    pub fn redis(link: &Link) -> Self {
        Self::with(Some(Claims::new(link)))
    }

    fn with(claims: Option<Claims>) -> Self {
        Self {
            shared: Arc::new(Shared {
                orders: Mutex::new(HashMap::new()),
                owners: AtomicU64::new(0),
                claims,
            }),
        }
    }

    /// Takes the order's lease, in the order of asking. Waits at most `ttl`, which is also how
    /// long a lease may be needed: past it the caller gets a lease that is not
    /// [`held`](Lease::held), and goes on without.
    ///
    /// In process a lease ends with its holder, however that ends; `ttl` bounds the wait only. Over
    /// Redis it also ends `ttl` after it was taken, whoever died holding it.
    pub async fn lease(&self, order: OrderId, ttl: Duration) -> Lease {
        let (seat, lock) = self.sit_down(order);
        let Some(claims) = &self.shared.claims else {
            let guard = tokio::time::timeout(ttl, lock.lock_owned()).await.ok();
            return self.granted(seat, guard);
        };
        let now = Instant::now();
        let until = now.checked_add(ttl).unwrap_or(now);
        let guard = tokio::time::timeout_at(until, lock.lock_owned()).await.ok();
        let has_turn = guard.is_some();
        let mut lease = self.granted(seat, guard);
        if has_turn && lease.past.claim.is_none() {
            lease.past.claim = claims.claim(order, ttl, until).await;
            let known = lease.past.claim.as_ref().and_then(|claim| claim.version);
            lease.past.version = lease.past.version.max(known);
        }
        lease
    }

    /// Takes the order's lease if nobody in this process has it and nobody waits for it. Asks no
    /// other process.
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
            past: Past::default(),
        });
        queue.seats = queue.seats.saturating_add(1);
        let seat = Seat {
            order,
            shared: Arc::clone(&self.shared),
        };
        (seat, Arc::clone(&queue.lock))
    }

    fn granted(&self, seat: Seat, guard: Option<OwnedMutexGuard<()>>) -> Lease {
        let past = if guard.is_some() {
            self.shared.past(seat.order)
        } else {
            Past::default()
        };
        Lease {
            owner: Owner(self.shared.owners.fetch_add(1, Ordering::Relaxed)),
            past,
            guard,
            seat,
        }
    }
}

impl Lease {
    /// Whether it was granted. Not a proof of anything, only a reason not to hurry.
    pub fn held(&self) -> bool {
        let everywhere = self.seat.shared.claims.is_none() || self.past.claim.is_some();
        self.guard.is_some() && everywhere
    }

    /// Whether an earlier holder is known to have left the order at a later version than this:
    /// what was decided on it would not be appended, so read again first. No is no promise; the
    /// append's expected version is the fence (decision 13).
    pub fn is_past(&self, version: u64) -> bool {
        self.past.version.is_some_and(|left_at| left_at > version)
    }

    /// Tells the next holder what version the order is left at.
    pub fn leave_at(&mut self, version: u64) {
        self.past.version = self.past.version.max(Some(version));
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

    /// What the last holder left.
    fn past(&self, order: OrderId) -> Past {
        match self.orders().get_mut(&order) {
            Some(queue) => std::mem::take(&mut queue.past),
            None => Past::default(),
        }
    }

    /// Leaves it to whoever waits in this process. A lease over all processes that nobody here
    /// waits for, or that is nearly over, goes back.
    fn leave(&self, order: OrderId, mut past: Past) {
        if let Some(claim) = &mut past.claim {
            claim.left_at(past.version);
        }
        let mut orders = self.orders();
        let Some(queue) = orders.get_mut(&order) else {
            return;
        };
        queue.past.version = past.version;
        let waited_for = queue.seats > 1;
        queue.past.claim = past
            .claim
            .take_if(|claim| waited_for && claim.serves_another());
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // Before the guard goes, so that the next holder finds it.
        if self.guard.is_some() {
            let past = std::mem::take(&mut self.past);
            self.seat.shared.leave(self.seat.order, past);
        }
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
