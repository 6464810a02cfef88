//! Several processes on one PostgreSQL.

use crate::database::on_postgres;
use crate::world::{at, pay, receipt, sell, terms};
use payment::{Event, Fact, TerminalId, Terms, evolve};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use store::{Append, Error, NewReceipt, Store, Taken};

const ORDERS: usize = 50;
const APPENDS: u32 = 2_000;

/// Appends one event onto the order, on whatever version it has by then.
async fn add(store: &Store, sale: &Terms) {
    loop {
        let before = store.load(sale.order()).await.unwrap();
        let events = [Event {
            payment: sale.payment(),
            at: at(9),
            fact: Fact::CancelKept,
        }];
        let expected_version = before.version;
        let after = events.iter().fold(before, evolve);
        let append = Append {
            order: sale.order(),
            expected_version,
            events: &events,
            after: &after,
            wake_at: None,
            partition: 0,
        };
        match store.append(append).await {
            Ok(()) => return,
            Err(error) => assert!(matches!(error, Error::Conflict), "{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_that_append_to_the_same_orders_neither_deadlock_nor_leave_a_gap() {
    on_postgres(async |database| {
        let stores = [database.store().await, database.store().await];
        let sales: Arc<Vec<Terms>> = Arc::new(
            (0..ORDERS)
                .map(|n| terms(&format!("O-{n}"), &format!("R-{n}")))
                .collect(),
        );
        let left = Arc::new(AtomicU32::new(APPENDS));
        let working = (0..64_usize).map(|worker| {
            let store = stores[worker % 2].clone();
            let (sales, left) = (Arc::clone(&sales), Arc::clone(&left));
            tokio::spawn(async move {
                let mut step = worker;
                while left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1))
                    .is_ok()
                {
                    step += 17;
                    add(&store, &sales[step % ORDERS]).await;
                }
            })
        });
        for one in working.collect::<Vec<_>>() {
            one.await.unwrap();
        }
        let mut sum = 0;
        for sale in sales.iter() {
            // Loading fails where a version is missing.
            sum += stores[0].load(sale.order()).await.unwrap().version;
        }
        assert_eq!(sum, u64::from(APPENDS));
        let mut connection = database.connection().await;
        let deadlocks: i64 = sqlx::query_scalar(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()",
        )
        .fetch_one(&mut connection)
        .await
        .unwrap();
        assert_eq!(deadlocks, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_x17_a_key_that_two_processes_take_at_once_from_two_terminals_is_new_once() {
    on_postgres(async |database| {
        let stores = [database.store().await, database.store().await];
        let taking = (0..16_usize).map(|n| {
            let store = stores[n % 2].clone();
            tokio::spawn(async move {
                let sale = terms("O-1", "R-1");
                let new = NewReceipt {
                    merchant: sale.merchant.clone(),
                    reference: sale.reference.clone(),
                    terminal: TerminalId::parse(&format!("till-{n}")).unwrap(),
                    digest: "d".to_owned(),
                    make_terms: move |_sequence| sale,
                };
                store.take_receipt(new).await.unwrap()
            })
        });
        let mut new = 0;
        for one in taking.collect::<Vec<_>>() {
            if let Taken::New(_) = one.await.unwrap() {
                new += 1;
            }
        }
        assert_eq!(new, 1);
        let mut connection = database.connection().await;
        let moved: i64 = sqlx::query_scalar("SELECT SUM(last)::bigint FROM terminal_sequences")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(moved, 1, "no other terminal's sequence moved");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_x15_a_refusal_and_an_append_at_once_agree_on_who_was_first() {
    on_postgres(async |database| {
        let stores = [database.store().await, database.store().await];
        for number in 0..20 {
            let sale = terms(&format!("O-{number}"), &format!("R-{number}"));
            receipt(&stores[0], &sale, "d").await;
            let (payment, order) = (sale.payment(), sale.order());
            let input = payment::Input::Pay(Box::new(sale));
            let (refused, appended) = tokio::join!(
                stores[0].refuse_receipt(payment),
                store::execute(&stores[1], order, input, at(1), 0),
            );
            let refused = refused.unwrap() == store::ReceiptState::Refused;
            assert_ne!(refused, appended.is_ok(), "{number}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_processes_share_the_databases_clock() {
    on_postgres(async |database| {
        let stores = [database.store().await, database.store().await];
        let first = stores[0].shared_clock().await.unwrap().unwrap();
        let second = stores[1].shared_clock().await.unwrap().unwrap();
        assert!(first <= second && first > at(-86_400_000 * 365 * 50));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_rebuild_at_the_same_time_is_refused_and_the_first_goes_on() {
    on_postgres(async |database| {
        let stores = [database.store().await, database.store().await];
        sell(&stores[0], &terms("O-1", "R-1")).await;
        crate::projection::catch_up(&stores[0]).await;
        let (projection, other) = (stores[0].projection(), stores[1].projection());
        let mut second = None;
        let rebuilt = projection.rebuild(|_| {
            if second.is_none() {
                let other = other.clone();
                let runtime = tokio::runtime::Handle::current();
                second = Some(tokio::task::block_in_place(|| {
                    runtime.block_on(other.rebuild(|_| {}))
                }));
            }
        });
        assert!(rebuilt.await.unwrap().agrees());
        assert!(matches!(second, Some(Err(Error::Conflict))));
        assert!(other.rebuild(|_| {}).await.unwrap().agrees());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_the_server_ends_are_replaced() {
    on_postgres(async |database| {
        let store = database.store().await;
        pay(&store, &terms("O-1", "R-1")).await;
        let mut connection = database.connection().await;
        sqlx::query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .execute(&mut connection)
        .await
        .unwrap();
        // What meets an ended connection learns that it may or may not have been done.
        let sale = terms("O-2", "R-2");
        let mut unavailable = 0;
        loop {
            let input = payment::Input::Pay(Box::new(sale.clone()));
            match store::execute(&store, sale.order(), input, at(1), 0).await {
                Ok(_) => break,
                Err(store::ExecuteError::Store(Error::Unavailable(_))) => unavailable += 1,
                Err(error) => panic!("{error}"),
            }
            assert!(unavailable < 20, "it does not come back");
        }
        assert_eq!(store.load(sale.order()).await.unwrap().version, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_takes_too_long_is_unavailable_and_not_waited_for() {
    on_postgres(async |database| {
        let mut options = database.options();
        options.statement_timeout_ms = 300;
        let store = Store::connect(&options).await.unwrap();
        let sale = terms("O-1", "R-1");
        let mut connection = database.connection().await;
        let mut tx = sqlx::Connection::begin(&mut connection).await.unwrap();
        sqlx::query("LOCK TABLE events, payments IN ACCESS EXCLUSIVE MODE")
            .execute(&mut *tx)
            .await
            .unwrap();
        let read = store.payment(&sale.merchant, sale.payment()).await;
        assert!(matches!(read, Err(Error::Unavailable(_))), "{read:?}");
        let input = payment::Input::Pay(Box::new(sale.clone()));
        let loaded = store::execute(&store, sale.order(), input, at(1), 0).await;
        assert!(loaded.is_err());
        tx.rollback().await.unwrap();
        pay(&store, &sale).await;
    })
    .await;
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error_and_its_password_is_not_told() {
    let url = "postgres://tidegate:hush-hush@127.0.0.1:1/tidegate".to_owned();
    let mut options = store::PostgresOptions::standard(url.into());
    assert!(!format!("{options:?}").contains("hush"));
    let error = Store::connect(&options).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable(_)));
    assert!(!error.to_string().contains("hush"), "{error}");
    options.url_file = Some("address".into());
    options.writers = 0;
    let told: Vec<String> = options.faults().iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(!told.concat().contains("hush"), "{told:?}");
}
