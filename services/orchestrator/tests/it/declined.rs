//! Requests whose order does not take them: declined in their receipt alone, and of that and the
//! append that accepts the first holds, however often a command comes and whoever dies in between
//! (decision 12).

use crate::alipay_side::Api;
use crate::commands::pending;
use crate::over_the_bus::{Bus, pay};
use crate::world::World;
use bus::CommandBody;
use orchestrator::{Journal, Shelf};
use payment::{Input, Outcome, Refusal, Terms};
use std::time::Duration;
use store::ReceiptState;

const TAKEN: ReceiptState = ReceiptState::Declined(Refusal::OrderHasOpenPayment);

/// One open payment, and another key's request for the same order that a worker declined.
async fn declined(world: &World, bus: &Bus) -> (Terms, Terms) {
    world.alipay.customers_type_pins();
    let (first, second) = (world.terms("O-1", "R-1"), world.terms("O-1", "R-2"));
    for sale in [&first, &second] {
        world.journal.put_receipt(pending(sale));
        bus.give(sale, pay(sale)).await;
    }
    world.pass_s(1).await;
    assert_eq!(world.journal.state_of(second.payment()), TAKEN);
    (first, second)
}

#[tokio::test(start_paused = true)]
async fn decision_12_a_declined_command_that_comes_again_is_dropped_though_the_order_is_free() {
    let world = World::new();
    let bus = Bus::of(&world);
    let (first, second) = declined(&world, &bus).await;
    bus.give(&first, CommandBody::Cancel).await;
    world.pass_s(1).await;
    assert_eq!(world.ask_at_the_door(&first).outcome, Outcome::NotPaid);
    let before = world.journal.events(first.order());
    let done = bus.done(&second).await;
    bus.give(&second, pay(&second)).await;
    world.pass_s(30).await;
    assert_eq!(bus.done(&second).await, done + 1);
    assert_eq!(world.alipay.calls(Api::Pay), 1, "the first one's");
    assert_eq!(world.journal.state_of(second.payment()), TAKEN);
    assert_eq!(world.journal.events(first.order()), before);
    assert_eq!(world.journal.shelf().dead(), Vec::new());
}

#[tokio::test(start_paused = true)]
async fn decision_12_a_worker_that_died_before_the_commit_leaves_the_answer_that_was_given() {
    let world = World::new();
    let bus = Bus::of(&world);
    let (first, second) = declined(&world, &bus).await;
    world.alipay.customer_confirms();
    world.pass_s(5).await;
    assert_eq!(world.ask_at_the_door(&first).outcome, Outcome::Paid);
    // By now the order would say that it is paid. The command is delivered again, to another.
    let another = Bus::of(&world.beside());
    another.give(&second, pay(&second)).await;
    world.pass_s(2).await;
    assert_eq!(another.done(&second).await, 1);
    assert_eq!(world.journal.state_of(second.payment()), TAKEN, "as before");
    assert_eq!(world.alipay.calls(Api::Pay), 1);
}

#[tokio::test(start_paused = true)]
async fn decision_12_a_parked_command_whose_request_was_declined_meanwhile_is_dropped() {
    let world = World::new();
    let bus = Bus::of(&world);
    let sale = world.terms("O-1", "R-1");
    world.journal.put_receipt(pending(&sale));
    world.journal.set_newer(sale.order(), true);
    bus.give(&sale, pay(&sale)).await;
    world.pass_s(2).await;
    // A door of the later release declined it, and the order was free again.
    let why = Refusal::OrderHasOpenPayment;
    let state = world.journal.decline_receipt(sale.payment(), why).await;
    assert_eq!(state.unwrap(), TAKEN);
    world.journal.set_newer(sale.order(), false);
    let _later = Bus::of(&world.beside());
    world.pass_s(3).await;
    let shelf = world.journal.shelf();
    assert!(!shelf.holds_parked(sale.order()).await.unwrap());
    assert_eq!(shelf.dead(), Vec::new());
    assert_eq!(world.alipay.calls(Api::Pay), 0);
    assert_eq!(world.journal.events(sale.order()), []);
}

#[tokio::test(start_paused = true)]
async fn decision_12_a_parked_command_that_its_order_does_not_take_is_declined() {
    let world = World::new();
    world.alipay.customers_type_pins();
    let bus = Bus::of(&world);
    let (first, second) = (world.terms("O-1", "R-1"), world.terms("O-1", "R-2"));
    bus.give(&first, pay(&first)).await;
    world.pass_s(1).await;
    world.journal.put_receipt(pending(&second));
    world.journal.set_newer(first.order(), true);
    bus.give(&second, pay(&second)).await;
    world.pass_s(2).await;
    world.journal.set_newer(first.order(), false);
    let _later = Bus::of(&world.beside());
    world.pass_s(3).await;
    assert_eq!(world.journal.state_of(second.payment()), TAKEN);
    let shelf = world.journal.shelf();
    assert!(!shelf.holds_parked(first.order()).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn decision_12_a_doors_no_while_a_worker_appends_is_obeyed_and_nothing_is_sent() {
    let world = World::new();
    let bus = Bus::of(&world);
    let sale = world.terms("O-1", "R-1");
    world.journal.put_receipt(pending(&sale));
    world.journal.set_append_takes(Duration::from_secs(1));
    bus.give(&sale, pay(&sale)).await;
    world.pass(Duration::from_millis(500)).await;
    // The worker has decided to take it; a door that saw the order taken before comes first.
    let why = Refusal::OrderHasOpenPayment;
    let state = world.journal.decline_receipt(sale.payment(), why).await;
    assert_eq!(state.unwrap(), TAKEN);
    world.pass_s(5).await;
    assert_eq!(world.journal.events(sale.order()), []);
    assert_eq!(world.alipay.calls(Api::Pay), 0);
    assert_eq!(world.journal.shelf().dead(), Vec::new());
}

#[tokio::test(start_paused = true)]
async fn decision_12_a_doors_no_that_comes_after_the_append_changes_nothing() {
    let world = World::new();
    let bus = Bus::of(&world);
    let sale = world.terms("O-1", "R-1");
    world.journal.put_receipt(pending(&sale));
    bus.give(&sale, pay(&sale)).await;
    world.pass_s(1).await;
    let why = Refusal::OrderHasOpenPayment;
    let state = world.journal.decline_receipt(sale.payment(), why).await;
    assert_eq!(state.unwrap(), ReceiptState::Accepted);
    assert_eq!(world.ask_at_the_door(&sale).outcome, Outcome::Paid);
}

#[tokio::test(start_paused = true)]
async fn case_x16_a_forgotten_request_of_an_order_that_is_full_is_declined_and_not_found_again() {
    let world = World::new();
    for number in 0..100 {
        let ended = Input::Abandon(Box::new(world.terms("O-1", &format!("R-{number}"))));
        let order = world.terms("O-1", "R-0").order();
        world.journal.take_in(order, ended, world.now());
    }
    let sale = world.terms("O-1", "R-100");
    world.journal.put_receipt(pending(&sale));
    let before = world.journal.events(sale.order());
    world.pass_s(15).await;
    let full = ReceiptState::Declined(Refusal::TooManyAttempts);
    assert_eq!(world.journal.state_of(sale.payment()), full);
    assert_eq!(world.journal.events(sale.order()), before);
}
