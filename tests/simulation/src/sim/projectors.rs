//! The projectors of a world: the real loop, one or two at a time, killed, stopped, and away for
//! hours.

use super::chronicle::SimChronicle;
use super::process::Process;
use super::world::{World, pass};
use chassis::health::Health;
use projector::{App, Config};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio_util::sync::CancellationToken;

/// Behind the ids of all other processes.
const FIRST_ID: usize = 1_000_000;

/// Those that are there, or were last in their place.
pub(crate) struct Projectors {
    world: Arc<World>,
    ids: AtomicUsize,
    seats: Mutex<Vec<Arc<Process>>>,
    stop: CancellationToken,
}

impl Projectors {
    /// Starts them.
    pub(crate) fn start(world: &Arc<World>) -> Arc<Self> {
        let projectors = Arc::new(Self {
            world: Arc::clone(world),
            ids: AtomicUsize::new(FIRST_ID),
            seats: Mutex::default(),
            stop: CancellationToken::new(),
        });
        for place in 0..world.plan.projector.projectors {
            projectors.start_one(place);
        }
        projectors
    }

    fn start_one(&self, place: usize) {
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        let process = Process::start(&self.world, id);
        let config = Config {
            every_ms: self.world.plan.projector.every_ms,
            batch_events: self.world.plan.projector.batch_events,
        };
        let chronicle = SimChronicle(Arc::clone(&process));
        let app = App::build(&config, chronicle, &Health::new());
        let stop = self.stop.clone();
        tokio::spawn(app.run(async move { stop.cancelled().await }));
        let mut seats = self.seats();
        match seats.get_mut(place) {
            Some(seat) => *seat = process,
            None => seats.push(process),
        }
    }

    /// Mishaps, as often as the plan says, until it is told to end.
    pub(crate) async fn suffer(self: Arc<Self>, end: CancellationToken) {
        let (plan, dice) = (&self.world.plan.projector, &self.world.side_dice);
        if let Some(after_ms) = plan.gone_after_ms {
            pass(after_ms).await;
            // Whoever comes back does so when all is calm.
            for seat in self.seats().iter() {
                seat.kill();
            }
            return;
        }
        let Some(every_ms) = plan.mishap_every_ms else {
            return;
        };
        while !end.is_cancelled() {
            pass(dice.between(1, every_ms.saturating_mul(2))).await;
            let place = dice.below(plan.projectors);
            let Some(process) = self.seats().get(place).cloned() else {
                continue;
            };
            if end.is_cancelled() || process.is_killed() {
                continue;
            }
            let ms = dice.wait_ms(plan.away_ms);
            if dice.per_mille(500) {
                process.stop_for(ms);
                continue;
            }
            process.kill();
            let projectors = Arc::clone(&self);
            tokio::spawn(async move {
                pass(ms).await;
                projectors.replace(place);
            });
        }
    }

    fn replace(&self, place: usize) {
        let killed = self.seats().get(place).is_some_and(|p| p.is_killed());
        if killed {
            self.start_one(place);
        }
    }

    /// All are there again.
    pub(crate) fn mend(&self) {
        for place in 0..self.world.plan.projector.projectors {
            self.replace(place);
        }
        for process in self.seats().iter() {
            process.stop_for(0);
        }
    }

    /// Sends them home, so that the world can end.
    pub(crate) fn end(&self) {
        self.stop.cancel();
    }

    // A panic elsewhere leaves the seats whole.
    fn seats(&self) -> MutexGuard<'_, Vec<Arc<Process>>> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
