//! Commands that were dead and are tried again because a person said so: each has the effect that it
//! may still have, once.

use crate::alipay_side::Api;
use crate::over_the_bus::{Bus, pay, sealer};
use crate::world::World;
use bus::{Command, CommandBody, CommandLog, MemoryLog, Producer};
use orchestrator::{Journal, Shelf};
use payment::{NeverSent, Outcome, Proof, Status, Terms};
use std::sync::Arc;
use store::{DeadLetter, Letter, Receipt, ReceiptState};
use uuid::Uuid;

/// Buries a command of this sale, sealed with the worker's key; gives the letter's id.
async fn dead(world: &World, sale: &Terms, body: CommandBody) -> Uuid {
    let log = Arc::new(MemoryLog::new());
    let door = Producer::embedded(log.clone(), sealer(&[0]));
    let (order, payment) = (sale.order(), sale.payment());
    let command = Command {
        id: Uuid::from_u128(9),
        order,
        payment,
        produced_at: sale.accepted_at,
        traceparent: None,
        body,
    };
    door.produce(&command).await.unwrap();
    let partition = bus::partition_of(order);
    let (offset, record) = log.read(partition, 0, 1).await.unwrap().remove(0);
    let dead = DeadLetter {
        letter: Letter::new((partition, offset), Some(order), Some(payment), record),
        reason: "an event of its order can't be read".to_owned(),
        at: world.now(),
    };
    world.journal.shelf().bury(&dead).await.unwrap();
    dead.letter.id
}

fn replay(world: &World, letter: Uuid) -> bool {
    world.journal.shelf().replay(letter, world.now())
}

#[tokio::test(start_paused = true)]
async fn a_pay_that_is_replayed_after_its_time_is_never_sent() {
    let world = World::new();
    let _bus = Bus::of(&world);
    let sale = world.terms("O-1", "R-1");
    let letter = dead(&world, &sale, pay(&sale)).await;
    world.pass_s(20).await;
    assert!(replay(&world, letter));
    world.pass_s(3).await;
    assert_eq!(world.alipay.calls(Api::Pay), 0);
    assert_eq!(world.told(&sale), (Status::Failed, Outcome::NotPaid));
    let never = Some(Proof::NeverSent(NeverSent::TooLate));
    assert_eq!(world.proof(&sale), never);
    assert_eq!(world.journal.shelf().dead(), Vec::new());
}

#[tokio::test(start_paused = true)]
async fn case_x15_a_pay_whose_merchant_was_told_to_ask_again_is_never_sent_by_a_replay() {
    let world = World::new();
    let _bus = Bus::of(&world);
    let sale = world.terms("O-1", "R-1");
    world.journal.put_receipt(Receipt {
        terms: sale.clone(),
        digest: "d".to_owned(),
        state: ReceiptState::Refused,
    });
    let letter = dead(&world, &sale, pay(&sale)).await;
    assert!(replay(&world, letter));
    world.pass_s(3).await;
    assert_eq!(world.alipay.calls(Api::Pay), 0);
    let receipt = world.journal.receipt(sale.payment()).await.unwrap();
    assert_eq!(receipt.unwrap().state, ReceiptState::Refused);
}

#[tokio::test(start_paused = true)]
async fn a_pay_that_is_replayed_in_time_is_sent_once_however_often_it_is_replayed() {
    let world = World::new();
    let _bus = Bus::of(&world);
    let sale = world.terms("O-1", "R-1");
    let letter = dead(&world, &sale, pay(&sale)).await;
    world.pass_s(1).await;
    assert!(replay(&world, letter));
    assert!(!replay(&world, letter), "it is among the parked by now");
    world.pass_s(2).await;
    assert_eq!(world.ask_at_the_door(&sale).outcome, Outcome::Paid);
    let letter = dead(&world, &sale, pay(&sale)).await;
    assert!(replay(&world, letter));
    world.pass_s(2).await;
    assert_eq!(world.alipay.calls(Api::Pay), 1);
    assert_eq!(world.told(&sale), (Status::Paid, Outcome::Paid));
}

#[tokio::test(start_paused = true)]
async fn a_cancel_that_is_replayed_gives_the_charge_back() {
    let world = World::new();
    let bus = Bus::of(&world);
    let sale = world.terms("O-1", "R-1");
    bus.give(&sale, pay(&sale)).await;
    world.pass_s(1).await;
    assert_eq!(world.ask_at_the_door(&sale).outcome, Outcome::Paid);
    let letter = dead(&world, &sale, CommandBody::Cancel).await;
    world.pass_s(60).await;
    assert!(replay(&world, letter));
    world.pass_s(3).await;
    assert_eq!(world.alipay.calls(Api::Cancel), 1);
    assert_eq!(world.told(&sale), (Status::Reversed, Outcome::NotPaid));
}

#[tokio::test(start_paused = true)]
async fn what_still_cant_be_carried_out_is_dead_again_and_is_found_under_the_same_name() {
    let world = World::new();
    let _bus = Bus::of(&world);
    let record = br#"{"version":1,"body":{"kind":"p"#.to_vec();
    let dead = DeadLetter {
        letter: Letter::new((3, 17), None, None, record),
        reason: "it ends too soon".to_owned(),
        at: world.now(),
    };
    world.journal.shelf().bury(&dead).await.unwrap();
    assert!(replay(&world, dead.letter.id));
    world.pass_s(2).await;
    let again = world.journal.shelf().dead();
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].letter, dead.letter);
    assert_eq!(world.journal.shelf().parked(0, 10).await.unwrap(), []);
    assert_eq!(world.alipay.calls(Api::Pay), 0);
}
