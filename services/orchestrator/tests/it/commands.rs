//! What comes over the bus, and what does not come.

use crate::alipay_side::{Api, Reaction};
use crate::world::World;
use bus::{
    Command, CommandBody, CommandLog, Consumer, ConsumerOptions, MemoryLog, Producer, Sealer,
    SealingKey,
};
use payment::{Input, NeverSent, Outcome, Proof, Refusal, Status};
use std::sync::Arc;
use std::time::Duration;
use store::{Receipt, ReceiptState};

pub(crate) fn pending(terms: &payment::Terms) -> Receipt {
    Receipt {
        terms: terms.clone(),
        digest: "d".to_owned(),
        state: ReceiptState::Pending,
    }
}

#[tokio::test(start_paused = true)]
async fn case_x14_a_command_older_than_the_last_begin_instant_is_told_not_paid_and_never_sent() {
    let world = World::new();
    let sale = world.terms("O-1", "R-1");
    world.pass(Duration::from_millis(5_001)).await;
    world.pay(&sale).await;
    world.pass_s(60).await;
    assert_eq!(world.told(&sale), (Status::Failed, Outcome::NotPaid));
    assert_eq!(
        world.proof(&sale),
        Some(Proof::NeverSent(NeverSent::TooLate))
    );
    assert_eq!(world.alipay.calls(Api::Pay), 0);
}

#[tokio::test(start_paused = true)]
async fn case_x16_a_request_whose_command_never_came_is_ended_unsent_by_the_sweep() {
    let world = World::new();
    let sale = world.terms("O-1", "R-1");
    world.journal.put_receipt(pending(&sale));
    world.pass_s(15).await;
    assert_eq!(world.told(&sale), (Status::Failed, Outcome::NotPaid));
    assert_eq!(
        world.proof(&sale),
        Some(Proof::NeverSent(NeverSent::Abandoned))
    );
    world.pay(&sale).await;
    world.pass_s(1).await;
    assert_eq!(world.alipay.calls(Api::Pay), 0);
}

#[tokio::test(start_paused = true)]
async fn case_x15_a_command_whose_request_was_refused_is_dropped_before_anything_is_sent() {
    let world = World::new();
    let sale = world.terms("O-1", "R-1");
    let refused = Receipt {
        state: ReceiptState::Refused,
        ..pending(&sale)
    };
    world.journal.put_receipt(refused);
    let code = payment::PaymentCode::parse("281012020262467128", &payment::CodeFormat::standard())
        .unwrap();
    let error = world.driver.pay(sale.clone(), code).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the request was refused before its command came"
    );
    world.pass_s(60).await;
    assert_eq!(world.alipay.calls(Api::Pay), 0);
    assert!(world.events(&sale).is_empty());
}

