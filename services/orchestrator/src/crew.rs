//! Which orders this process drives: at most one driver each, which a command, a notification or
//! the sweep may wake at any time.

use crate::drive::Driver;
use crate::{Journal, Wire};
use payment::{Order, OrderId};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The drivers at work. Clones share them.
#[derive(Clone)]
pub struct Crew {
    shared: Arc<Shared>,
}

struct Shared {
    orders: Mutex<HashMap<OrderId, Seat>>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// One order's driver.
struct Seat {
    bell: Arc<Notify>,
    rung: bool,
}

impl Crew {
    /// Nobody at work yet. Cancelling `stop` sends everyone home after the call in hand.
    pub fn new(stop: CancellationToken) -> Self {
        Self {
            shared: Arc::new(Shared {
                orders: Mutex::new(HashMap::new()),
                tasks: TaskTracker::new(),
                stop,
            }),
        }
    }

    /// How many orders are driven now.
    pub fn orders_driven(&self) -> usize {
        self.shared.orders().len()
    }

    /// Has someone look what this order owes now.
    pub(crate) fn wake<J: Journal, W: Wire>(&self, driver: &Driver<J, W>, order: OrderId) {
        self.wake_knowing(driver, order, None);
    }

    /// The same by one who has just written to the order: who begins to drive it need not read it.
    pub(crate) fn wake_knowing<J: Journal, W: Wire>(
        &self,
        driver: &Driver<J, W>,
        order: OrderId,
        known: Option<Order>,
    ) {
        let mut orders = self.shared.orders();
        match orders.entry(order) {
            Entry::Occupied(mut seat) => {
                seat.get_mut().rung = true;
                seat.get().bell.notify_one();
            }
            Entry::Vacant(vacant) => {
                if self.shared.stop.is_cancelled() {
                    return;
                }
                let bell = Arc::new(Notify::new());
                vacant.insert(Seat {
                    bell: Arc::clone(&bell),
                    rung: false,
                });
                let driving = driver.clone().drive(order, bell, known);
                // Leaves the map even if the driver panics, so that the sweep can begin anew.
                let leaving = Leaving {
                    crew: self.clone(),
                    order,
                };
                self.shared.tasks.spawn(async move {
                    driving.await;
                    drop(leaving);
                });
            }
        }
    }

    /// Runs something beside the drivers that must end before the process does.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.shared.tasks.spawn(task);
    }

    /// Before a driver looks: what rings from now on makes it look again.
    pub(crate) fn looking(&self, order: OrderId) {
        if let Some(seat) = self.shared.orders().get_mut(&order) {
            seat.rung = false;
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
            self.crew.shared.orders().remove(&self.order);
        }
    }
}
