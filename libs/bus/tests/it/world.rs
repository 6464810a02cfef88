//! Orders, commands, keys and logs for the tests.

use bus::{
    Command, CommandBody, CommandLog, Consumer, ConsumerOptions, Delivery, Error, MemoryLog,
    PARTITIONS, Payload, Producer, Sealer, SealingKey, partition_of,
};
use payment::{
    Currency, MerchantId, Money, OrderNumber, PaymentCode, Policy, PolicyNumbers, Reference,
    TerminalId, Terms, Timestamp, mint_payment_request_id,
};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

pub(crate) const CODE: &str = "281234567890123456";

/// Long enough for a busy machine; only reached when a test fails.
pub(crate) const SOON: Duration = Duration::from_secs(20);

pub(crate) fn key(seed: u8) -> SealingKey {
    let mut bytes = [seed; 32];
    bytes[0] = seed.wrapping_add(1);
    SealingKey::from_bytes(&bytes).unwrap()
}

pub(crate) fn sealer() -> Sealer {
    Sealer::new(key(1), Vec::new())
}

pub(crate) fn options(in_flight_per_partition_max: usize) -> ConsumerOptions {
    ConsumerOptions {
        in_flight_per_partition_max,
        reread_ms: 20,
    }
}

pub(crate) fn producer(log: &MemoryLog) -> Producer {
    Producer::embedded(Arc::new(log.clone()), sealer())
}

pub(crate) fn consumer(log: &MemoryLog, producer: &Producer, in_flight_max: usize) -> Consumer {
    let log: Arc<dyn CommandLog> = Arc::new(log.clone());
    let options = options(in_flight_max);
    Consumer::embedded(log, sealer(), &producer.doorbell(), options)
}

fn terms(number: u32) -> Terms {
    let terminal = TerminalId::parse("till-7").unwrap();
    let amount = Money::new(1988, Currency::parse("CNY").unwrap()).unwrap();
    let at = Timestamp::from_ms(1_700_000_000_000);
    let sequence = u64::from(number);
    Terms {
        merchant: MerchantId::parse("m-1").unwrap(),
        order_number: OrderNumber::parse(&format!("O-{number}")).unwrap(),
        reference: Reference::parse(&format!("R-{number}")).unwrap(),
        payment_request_id: mint_payment_request_id(at, &terminal, amount, sequence, 7),
        terminal,
        amount,
        description: "Tea, two cups".to_owned(),
        accepted_at: at,
        policy: Policy::new(PolicyNumbers::standard()).unwrap(),
    }
}

fn command(number: u32, id: u128, body: impl FnOnce(Terms) -> CommandBody) -> Command {
    let terms = terms(number);
    Command {
        id: Uuid::from_u128(id),
        order: terms.order(),
        payment: terms.payment(),
        produced_at: Timestamp::from_ms(1_700_000_000_250),
        traceparent: None,
        body: body(terms),
    }
}

pub(crate) fn pay(number: u32, id: u128) -> Command {
    command(number, id, |terms| CommandBody::Pay {
        terms: Box::new(terms),
        code: PaymentCode::unsealed(CODE.to_owned()),
    })
}

pub(crate) fn cancel(number: u32, id: u128) -> Command {
    command(number, id, |_| CommandBody::Cancel)
}

/// The number of an order in this partition; another for every `nth`.
pub(crate) fn order_in(partition: u16, nth: usize) -> u32 {
    assert!(partition < PARTITIONS);
    (0..u32::MAX)
        .filter(|number| partition_of(cancel(*number, 0).order) == partition)
        .nth(nth)
        .unwrap()
}

pub(crate) async fn next(consumer: &Consumer) -> Result<Delivery, Error> {
    let waited = tokio::time::timeout(SOON, consumer.next()).await;
    waited.expect("a delivery in time")
}

/// The next delivery, which must be a command; with its id.
pub(crate) async fn next_command(consumer: &Consumer) -> (u128, Delivery) {
    let delivery = next(consumer).await.unwrap();
    let Payload::Command(command) = &delivery.payload else {
        panic!("not a command: {delivery:?}");
    };
    (command.id.as_u128(), delivery)
}

/// Whether nothing is delivered for a while in which the log is re-read several times.
pub(crate) async fn is_quiet(consumer: &Consumer) -> bool {
    let patience = Duration::from_millis(80);
    tokio::time::timeout(patience, consumer.next())
        .await
        .is_err()
}
