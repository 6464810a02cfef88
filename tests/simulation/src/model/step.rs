//! What an action makes of a world. Every append goes through [`World::write`], which is the real
//! `decide` and `evolve`; what a worker may do in between is the driver's, step by step.

use super::action::{Action, Given, Slot, Turn, no};
use super::alipay::{Pay, Reception};
use super::mishap::is_mishap;
use super::scene::{Scene, Which};
use super::world::{Command, Worker, World};
use super::{clock, door, worker};
use payment::{Input, Notice, NoticeResult};

/// The world after this action; nothing, where it would change nothing.
pub(super) fn step(scene: &Scene, world: &World, action: Action) -> Option<World> {
    let mut next = world.clone();
    if is_mishap(world, action) {
        next.mishaps_left = next.mishaps_left.checked_sub(1)?;
    }
    match action {
        Action::Tick => clock::tick(scene, &mut next)?,
        Action::OutageEnds => next.outage = false,
        Action::Outage => next.outage = true,
        Action::Given(which, given) => taken_in(scene, &mut next, which, given),
        Action::Take(which, take) => worker::take(scene, &mut next, which, take)?,
        Action::Work(slot, work) => worker::work(scene, &mut next, slot, work)?,
        Action::DoorLook(which) => door::look(scene, &mut next, which)?,
        Action::Door(slot, step) => door::step(scene, &mut next, slot, step)?,
        Action::Alipay(which, turn) => at_alipay(scene, &mut next, which, turn),
    }
    let next = next.normal(scene);
    (next != *world).then_some(next)
}

/// What a door, the sweep or a notification brings, whose decision does not depend on how long its
/// append takes.
fn taken_in(scene: &Scene, world: &mut World, which: Which, given: Given) {
    let now = world.now;
    let payment = scene.payment(which);
    let input = match given {
        Given::Abandon => {
            world.sale_mut(which).command = Command::Done;
            Input::Abandon(Box::new(scene.terms(which).clone()))
        }
        Given::SeeNo => {
            world.sale_mut(which).no_held = no(scene, world, which);
            return;
        }
        Given::SayNo => {
            if let Some(refusal) = world.sale_mut(which).no_held.take() {
                world.decline(which, refusal);
            }
            return;
        }
        Given::Cancel => {
            let left = &mut world.sale_mut(which).cancels_left;
            *left = left.saturating_sub(1);
            Input::Cancel { payment }
        }
        Given::Acknowledge => Input::Acknowledge { payment },
        Given::Notice => {
            let left = &mut world.sale_mut(which).notices_left;
            *left = left.saturating_sub(1);
            notice(scene, which, NoticeResult::Paid(scene.approval.clone()))
        }
        Given::WrongAmount => notice(
            scene,
            which,
            NoticeResult::Paid(scene.wrong_approval.clone()),
        ),
        Given::NotPaid => {
            let code = scene.code.clone();
            notice(scene, which, NoticeResult::NotPaid { code })
        }
    };
    // A refused command is done all the same.
    let _refused = world.write(scene, input, now);
}

/// A notification of this attempt, as the gateway hands it on.
pub(super) fn notice(scene: &Scene, which: Which, result: NoticeResult) -> Input {
    Input::Notice {
        payment: scene.payment(which),
        notice: Notice { result },
    }
}

fn at_alipay(scene: &Scene, world: &mut World, which: Which, turn: Turn) {
    match turn {
        Turn::PayLands(reception) => world.sale_mut(which).books.land_pay(reception),
        Turn::CancelLands => {
            let window_over = clock::window_over(scene, world, which);
            let books = &mut world.sale_mut(which).books;
            books.cancel_on_its_way = false;
            books.cancel(scene, window_over);
        }
        Turn::RefundLands => {
            let books = &mut world.sale_mut(which).books;
            if let Some((number, amount)) = books.refund_on_its_way.take() {
                books.refund(scene, number, amount);
            }
        }
        Turn::CustomerPays => {
            world.sale_mut(which).books.land_pay(Reception::Charge);
        }
        Turn::CustomerGivesUp => {
            world.sale_mut(which).books.land_pay(Reception::Refuse);
        }
        Turn::Lies => {
            let books = &mut world.sale_mut(which).books;
            books.pay = Pay::Charged;
            books.lied = true;
        }
    }
}

/// Whether another worker's call of this payment is on the wire.
pub(super) fn on_the_wire(world: &World, slot: Slot, of: Which) -> bool {
    let other = slot.twin().of(&world.workers);
    matches!(other, Worker::Waiting { which, .. } if *which == of)
}
