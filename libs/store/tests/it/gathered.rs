//! Appends that share a transaction on PostgreSQL: each gets its own verdict, and none suffers for
//! another.

use crate::database::{Database, on_postgres};
use crate::gate::Gate;
use crate::world::{at, pay, receipt, terms};
use payment::{Event, Fact, Input, Order, OrderId, Terms, decide, evolve};
use std::collections::HashSet;
use std::time::Duration;
use store::{Append, Error, ReceiptState, Store};
use tokio::task::JoinHandle;

/// One writer, so that what comes while it is held up waits together.
async fn with_one_writer(database: &Database) -> Store {
    let mut options = database.options();
    options.writers = 1;
    Store::connect(&options).await.unwrap()
}

/// What an append is made of, owned.
#[derive(Clone)]
struct Made {
    order: OrderId,
    expected_version: u64,
    events: Vec<Event>,
    after: Order,
}

/// The first append of a sale.
fn begun(sale: &Terms) -> Made {
    let events = decide(&Order::default(), Input::Pay(Box::new(sale.clone())), at(1)).unwrap();
    Made {
        order: sale.order(),
        expected_version: 0,
        after: events.iter().fold(Order::default(), evolve),
        events,
    }
}

fn spawn(store: &Store, made: Made) -> JoinHandle<Result<(), Error>> {
    let store = store.clone();
    tokio::spawn(async move {
        let append = Append {
            order: made.order,
            expected_version: made.expected_version,
            events: &made.events,
            after: &made.after,
            wake_at: Some(at(5)),
            partition: 7,
        };
        store.append(append).await
    })
}

/// Holds the writer up with one append, until the gate is opened.
async fn hold_up(database: &Database, store: &Store) -> (Gate, JoinHandle<Result<(), Error>>) {
    let first = terms("O-first", "R-first");
    let gate = Gate::before_the_events_of(database, first.order()).await;
    let held = spawn(store, begun(&first));
    gate.reached().await;
    (gate, held)
}

/// What is in the way of one of the gathered appends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Against {
    /// It was decided on a version that is not there.
    Version,
    /// Its receipt was refused.
    Receipt,
    /// Its `paymentRequestId` is another payment's.
    RequestId,
    Nothing,
}

/// 64 sales with their receipts, and what is in the way of each.
async fn sales_of_all_kinds(store: &Store) -> Vec<(Against, Terms, Made)> {
    let known = terms("O-known", "R-known");
    pay(store, &known).await;
    let kinds = [
        Against::Version,
        Against::Receipt,
        Against::RequestId,
        Against::Nothing,
    ];
    let mut sales = Vec::new();
    for (number, against) in kinds.into_iter().cycle().take(64).enumerate() {
        let sale = terms(&format!("O-{number}"), &format!("R-{number}"));
        receipt(store, &sale, "d").await;
        let mut made = begun(&sale);
        match against {
            Against::Version => made.expected_version = 1,
            Against::Receipt => {
                store.refuse_receipt(sale.payment()).await.unwrap();
            }
            Against::RequestId => {
                let mut thief = sale.clone();
                thief.payment_request_id = known.payment_request_id.clone();
                made = begun(&thief);
            }
            Against::Nothing => {}
        }
        sales.push((against, sale, made));
    }
    sales
}

