//! A process as the world sees it: it can be stopped and go on (SIGSTOP, SIGCONT), be killed, and
//! stand on a machine whose clock is wrong. Whatever it does to the world passes its gate.

use super::world::World;
use chassis::clock::{Clock, Steady};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// One process.
pub(crate) struct Process {
    pub(crate) world: Arc<World>,
    /// Never given twice.
    pub(crate) id: usize,
    /// Of an earlier release: what later ones wrote it can't read.
    pub(crate) is_old: bool,
    pub(crate) machine: Arc<Machine>,
    /// What it takes for the time: the shared clock, followed.
    pub(crate) clock: Arc<Steady>,
    life: Mutex<Life>,
    life_changed: Notify,
}

#[derive(Clone, Copy)]
enum Life {
    Runs,
    StoppedUntil(Instant),
    Killed,
}

/// The clock of the machine it runs on.
pub(crate) struct Machine {
    world: Arc<World>,
    wrong_by_ms: AtomicI64,
}

impl Machine {
    /// Someone sets the clock.
    pub(crate) fn set_wrong_by(&self, ms: i64) {
        self.wrong_by_ms.store(ms, Ordering::Relaxed);
    }
}

impl Clock for Machine {
    fn now_ms(&self) -> i64 {
        let wrong_by_ms = self.wrong_by_ms.load(Ordering::Relaxed);
        self.world.now().as_ms().saturating_add(wrong_by_ms)
    }

    fn monotonic(&self) -> std::time::Instant {
        Instant::now().into_std()
    }
}

impl Process {
    pub(crate) fn start(world: &Arc<World>, id: usize) -> Arc<Self> {
        let is_old = world.plan.mixed && world.fails_aside(500);
        let machine = Arc::new(Machine {
            world: Arc::clone(world),
            wrong_by_ms: AtomicI64::new(0),
        });
        let now_ms = world.now().as_ms();
        let clock = Steady::beginning_at(now_ms, Arc::<Machine>::clone(&machine));
        Arc::new(Self {
            world: Arc::clone(world),
            id,
            is_old,
            machine,
            clock: Arc::new(clock),
            life: Mutex::new(Life::Runs),
            life_changed: Notify::new(),
        })
    }

    /// Passes once the process runs; never, once it is killed.
    pub(crate) async fn gate(&self) {
        loop {
            // Before the look, so that no change is missed.
            let changed = self.life_changed.notified();
            let life = *self.life();
            match life {
                Life::Runs => return,
                Life::StoppedUntil(until) if until <= Instant::now() => return,
                // Who is let go on earlier goes on earlier.
                Life::StoppedUntil(until) => tokio::select! {
                    // In this order, so that a simulated run can be run again.
                    biased;
                    () = tokio::time::sleep_until(until) => {}
                    () = changed => {}
                },
                Life::Killed => std::future::pending::<()>().await,
            }
        }
    }

    /// SIGSTOP, and SIGCONT this much later; in place of what was said before.
    pub(crate) fn stop_for(&self, ms: i64) {
        let wait = Duration::from_millis(u64::try_from(ms).unwrap_or(0));
        let mut life = self.life();
        if !matches!(*life, Life::Killed)
            && let Some(until) = Instant::now().checked_add(wait)
        {
            *life = Life::StoppedUntil(until);
        }
        drop(life);
        self.life_changed.notify_waiters();
    }

    /// SIGKILL.
    pub(crate) fn kill(&self) {
        *self.life() = Life::Killed;
    }

    pub(crate) fn is_killed(&self) -> bool {
        matches!(*self.life(), Life::Killed)
    }

    /// Whether it runs at this moment.
    pub(crate) fn runs(&self) -> bool {
        match *self.life() {
            Life::Runs => true,
            Life::StoppedUntil(until) => until <= Instant::now(),
            Life::Killed => false,
        }
    }

    // A panic elsewhere leaves the state whole.
    fn life(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
