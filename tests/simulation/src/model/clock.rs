//! Time. It goes from one instant at which anything changes to the next, for nothing that is
//! decided depends on anything in between.

use super::scene::{Scene, Which};
use super::worker::stalled_at;
use super::world::{Command, Running, Worker, World};
use payment::{Answer, Loss, Stage, Timestamp, Todo, due};

/// Whether Alipay's window for cancelling this attempt is over.
pub(super) fn window_over(scene: &Scene, world: &World, which: Which) -> bool {
    world.now >= scene.terms(which).cancel_window_ends_at()
}

/// Time passes; whoever waited long enough has lost the answer. Nothing, when nothing will change
/// any more.
pub(super) fn tick(scene: &Scene, world: &mut World) -> Option<()> {
    world.now = next_instant(scene, world)?;
    let now = world.now;
    for worker in &mut world.workers {
        if let Worker::Waiting {
            which,
            number,
            until,
        } = worker
            && *until <= now
        {
            *worker = Worker::Holds {
                which: *which,
                number: *number,
                answer: Answer::Lost(Loss::TimedOut),
                running: Running::Yes,
            };
        }
    }
    Some(())
}

fn next_instant(scene: &Scene, world: &World) -> Option<Timestamp> {
    let mut instants = Vec::new();
    if let Todo::WakeAt(at) = due(&world.order, world.now) {
        instants.push(at);
    }
    for worker in &world.workers {
        match worker {
            Worker::Waiting { until, .. } => instants.push(*until),
            Worker::Called { decided, .. } => instants.push(stalled_at(*decided)),
            Worker::Idle | Worker::Looked { .. } | Worker::Holds { .. } => {}
        }
    }
    for which in Which::BOTH {
        instants.extend(of_attempt(scene, world, which));
    }
    instants.into_iter().filter(|at| *at > world.now).min()
}

/// The instants that the terms of an attempt set, while anything depends on them.
fn of_attempt(scene: &Scene, world: &World, which: Which) -> Vec<Timestamp> {
    let terms = scene.terms(which);
    let sale = world.sale(which);
    let until_released = [terms.close_at(), terms.last_release_at().plus_ms(1)];
    let until_ended = [terms.provable_absence_at(0), terms.cancel_window_ends_at()];
    match sale.command {
        Command::Absent => return Vec::new(),
        Command::Waiting => {
            return vec![
                terms.accepted_at,
                terms.last_begin_at().plus_ms(1),
                terms.last_begin_at().plus_ms(5_001),
                terms.last_release_at().plus_ms(1),
            ];
        }
        Command::Done | Command::Declined(_) => {}
    }
    match world.order.attempt(scene.payment(which)).map(|a| &a.stage) {
        None => Vec::new(),
        Some(Stage::Undecided) => [until_released, until_ended].concat(),
        Some(Stage::Approved) => until_released.to_vec(),
        Some(Stage::Paid { .. }) => Vec::new(),
        Some(Stage::Closing(_)) => until_ended.to_vec(),
        Some(Stage::Ended(_)) => Vec::new(),
    }
}
