//! What happens to processes: they are killed, stopped, moved from their partitions; databases go
//! away; machines' clocks are set; a lease is held by someone who does not let go.

use super::gateway::Gateway;
use super::log::partitions;
use super::process::Process;
use super::worker::{self, Outfit};
use super::world::{World, pass};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The processes of a world, and what happens to them.
pub(crate) struct Fleet {
    world: Arc<World>,
    outfit: Outfit,
    ids: AtomicUsize,
    stops: std::sync::Mutex<Vec<CancellationToken>>,
}

impl Fleet {
    /// Starts every process and shares the partitions out.
    pub(crate) fn start(world: &Arc<World>, outfit: Outfit) -> Arc<Self> {
        let fleet = Arc::new(Self {
            world: Arc::clone(world),
            outfit,
            ids: AtomicUsize::new(1),
            stops: std::sync::Mutex::default(),
        });
        for place in 0..world.plan.gateways {
            fleet.start_gateway(place);
        }
        for place in 0..world.plan.workers {
            fleet.start_worker(place);
        }
        fleet.share_out(0);
        fleet
    }

    fn process(&self) -> Arc<Process> {
        Process::start(&self.world, self.ids.fetch_add(1, Ordering::Relaxed))
    }

    fn start_gateway(&self, place: usize) {
        let gateway = Gateway::start(self.process(), self.outfit.sealer.clone());
        self.outfit.gateways.set(place, gateway);
    }

    fn start_worker(&self, place: usize) {
        let process = self.process();
        let bell = self.outfit.gateways.some(&self.world.dice).doorbell();
        let stop = worker::start(&process, &self.outfit, bell);
        if let Ok(mut stops) = self.stops.lock() {
            stops.push(stop);
        }
        let mut workers = self.world.workers();
        match workers.get_mut(place) {
            Some(seat) => *seat = process,
            None => workers.push(process),
        }
    }

    /// Gives the partitions to the workers that run, and one that owned them before goes on for a
    /// while without knowing.
    fn share_out(&self, zombie_ms: i64) {
        let workers = self.world.workers();
        let running: Vec<usize> = workers
            .iter()
            .filter(|worker| worker.runs())
            .map(|worker| worker.id)
            .collect();
        let until_ms = self.world.now().plus_ms(zombie_ms).as_ms();
        for partition in partitions() {
            let owner = running.get(self.world.dice.below(running.len()));
            if let Some(owner) = owner {
                self.world.records().give(partition, *owner, until_ms);
            }
        }
    }

    /// Mishaps, as often as the plan says, until it is told to end.
    pub(crate) async fn suffer(self: Arc<Self>, end: CancellationToken) {
        let Some(every_ms) = self.world.plan.mishap_every_ms else {
            return;
        };
        while !end.is_cancelled() {
            pass(self.world.dice.between(1, every_ms.saturating_mul(2))).await;
            if !end.is_cancelled() {
                self.mishap();
            }
        }
    }

    fn mishap(self: &Arc<Self>) {
        let (world, dice) = (&self.world, &self.world.dice);
        match dice.below(13) {
            12 => self.stop_all_workers(),
            0 | 1 => self.kill_worker(),
            2 | 3 => self.stop_worker(),
            4 => self.replace_gateway(),
            5 => self.stop_gateway(),
            6 | 7 => {
                if world.rows().pay_in_flight() {
                    world.met.x(35);
                }
                self.share_out(dice.wait_ms(60_000));
            }
            8 => world.take_journal_away(dice.wait_ms(20_000)),
            9 => world.take_log_away(dice.wait_ms(20_000)),
            10 => self.hold_a_lease(),
            _ => self.set_a_clock(),
        }
    }

    fn kill_worker(self: &Arc<Self>) {
        let place = self.world.dice.below(self.world.plan.workers);
        let Some(process) = self.world.workers().get(place).cloned() else {
            return;
        };
        if process.is_killed() {
            return;
        }
        process.kill();
        self.world.met.x(11);
        let fleet = Arc::clone(self);
        tokio::spawn(async move {
            pass(fleet.world.dice.wait_ms(60_000)).await;
            fleet.start_worker(place);
            fleet.share_out(0);
        });
    }

    fn stop_worker(&self) {
        let place = self.world.dice.below(self.world.plan.workers);
        let ms = self.world.dice.wait_ms(120_000);
        if let Some(process) = self.world.workers().get(place) {
            process.stop_for(ms);
        }
    }

    fn stop_all_workers(&self) {
        let ms = self.world.dice.wait_ms(120_000);
        for process in self.world.workers().iter() {
            process.stop_for(ms);
        }
    }

    fn replace_gateway(&self) {
        let place = self.world.dice.below(self.world.plan.gateways);
        if let Some(gateway) = self.outfit.gateways.at(place) {
            gateway.process.kill();
        }
        self.start_gateway(place);
    }

    fn stop_gateway(&self) {
        let place = self.world.dice.below(self.world.plan.gateways);
        let ms = self.world.dice.wait_ms(90_000);
        if let Some(gateway) = self.outfit.gateways.at(place) {
            gateway.process.stop_for(ms);
        }
    }

    fn hold_a_lease(&self) {
        let Some(order) = self.world.rows().some_waiting() else {
            return;
        };
        self.world.met.x(31);
        let (leases, ms) = (self.outfit.leases.clone(), self.world.dice.wait_ms(60_000));
        tokio::spawn(async move {
            let held = leases.lease(order, Duration::from_secs(1)).await;
            pass(ms).await;
            drop(held);
        });
    }

    fn set_a_clock(&self) {
        let dice = &self.world.dice;
        let wrong_by_ms = match dice.below(3) {
            0 => 90_000,
            1 => -600_000,
            _ => dice.between(-5_000, 5_000),
        };
        let gateway = self.outfit.gateways.some(dice);
        let place = dice.below(self.world.plan.workers);
        if let Some(process) = self.world.workers().get(place) {
            process.machine.set_wrong_by(wrong_by_ms);
            self.world.met.x(34);
        }
        gateway.process.machine.set_wrong_by(wrong_by_ms);
    }

    /// The world is kind from here on: nobody is stopped, nobody is of an earlier release, and every
    /// partition has an owner.
    pub(crate) fn mend(&self) {
        self.world.heal();
        for worker in self.world.workers().iter() {
            worker.stop_for(0);
        }
        for place in 0..self.world.plan.workers {
            let worker = self.world.workers().get(place).cloned();
            let Some(worker) = worker else { continue };
            if worker.is_old {
                worker.kill();
            }
            if worker.is_killed() {
                self.start_worker(place);
            }
        }
        for place in 0..self.world.plan.gateways {
            let Some(gateway) = self.outfit.gateways.at(place) else {
                continue;
            };
            gateway.process.stop_for(0);
            if gateway.process.is_old {
                gateway.process.kill();
                self.start_gateway(place);
            }
        }
        self.share_out(0);
    }

    /// Sends every worker home, so that the world can end.
    pub(crate) fn end(&self) {
        if let Ok(stops) = self.stops.lock() {
            for stop in stops.iter() {
                stop.cancel();
            }
        }
    }
}