/// The transactions that wrote this sale: one, or none. All else must agree with that.
async fn transaction_of(store: &Store, against: Against, sale: &Terms) -> Option<i64> {
    let payment = sale.payment();
    let history = store.history(sale.order(), payment, 0).await.unwrap();
    let state = store.receipt(payment).await.unwrap().unwrap().state;
    let located = store.locate(&sale.payment_request_id).await.unwrap();
    let view = store.payment(&sale.merchant, payment).await.unwrap();
    let (events, expected) = match against {
        Against::Nothing => (2, ReceiptState::Accepted),
        Against::Receipt => (0, ReceiptState::Refused),
        Against::Version | Against::RequestId => (0, ReceiptState::Pending),
    };
    assert_eq!((history.len(), state), (events, expected), "{against:?}");
    let there = events > 0;
    assert_eq!((located.is_some(), view.is_some()), (there, there));
    history.first().map(|recorded| recorded.position / 4_096)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_64_gathered_appends_each_gets_its_own_verdict_and_the_failed_leave_nothing() {
    on_postgres(async |database| {
        let store = with_one_writer(&database).await;
        let sales = sales_of_all_kinds(&store).await;
        let (gate, held) = hold_up(&database, &store).await;
        let waiting: Vec<_> = sales
            .iter()
            .map(|(_, _, made)| spawn(&store, made.clone()))
            .collect();
        // All of them stand in line before the writer is free.
        tokio::time::sleep(Duration::from_millis(200)).await;
        gate.open().await;
        held.await.unwrap().unwrap();
        let mut transactions = HashSet::new();
        for ((against, sale, _), one) in sales.iter().zip(waiting) {
            let verdict = one.await.unwrap();
            let expected = match against {
                Against::Version => matches!(verdict, Err(Error::Conflict)),
                Against::Receipt => matches!(verdict, Err(Error::ReceiptRefused)),
                Against::RequestId => matches!(verdict, Err(Error::RequestIdTaken)),
                Against::Nothing => verdict.is_ok(),
            };
            assert!(expected, "{against:?}: {verdict:?}");
            transactions.extend(transaction_of(&store, *against, sale).await);
        }
        assert_eq!(transactions.len(), 1, "those that went well went together");
        let waking = store.wake_ups_before(at(5), 100).await.unwrap();
        assert_eq!(waking.len(), 1 + 16, "the one that was held up, and these");
        let mut connection = database.connection().await;
        let heads: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM orders")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(heads, 2 + 16, "the failed left no head");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_d1_of_two_gathered_payments_with_one_request_id_exactly_one_begins() {
    on_postgres(async |database| {
        let store = with_one_writer(&database).await;
        let (gate, held) = hold_up(&database, &store).await;
        let waiting: Vec<_> = (0..8)
            .map(|n| {
                let mut sale = terms(&format!("O-{n}"), &format!("R-{n}"));
                sale.payment_request_id = terms("O", "one").payment_request_id;
                spawn(&store, begun(&sale))
            })
            .collect();
        gate.open().await;
        held.await.unwrap().unwrap();
        let mut began = 0;
        for one in waiting {
            match one.await.unwrap() {
                Ok(()) => began += 1,
                Err(error) => assert!(matches!(error, Error::RequestIdTaken), "{error}"),
            }
        }
        assert_eq!(began, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_append_that_its_caller_no_longer_waits_for_is_made_wholly() {
    on_postgres(async |database| {
        let store = with_one_writer(&database).await;
        let (gate, held) = hold_up(&database, &store).await;
        let left = terms("O-left", "R-left");
        let waiting = spawn(&store, begun(&left));
        tokio::task::yield_now().await;
        // One is in its transaction, the other in the line.
        held.abort();
        waiting.abort();
        drop((held.await, waiting.await));
        gate.open().await;
        pay(&store, &terms("O-next", "R-next")).await;
        let first = terms("O-first", "R-first");
        assert_eq!(store.load(first.order()).await.unwrap().version, 2);
        assert_eq!(
            store
                .locate(&first.payment_request_id)
                .await
                .unwrap()
                .map(|l| l.order),
            Some(first.order())
        );
        let version = store.load(left.order()).await.unwrap().version;
        assert!(version == 0 || version == 2, "{version}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_append_that_the_server_refuses_takes_no_other_with_it() {
    on_postgres(async |database| {
        let store = with_one_writer(&database).await;
        let broken = terms("O-broken", "R-broken");
        let before = pay(&store, &broken).await;
        // A head that disagrees with its history: the next event's version is taken.
        let mut connection = database.connection().await;
        sqlx::query("UPDATE orders SET version = 1")
            .execute(&mut connection)
            .await
            .unwrap();
        let events = vec![Event {
            payment: broken.payment(),
            at: at(2),
            fact: Fact::CancelRequested,
        }];
        let poison = Made {
            order: broken.order(),
            expected_version: 1,
            after: events.iter().fold(before.order, evolve),
            events,
        };
        let (gate, held) = hold_up(&database, &store).await;
        let good = [terms("O-1", "R-1"), terms("O-2", "R-2")];
        let poisoned = spawn(&store, poison);
        let waiting = good.each_ref().map(|sale| spawn(&store, begun(sale)));
        tokio::time::sleep(Duration::from_millis(50)).await;
        gate.open().await;
        held.await.unwrap().unwrap();
        let verdict = poisoned.await.unwrap();
        assert!(matches!(verdict, Err(Error::Unavailable(_))), "{verdict:?}");
        for one in waiting {
            one.await.unwrap().unwrap();
        }
    })
    .await;
}
