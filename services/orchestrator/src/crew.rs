//! Which orders this process drives: at most one driver each, which a command or a notification may
//! wake at any time, and the sweep if it sleeps. What the sweep finds after a restart or an outage
//! may be very many: those take turns at their first look, so that what comes in meanwhile finds the
//! journal free.

use crate::drive::Driver;
use crate::{Journal, Wire};
use payment::{Order, OrderId};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How many orders that the sweep found are looked at for the first time at once.
const FIRST_LOOKS_MAX: usize = 16;

/// The drivers at work. Clones share them.
#[derive(Clone)]
pub struct Crew {
    shared: Arc<Shared>,
}

struct Shared {
    orders: Mutex<HashMap<OrderId, Seat>>,
    first_looks: Arc<Semaphore>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// One order's driver.
struct Seat {
    bell: Arc<Notify>,
    rung: bool,
    /// Whether it waits for an instant, by what it saw when it last looked.
    asleep: bool,
}

/// Why a driver begins.
pub(crate) enum Summons {
    /// Something came in.
    News,
    /// Something was just written, to this order: it need not be read. It may have been overtaken;
    /// then what is decided on it comes to a conflict, as on one that was read.
    Wrote(Order),
    /// The sweep found it waiting past its instant.
    Overdue,
}

impl Crew {
    /// Nobody at work yet. Cancelling `stop` sends everyone home after the call in hand.
    pub fn new(stop: CancellationToken) -> Self {
        Self {
            shared: Arc::new(Shared {
                orders: Mutex::new(HashMap::new()),
                first_looks: Arc::new(Semaphore::new(FIRST_LOOKS_MAX)),
                tasks: TaskTracker::new(),
                stop,
            }),
        }
    }

    /// How many orders are driven now.
    pub fn orders_driven(&self) -> usize {
        self.shared.orders().len()
    }

    /// Has someone look what this order owes now. One that only is overdue, and that someone here
    /// has in hand, is left to them unless they sleep: they may know less than the journal.
    pub(crate) fn summon<J: Journal, W: Wire>(
        &self,
        driver: &Driver<J, W>,
        order: OrderId,
        summons: Summons,
    ) {
        let mut orders = self.shared.orders();
        match orders.entry(order) {
            Entry::Occupied(mut seat) => {
                if !matches!(summons, Summons::Overdue) || seat.get().asleep {
                    seat.get_mut().rung = true;
                    seat.get().bell.notify_one();
                }
            }
            Entry::Vacant(vacant) => {
                if self.shared.stop.is_cancelled() {
                    return;
                }
                let bell = Arc::new(Notify::new());
                vacant.insert(Seat {
                    bell: Arc::clone(&bell),
                    rung: false,
                    asleep: false,
                });
                let driver = driver.clone();
                // Leaves the map even if the driver panics, so that the sweep can begin anew.
                let leaving = Leaving {
                    crew: self.clone(),
                    order,
                };
                // Made in there: a future that is handed in would have its place twice.
                self.shared.tasks.spawn(async move {
                    let _leaving = leaving;
                    driver.drive(order, bell, summons).await;
                });
            }
        }
    }

    /// A turn at a first look, among all that are overdue; those overdue longest come first.
    pub(crate) async fn first_look(&self) -> Option<OwnedSemaphorePermit> {
        // Nobody closes it.
        Arc::clone(&self.shared.first_looks)
            .acquire_owned()
            .await
            .ok()
    }

    /// Runs something beside the drivers that must end before the process does.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.shared.tasks.spawn(task);
    }

    /// Before a driver looks: what rings from now on makes it look again.
    pub(crate) fn looking(&self, order: OrderId) {
        if let Some(seat) = self.shared.orders().get_mut(&order) {
            seat.rung = false;
            seat.asleep = false;
        }
    }

    /// Before a driver waits for an instant.
    pub(crate) fn asleep(&self, order: OrderId) {
        if let Some(seat) = self.shared.orders().get_mut(&order) {
            seat.asleep = true;
        }
    }

    /// Whether the driver may go; no if someone rang since it looked.
    pub(crate) fn leave(&self, order: OrderId) -> bool {
        let mut orders = self.shared.orders();
        if orders.get(&order).is_some_and(|seat| seat.rung) {
            return false;
        }
        orders.remove(&order);
        true
    }

    /// The driver goes, whoever rang: the sweep finds what is left.
    pub(crate) fn quit(&self, order: OrderId) {
        self.shared.orders().remove(&order);
    }

    /// Resolves when everyone is asked to stop.
    pub(crate) async fn stopping(&self) {
        self.shared.stop.cancelled().await;
    }

    /// Whether everyone is asked to stop.
    pub(crate) fn is_stopping(&self) -> bool {
        self.shared.stop.is_cancelled()
    }

    /// Waits until all have gone home.
    pub(crate) async fn gone(&self) {
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }
}

impl Shared {
    // A panic elsewhere leaves the map whole: every change to it is one step.
    fn orders(&self) -> MutexGuard<'_, HashMap<OrderId, Seat>> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Leaving {
    crew: Crew,
    order: OrderId,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        if std::thread::panicking() {
            crate::count::panicked("driver");
            self.crew.quit(self.order);
        }
    }
}
