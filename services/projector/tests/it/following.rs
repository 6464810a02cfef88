//! Following the history.

use chassis::health::Health;
use payment::{
    Currency, Input, MerchantId, Money, OrderNumber, PaymentRequestId, Policy, PolicyNumbers,
    Reference, TerminalId, Terms, Timestamp,
};
use projector::{App, Config};
use std::path::Path;
use store::Store;
use tokio::sync::oneshot;

fn terms(number: u32) -> Terms {
    terms_of("corner-shop", number)
}

fn terms_of(merchant: &str, number: u32) -> Terms {
    Terms {
        merchant: MerchantId::parse(merchant).unwrap(),
        order_number: OrderNumber::parse(&format!("O-{number}")).unwrap(),
        reference: Reference::parse(&format!("R-{number}")).unwrap(),
        terminal: TerminalId::parse("till-1").unwrap(),
        payment_request_id: PaymentRequestId::parse(&format!("P-{merchant}-{number}")).unwrap(),
        amount: Money::new(1_280, Currency::parse("CNY").unwrap()).unwrap(),
        description: "Lunch".to_owned(),
        accepted_at: Timestamp::from_ms(1_795_406_400_000),
        policy: Policy::new(PolicyNumbers::standard()).unwrap(),
    }
}

async fn accept(store: &Store, number: u32) {
    accept_terms(store, terms(number)).await;
}

async fn accept_terms(store: &Store, terms: Terms) {
    let (order, at) = (terms.order(), terms.accepted_at);
    let input = Input::Pay(Box::new(terms));
    store::execute(store, order, input, at, 0).await.unwrap();
}

async fn opened(path: &Path) -> Store {
    Store::open(&path.join("store.sqlite3")).await.unwrap()
}

fn config() -> Config {
    Config {
        every_ms: 5,
        batch_events: 3,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_takes_in_everything_there_is_in_batches_and_whatever_comes_later() {
    let dir = tempfile::tempdir().unwrap();
    let store = opened(dir.path()).await;
    for number in 0..10 {
        accept(&store, number).await;
    }
    let health = Health::new();
    let app = App::build(&config(), store.clone(), &health);
    assert!(health.ready().is_err(), "not before it runs");
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(app.run(async move {
        let _asked = stopped.await;
    }));
    accept(&store, 10).await;
    let last = store.last_position().await.unwrap();
    while store.projection().cursor().await.unwrap() < last {
        tokio::task::yield_now().await;
    }
    assert_eq!(health.ready(), Ok(()));
    stop.send(()).unwrap();
    running.await.unwrap();
    let rebuilt = store.projection().rebuild(|_| {}).await.unwrap();
    assert!(rebuilt.agrees());
}

#[tokio::test(flavor = "multi_thread")]
async fn catching_up_twice_takes_nothing_in_twice() {
    let dir = tempfile::tempdir().unwrap();
    let store = opened(dir.path()).await;
    accept(&store, 1).await;
    let app = App::build(&config(), store.clone(), &Health::new());
    app.catch_up().await.unwrap();
    let cursor = store.projection().cursor().await.unwrap();
    app.catch_up().await.unwrap();
    assert_eq!(store.projection().cursor().await.unwrap(), cursor);
    assert_eq!(cursor, store.last_position().await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_merchants_event_of_a_later_release_stops_no_other_merchants_lists() {
    let dir = tempfile::tempdir().unwrap();
    let store = opened(dir.path()).await;
    accept(&store, 1).await;
    accept_terms(&store, terms_of("tea-house", 1)).await;
    let file = format!("sqlite://{}", dir.path().join("store.sqlite3").display());
    let other = sqlx::SqlitePool::connect(&file).await.unwrap();
    let newer = "UPDATE events SET schema_version = 2 WHERE position = 1";
    sqlx::query(newer).execute(&other).await.unwrap();
    let health = Health::new();
    let app = App::build(&config(), store.clone(), &health);
    app.catch_up().await.unwrap();
    let tea_house = MerchantId::parse("tea-house").unwrap();
    assert_eq!(store.feed(&tea_house, 0, 10).await.unwrap().len(), 1);
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(app.run(async move {
        let _asked = stopped.await;
    }));
    while health.degraded().is_empty() {
        tokio::task::yield_now().await;
    }
    let reason = &health.degraded()[0].reason;
    assert!(reason.contains("of 1 merchants stand still"), "{reason}");
    assert!(reason.contains("event at position 1"), "{reason}");
    assert_eq!(health.ready(), Ok(()));
    let corner_shop = MerchantId::parse("corner-shop").unwrap();
    assert_eq!(store.feed(&corner_shop, 0, 10).await.unwrap(), []);
    let read = "UPDATE events SET schema_version = 1 WHERE position = 1";
    sqlx::query(read).execute(&other).await.unwrap();
    while !health.degraded().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(store.feed(&corner_shop, 0, 10).await.unwrap().len(), 1);
    stop.send(()).unwrap();
    running.await.unwrap();
    assert!(store.projection().rebuild(|_| {}).await.unwrap().agrees());
}
