//! The inquiries that all workers may make together (decision 17): nearest deadline first. Pay,
//! cancel and refund never ask here.

use crate::bucket::{Drawn, FleetBucket, LocalBucket, burst};
use crate::count;
use crate::link::Link;
use crate::options::BudgetOptions;
use crate::turns::{Place, Turns};
use payment::Timestamp;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// The most that is drawn from Redis at once.
const AT_ONCE: u32 = 16;

/// The budget of one Alipay account. Clones share it.
#[derive(Clone)]
pub struct Budget {
    shared: Arc<Shared>,
}

/// Leave to make one inquiry. Dropped without [`spend`](Permit::spend), it serves another.
#[must_use = "an inquiry that is made spends its permit"]
pub struct Permit {
    // Nothing once it is spent.
    shared: Option<Arc<Shared>>,
}

struct Shared {
    source: Source,
    /// How much unused budget may be kept: what may be spent at once anyway.
    spare_max: u32,
    turns: Mutex<Turns>,
}

enum Source {
    Local(LocalBucket),
    Fleet(FleetBucket),
}

/// One who waits. Whoever gives up, for whatever reason, leaves the queue.
struct Waiter<'a> {
    shared: &'a Arc<Shared>,
    place: Place,
    bell: Arc<Notify>,
}

impl Budget {
    /// The whole budget for the workers of this process.
    pub fn in_process(options: &BudgetOptions) -> Self {
        crate::count::begin();
        let per_second = options.inquiries_per_second;
        Self::of(Source::Local(LocalBucket::new(per_second)), options)
    }

    /// The budget of this Alipay client id, drawn from one bucket by all processes on this Redis.
    /// While Redis is away each has its fixed share.
    pub fn redis(link: &Link, client_id: &str, options: &BudgetOptions) -> Self {
        let (per_second, workers) = (options.inquiries_per_second, options.workers);
        let bucket = FleetBucket::new(link, client_id, per_second, workers);
        Self::of(Source::Fleet(bucket), options)
    }

    fn of(source: Source, options: &BudgetOptions) -> Self {
        Self {
            shared: Arc::new(Shared {
                source,
                spare_max: burst(options.inquiries_per_second).get(),
                turns: Mutex::default(),
            }),
        }
    }

    /// Waits for leave to inquire: of all who wait in this process, the nearest `deadline` is
    /// served first. Dropping the future gives the place up.
    pub async fn acquire(&self, deadline: Timestamp) -> Permit {
        let (place, bell) = self.shared.turns().join(deadline);
        let waiter = Waiter {
            shared: &self.shared,
            place,
            bell,
        };
        waiter.served().await;
        drop(waiter);
        Permit {
            shared: Some(Arc::clone(&self.shared)),
        }
    }

    /// How many wait now.
    pub fn waiting(&self) -> usize {
        self.shared.turns().len()
    }
}

impl Permit {
    /// The inquiry is made.
    pub fn spend(mut self) {
        self.shared = None;
    }
}

impl Waiter<'_> {
    async fn served(&self) {
        let mut waited = false;
        loop {
            let drawn = if self.shared.turns().is_first(self.place) {
                self.draw().await
            } else {
                None
            };
            let pause = match drawn {
                Some(Drawn::Some(_)) => return,
                Some(Drawn::NoneFor(pause)) => Some(pause),
                None => None,
            };
            if !waited {
                waited = true;
                count::budget_wait();
            }
            match pause {
                // The bell may ring before: something came back, or this is not the first any
                // more and is once again.
                Some(pause) => {
                    let _rung = tokio::time::timeout(pause, self.bell.notified()).await;
                }
                None => self.bell.notified().await,
            }
        }
    }

    /// Draws one; nothing if it is another's turn by now.
    async fn draw(&self) -> Option<Drawn> {
        if self.shared.turns().spend_spare() {
            return Some(Drawn::Some(1));
        }
        match &self.shared.source {
            Source::Local(bucket) => Some(bucket.draw()),
            Source::Fleet(_) => {
                // In a task of its own: what was drawn is not lost if this one gives up meanwhile.
                let shared = Arc::clone(self.shared);
                let drawn = tokio::spawn(async move { shared.draw_together().await }).await;
                let mut turns = self.shared.turns();
                if turns.is_first(self.place) && turns.spend_spare() {
                    return Some(Drawn::Some(1));
                }
                drawn.ok().and_then(|drawn| match drawn {
                    Drawn::NoneFor(_) => Some(drawn),
                    Drawn::Some(_) => None,
                })
            }
        }
    }
}

impl Shared {
    /// Draws for all who wait, and puts it where the first finds it.
    async fn draw_together(&self) -> Drawn {
        let waiting = u32::try_from(self.turns().len()).unwrap_or(AT_ONCE);
        let drawn = match &self.source {
            Source::Local(bucket) => bucket.draw(),
            Source::Fleet(bucket) => bucket.draw(waiting.clamp(1, AT_ONCE)).await,
        };
        if let Drawn::Some(count) = drawn {
            self.turns().put_back(count, self.spare_max.max(AT_ONCE));
        }
        drawn
    }

    // A panic elsewhere leaves them whole: every change to them is one step.
    fn turns(&self) -> MutexGuard<'_, Turns> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.shared.turns().leave(self.place);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(shared) = self.shared.take() {
            shared.turns().put_back(1, shared.spare_max);
        }
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget")
            .field("waiting", &self.waiting())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("spent", &self.shared.is_none())
            .finish()
    }
}
