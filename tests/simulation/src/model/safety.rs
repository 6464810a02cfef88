//! What must be so in every state, whatever happened before. Numbered as the promises are.

use super::PaymentModel;
use super::alipay::{Breach, Pay};
use super::door::{Final, outcome};
use super::scene::Which;
use super::world::{Command, Door, Said, Sale, Worker, World};
use payment::{Attempt, Proof, Stage, Todo, due};
use stateright::Property;

/// All of them.
pub fn properties() -> Vec<Property<PaymentModel>> {
    vec![
        Property::always(
            "1.1 past the last release every door has a final answer",
            final_in_time,
        ),
        Property::always(
            "1.2 what a door said holds, or was undone by an event that says so",
            what_was_said_holds,
        ),
        Property::always(
            "2.1 an end's proof agrees with Alipay's books",
            ends_are_proven,
        ),
        Property::always(
            "3.1 at rest the customer was charged if and only if the merchant was told paid",
            rest_agrees,
        ),
        Property::always("4.1 one success is taken in once", approved_once),
        Property::always("4.2 one sale is released once", |_, world| {
            all(world, |sale| sale.releases <= 1)
        }),
        Property::always("4.3 a pay goes on the wire once", |_, world| {
            all(world, |sale| sale.books.breach != Some(Breach::PaidTwice))
        }),
        Property::always("4.4 no more is refunded than was charged", |_, world| {
            all(world, |sale| {
                sale.books.refunds <= u8::from(sale.books.pay == Pay::Charged)
            })
        }),
        Property::always("5.1 at most one attempt of an order is open", one_open),
        Property::always(
            "5.2 two calls of one payment are never on the wire at once",
            |_, world| all(world, |sale| !sale.calls_overlapped),
        ),
        Property::always(
            "5.3 nothing is cancelled once a refund was asked for",
            |_, world| {
                all(world, |sale| {
                    sale.books.breach != Some(Breach::CancelAfterRefund)
                })
            },
        ),
        Property::always(
            "6.1 in a kind world everything comes to rest",
            |model, world| model.kind_steps(world).is_some(),
        ),
        Property::always(
            "6.2 what came to rest is final, and was told",
            rest_is_final,
        ),
    ]
}

fn all(world: &World, holds: fn(&Sale) -> bool) -> bool {
    world.sales.iter().all(holds)
}

fn attempt<'a>(model: &PaymentModel, world: &'a World, which: Which) -> Option<&'a Attempt> {
    world.order.attempt(model.scene.payment(which))
}

fn final_in_time(model: &PaymentModel, world: &World) -> bool {
    Which::BOTH.into_iter().all(|which| {
        let sale = world.sale(which);
        let late = world.now > model.scene.terms(which).last_release_at();
        sale.said != Said::PendingTooLate
            && (!late
                || sale.command == Command::Absent
                || outcome(&model.scene, world, which, world.now) != Final::PendingTooLate)
    })
}

fn what_was_said_holds(_: &PaymentModel, world: &World) -> bool {
    all(world, |sale| sale.said != Said::Contradicted)
}

/// No money can move any more after an end, and what it says happened did.
fn ends_are_proven(model: &PaymentModel, world: &World) -> bool {
    Which::BOTH.into_iter().all(|which| {
        let Some(attempt) = attempt(model, world, which) else {
            return true;
        };
        let Stage::Ended(proof) = &attempt.stage else {
            return true;
        };
        let books = &world.sale(which).books;
        let proven = match proof {
            Proof::PayRefused { .. } | Proof::InquiryFailed { .. } => books.pay == Pay::Failed,
            Proof::InquiryCancelled | Proof::CancelSucceeded => books.cancelled,
            Proof::RefundSucceeded { .. } => books.refunds == 1,
            Proof::NeverSent(_) => books.pay == Pay::Unsent,
            Proof::NeverArrived => matches!(books.pay, Pay::Gone | Pay::Unsent),
        };
        proven || books.lied
    })
}

/// Nobody is in the middle of anything, and nothing is on its way.
fn at_rest(world: &World) -> bool {
    due(&world.order, world.now) == Todo::Rest
        && world.workers == [Worker::Idle, Worker::Idle]
        && world.doors == [Door::Idle, Door::Idle]
        && all(world, |sale| sale.command != Command::Waiting)
}

fn rest_agrees(model: &PaymentModel, world: &World) -> bool {
    !at_rest(world)
        || Which::BOTH.into_iter().all(|which| {
            let books = &world.sale(which).books;
            match attempt(model, world, which).map(|attempt| &attempt.stage) {
                None => books.pay == Pay::Unsent,
                Some(Stage::Paid { .. }) => books.out_of_pocket(),
                // Nobody can know before Alipay's second word comes (X5).
                Some(Stage::Ended(_)) => books.lied || !books.out_of_pocket(),
                Some(Stage::Undecided | Stage::Approved | Stage::Closing(_)) => false,
            }
        })
}

fn approved_once(_: &PaymentModel, world: &World) -> bool {
    all(world, |sale| sale.approvals <= 1)
}

/// Only a lie of Alipay's opens what had ended, and its reversal does not wait for anyone.
fn one_open(model: &PaymentModel, world: &World) -> bool {
    let open = Which::BOTH.into_iter().filter(|which| {
        attempt(model, world, *which).is_some_and(|attempt| match attempt.stage {
            Stage::Undecided | Stage::Approved | Stage::Paid { .. } => true,
            Stage::Closing(_) => !world.sale(*which).books.lied,
            Stage::Ended(_) => false,
        })
    });
    open.count() <= 1
}

fn rest_is_final(model: &PaymentModel, world: &World) -> bool {
    if super::kind::next(&model.scene, world).is_some() {
        return true;
    }
    at_rest(world)
        && Which::BOTH.into_iter().all(|which| {
            let sale = world.sale(which);
            let told = match sale.said {
                Said::Paid => sale.books.out_of_pocket(),
                Said::NotPaid | Said::Undone => !sale.books.out_of_pocket(),
                Said::Nothing | Said::Contradicted | Said::PendingTooLate => false,
            };
            sale.command == Command::Absent || told
        })
}