#[tokio::test(start_paused = true)]
async fn case_x17_the_same_command_delivered_ten_times_pays_once() {
    let world = World::new();
    let sale = world.terms("O-1", "R-1");
    let tills = (0..10).map(|_| world.pay(&sale));
    futures_util::future::join_all(tills).await;
    world.pass_s(10).await;
    assert_eq!(world.ask_at_the_door(&sale).outcome, Outcome::Paid);
    assert_eq!(
        (
            world.alipay.calls(Api::Pay),
            world.alipay.customers_charged()
        ),
        (1, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn case_x19_of_two_tills_on_one_order_one_pays_and_the_other_sends_nothing() {
    let world = World::new();
    let (first, second) = (world.terms("O-1", "R-1"), world.terms("O-1", "R-2"));
    world.journal.put_receipt(pending(&first));
    world.journal.put_receipt(pending(&second));
    tokio::join!(world.pay(&first), world.pay(&second));
    world.pass_s(5).await;
    assert_eq!(
        (
            world.alipay.calls(Api::Pay),
            world.alipay.customers_charged()
        ),
        (1, 1)
    );
    let mut states = Vec::new();
    for sale in [&first, &second] {
        states.push(world.journal.state_of(sale.payment()));
    }
    let declined = ReceiptState::Declined(Refusal::OrderHasOpenPayment);
    assert!(states.contains(&ReceiptState::Accepted) && states.contains(&declined));
    let history = world.journal.events(first.order());
    let accepted = history.iter().map(|event| event.payment).min();
    assert!(
        history.iter().all(|event| Some(event.payment) == accepted),
        "the order holds nothing of the other"
    );
}

#[tokio::test(start_paused = true)]
async fn case_x20_a_new_attempt_is_refused_while_the_last_ones_reversal_is_in_doubt() {
    let world = World::new();
    world.alipay.customers_type_pins();
    world.alipay.always(Api::Cancel, Reaction::NeverHears);
    let first = world.terms("O-1", "R-1");
    world.pay(&first).await;
    world.pass_s(45).await;
    let second = world.terms("O-1", "R-2");
    world.journal.put_receipt(pending(&second));
    world.pay(&second).await;
    world.pass_s(5).await;
    let declined = ReceiptState::Declined(Refusal::ReversalInProgress);
    assert_eq!(world.journal.state_of(second.payment()), declined);
    assert_eq!(world.alipay.calls(Api::Pay), 1);
}

#[tokio::test(start_paused = true)]
async fn rule_b2_a_cancel_that_comes_before_its_payment_is_kept_and_nothing_is_sent() {
    let world = World::new();
    let sale = world.terms("O-1", "R-1");
    let payment = sale.payment();
    world.take_in(sale.order(), Input::Cancel { payment }).await;
    world.pay(&sale).await;
    world.pass_s(60).await;
    assert_eq!(world.told(&sale), (Status::Cancelled, Outcome::NotPaid));
    assert_eq!(world.alipay.calls(Api::Pay), 0);
}

#[tokio::test(start_paused = true)]
async fn a_journal_that_is_away_for_a_while_loses_no_answer() {
    let world = World::new();
    let sale = world.terms("O-1", "R-1");
    world.pay(&sale).await;
    world.journal.set_away(true);
    world.pass_s(10).await;
    world.journal.set_away(false);
    world.pass_s(5).await;
    assert_eq!(world.ask_at_the_door(&sale).outcome, Outcome::Paid);
    assert_eq!(
        (
            world.alipay.calls(Api::Pay),
            world.alipay.customers_charged()
        ),
        (1, 1)
    );
}

/// A record as a door writes it, with one word of it changed.
async fn written(sealer: &Sealer, sale: &payment::Terms, from: &str, to: &str) -> Vec<u8> {
    let log = Arc::new(MemoryLog::new());
    let code = payment::PaymentCode::parse("281012020262467128", &payment::CodeFormat::standard());
    let command = Command {
        id: uuid::Uuid::from_u128(7),
        order: sale.order(),
        payment: sale.payment(),
        produced_at: sale.accepted_at,
        traceparent: None,
        body: CommandBody::Pay {
            terms: Box::new(sale.clone()),
            code: code.unwrap(),
        },
    };
    let producer = Producer::embedded(log.clone(), sealer.clone());
    producer.produce(&command).await.unwrap();
    let partition = bus::partition_of(sale.order());
    let records = log.read(partition, 0, 1).await.unwrap();
    let text = String::from_utf8(records[0].1.clone()).unwrap();
    assert!(text.contains(from), "{text}");
    text.replace(from, to).into_bytes()
}

#[tokio::test(start_paused = true)]
async fn case_x33_a_poison_command_is_accounted_for_told_and_blocks_nobody() {
    let world = World::new();
    let key: [u8; 32] = std::array::from_fn(|place| u8::try_from(place).unwrap());
    let sealer = Sealer::new(SealingKey::from_bytes(&key).unwrap(), Vec::new());
    let (poisoned, sound) = (world.terms("O-1", "R-1"), world.terms("O-1", "R-2"));
    world.journal.put_receipt(pending(&poisoned));
    let log = Arc::new(MemoryLog::new());
    let partition = bus::partition_of(poisoned.order());
    for record in [
        written(
            &sealer,
            &poisoned,
            "\"amount_minor\":1280",
            "\"amount_minor\":-5",
        )
        .await,
        written(&sealer, &sound, "\"kind\":\"pay\"", "\"kind\":\"pay\"").await,
    ] {
        let key = poisoned.order().as_uuid();
        log.put(partition, key, &record).await.unwrap();
    }
    let bell = Producer::embedded(log.clone(), sealer.clone()).doorbell();
    let options = ConsumerOptions::standard();
    let consumer = Consumer::embedded(log.clone(), sealer, &bell, options);
    let taking = orchestrator::take_commands(world.driver.clone(), Arc::new(consumer));
    tokio::spawn(taking);
    world.pass_s(3).await;
    assert_eq!(world.told(&poisoned), (Status::Failed, Outcome::NotPaid));
    let never = Some(Proof::NeverSent(NeverSent::Abandoned));
    assert_eq!(world.proof(&poisoned), never);
    assert_eq!(log.dead_letters(partition).len(), 1);
    assert_eq!(world.ask_at_the_door(&sound).outcome, Outcome::Paid);
    assert_eq!(world.alipay.calls(Api::Pay), 1);
}
