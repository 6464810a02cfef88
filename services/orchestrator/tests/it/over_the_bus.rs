//! From a door's producer to the order: a command is done once its effect is written down. What
//! commands of each kind lead to is in `commands` and in the core's own tests.

use crate::alipay_side::{Api, approval};
use crate::world::World;
use bus::{
    Command, CommandBody, CommandLog, Consumer, ConsumerOptions, MemoryLog, Producer, Sealer,
    SealingKey,
};
use orchestrator::Journal;
use payment::{CodeFormat, Notice, NoticeResult, Outcome, PaymentCode, Terms};
use std::sync::Arc;
use store::{Receipt, ReceiptState};

/// A bus whose commands this world's worker takes in.
pub(crate) struct Bus {
    log: Arc<MemoryLog>,
    door: Producer,
}

impl Bus {
    pub(crate) fn of(world: &World) -> Self {
        Self::with_keys(world, &sealer(&[0]), &sealer(&[0]))
    }

    /// A door that seals with one's keys, and a worker that opens with the other's.
    pub(crate) fn with_keys(world: &World, door: &Sealer, worker: &Sealer) -> Self {
        let log = Arc::new(MemoryLog::new());
        let door = Producer::embedded(log.clone(), door.clone());
        let options = ConsumerOptions::standard();
        let consumer = Consumer::embedded(log.clone(), worker.clone(), &door.doorbell(), options);
        let consumer = Arc::new(consumer);
        let driver = world.driver.clone();
        tokio::spawn(orchestrator::take_commands(
            driver.clone(),
            Arc::clone(&consumer),
        ));
        let check = world.health.register("orchestrator.history");
        let process = uuid::Uuid::from_u128(1);
        let trying = orchestrator::try_parked(driver, Arc::clone(&consumer), check, process);
        tokio::spawn(trying);
        Self { log, door }
    }

    pub(crate) async fn give(&self, sale: &Terms, body: CommandBody) {
        let command = Command {
            id: uuid::Uuid::from_u128(7),
            order: sale.order(),
            payment: sale.payment(),
            produced_at: sale.accepted_at,
            traceparent: None,
            body,
        };
        self.door.produce(&command).await.unwrap();
    }

    /// How many commands of this sale's partition are done with.
    pub(crate) async fn done(&self, sale: &Terms) -> i64 {
        let partition = bus::partition_of(sale.order());
        self.log.committed(partition).await.unwrap()
    }
}

/// Seals with the first of these keys and opens with all.
pub(crate) fn sealer(keys: &[u8]) -> Sealer {
    let key = |number: &u8| {
        let bytes: [u8; 32] =
            std::array::from_fn(|place| number.wrapping_add(u8::try_from(place).unwrap()));
        SealingKey::from_bytes(&bytes).unwrap()
    };
    let mut keys = keys.iter().map(key);
    Sealer::new(keys.next().unwrap(), keys.collect())
}

pub(crate) fn pay(sale: &Terms) -> CommandBody {
    let code = PaymentCode::parse("281012020262467128", &CodeFormat::standard());
    CommandBody::Pay {
        terms: Box::new(sale.clone()),
        code: code.unwrap(),
    }
}

#[tokio::test(start_paused = true)]
async fn rule_i1_a_notification_over_the_bus_is_taken_in_as_evidence_and_then_done() {
    let world = World::new();
    world.alipay.customers_type_pins();
    let bus = Bus::of(&world);
    let sale = world.terms("O-1", "R-1");
    bus.give(&sale, pay(&sale)).await;
    world.pass_s(1).await;
    assert_eq!(world.ask_at_the_door(&sale).outcome, Outcome::Pending);
    let before = bus.done(&sale).await;
    let result = NoticeResult::Paid(approval(sale.amount));
    bus.give(&sale, CommandBody::Notice(Notice { result }))
        .await;
    world.pass_s(1).await;
    assert_eq!(world.ask_at_the_door(&sale).outcome, Outcome::Paid);
    assert_eq!(bus.done(&sale).await, before + 1);
}

#[tokio::test(start_paused = true)]
async fn a_command_that_the_order_refuses_is_done_and_the_next_one_is_taken_in() {
    let world = World::new();
    let bus = Bus::of(&world);
    let sale = world.terms("O-1", "R-1");
    let result = NoticeResult::Paid(approval(sale.amount));
    bus.give(&sale, CommandBody::Notice(Notice { result }))
        .await;
    bus.give(&sale, pay(&sale)).await;
    world.pass_s(1).await;
    assert_eq!(world.ask_at_the_door(&sale).outcome, Outcome::Paid);
    bus.give(&sale, CommandBody::Cancel).await;
    world.pass_s(1).await;
    assert_eq!(world.ask_at_the_door(&sale).outcome, Outcome::NotPaid);
    let partition = bus::partition_of(sale.order());
    assert!(bus.log.dead_letters(partition).is_empty());
}

#[tokio::test(start_paused = true)]
async fn rule_d1_a_command_under_another_payments_request_id_is_dead_and_its_request_refused() {
    let world = World::new();
    let bus = Bus::of(&world);
    let first = world.terms("O-1", "R-1");
    let second = Terms {
        payment_request_id: first.payment_request_id.clone(),
        ..world.terms("O-2", "R-2")
    };
    world.journal.put_receipt(Receipt {
        terms: second.clone(),
        digest: "d".to_owned(),
        state: ReceiptState::Pending,
    });
    bus.give(&first, pay(&first)).await;
    world.pass_s(1).await;
    bus.give(&second, pay(&second)).await;
    world.pass_s(1).await;
    let partition = bus::partition_of(second.order());
    assert_eq!(bus.log.dead_letters(partition).len(), 1);
    let receipt = world.journal.receipt(second.payment()).await.unwrap();
    assert_eq!(receipt.unwrap().state, ReceiptState::Refused);
    assert_eq!(world.alipay.calls(Api::Pay), 1);
}
