//! A history that came from another server, by a dump or by logical replication. Positions come from
//! transaction ids, and a younger server's are lower.

use crate::cluster::Cluster;
use crate::database::{Database, on_postgres};
use crate::projection::catch_up;
use crate::world::{all_events, at, merchant, pay, sell, take_in, terms};
use payment::{Input, Terms};
use sqlx::PgConnection;
use std::io::Write;
use store::{Error, ExecuteError, Store};

/// Further than any server of a test gets by itself.
const AHEAD_BY: &str = "UPDATE events SET position = position + 4096 * 1000000000000";

/// More than a store has connections.
const TRIES: u32 = 16;

/// Uses up transaction ids, so that a server that was just made is behind.
async fn age(connection: &mut PgConnection) {
    let loops = "DO $$ BEGIN FOR n IN 1..3000 LOOP
         PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$";
    sqlx::raw_sql(loops).execute(connection).await.unwrap();
}

async fn try_to_pay(store: &Store, sale: &Terms) -> Result<(), Error> {
    let input = Input::Pay(Box::new(sale.clone()));
    match store::execute(store, sale.order(), input, at(1), 0).await {
        Ok(_) => Ok(()),
        Err(ExecuteError::Store(error)) => Err(error),
        Err(ExecuteError::Refused(refusal)) => panic!("{refusal}"),
    }
}

async fn told_to_adopt(database: &Database) {
    let refused = Store::connect(&database.options()).await;
    let told = refused.unwrap_err().to_string();
    assert!(told.contains("tidegate adopt"), "{told}");
}

/// What is sold now, by two processes at once, stands behind all that there was, for feed, totals
/// and whoever reads on from where it was.
async fn goes_on(database: &Database, sold_before: usize) {
    let (one, other) = (database.store().await, database.store().await);
    let before = all_events(&one).await;
    let last = before.last().unwrap().position;
    let selling = [one.clone(), other]
        .into_iter()
        .zip(0..)
        .map(|(store, door)| {
            tokio::spawn(async move {
                for number in 0..5 {
                    let name = format!("{door}-{number}");
                    let sale = terms(&format!("O-new-{name}"), &format!("R-new-{name}"));
                    sell(&store, &sale).await;
                }
            })
        });
    for sold in selling.collect::<Vec<_>>() {
        sold.await.unwrap();
    }
    let all = all_events(&one).await;
    assert_eq!(
        all[..before.len()],
        before,
        "nothing stands before what was there"
    );
    assert!(all[before.len()..].iter().all(|new| new.position > last));
    let behind = one.events_after(last, 1_000).await.unwrap();
    let behind = behind.iter().map(store::Met::position);
    assert!(behind.eq(all[before.len()..].iter().map(|new| new.position)));
    catch_up(&one).await;
    let day = "2026-11-23";
    let totals = one.totals(&merchant(), day, day).await.unwrap();
    assert_eq!(
        totals[0].paid_count,
        u64::try_from(sold_before + 10).unwrap()
    );
    assert_eq!(one.feed(&merchant(), last, 1_000).await.unwrap().len(), 20);
    assert!(one.projection().rebuild(|_| {}).await.unwrap().agrees());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_restored_into_a_younger_server_goes_on_once_it_is_adopted() {
    on_postgres(async |old| {
        let Some(young) = Cluster::new().await else {
            let mut told = std::io::stderr();
            writeln!(
                told,
                "SKIPPED, not passed: PostgreSQL's programs are not here"
            )
            .unwrap();
            return;
        };
        age(&mut old.connection().await).await;
        let store = old.store().await;
        for number in 0..3 {
            let sale = terms(&format!("O-{number}"), &format!("R-{number}"));
            sell(&store, &sale).await;
        }
        let open = terms("O-open", "R-open");
        pay(&store, &open).await;
        catch_up(&store).await;
        assert!(store.projection().rebuild(|_| {}).await.unwrap().agrees());
        young.restore(&old);
        let restored = young.database();
        told_to_adopt(&restored).await;
        let adopted = Store::adopt(&restored.options()).await.unwrap();
        assert!(adopted.before == 0 && adopted.after > 0, "{adopted:?}");
        goes_on(&restored, 3).await;
        let cancel = Input::Cancel {
            payment: open.payment(),
        };
        take_in(&restored.store().await, &open, cancel, 9).await;
        let again = Store::adopt(&restored.options()).await.unwrap();
        assert_eq!(again.before, again.after, "there is nothing left to do");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_that_a_subscriber_was_sent_goes_on_once_it_is_adopted() {
    on_postgres(async |database| {
        sell(&database.store().await, &terms("O-1", "R-1")).await;
        let mut connection = database.connection().await;
        for sql in [
            AHEAD_BY,
            // Rows are sent to a subscriber, what counts them is not.
            "SELECT setval('projection_generations_generation_seq', 1, false)",
        ] {
            sqlx::query(sql).execute(&mut connection).await.unwrap();
        }
        told_to_adopt(&database).await;
        Store::adopt(&database.options()).await.unwrap();
        goes_on(&database, 1).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_finds_a_younger_server_behind_its_address_writes_nothing_until_it_is_adopted()
 {
    on_postgres(async |database| {
        let store = database.store().await;
        sell(&store, &terms("O-1", "R-1")).await;
        let mut connection = database.connection().await;
        for sql in [
            AHEAD_BY,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        ] {
            sqlx::query(sql).execute(&mut connection).await.unwrap();
        }
        let sale = terms("O-2", "R-2");
        let mut told = Vec::new();
        for _ in 0..TRIES {
            // Lines that died with the former server fail first.
            let error = try_to_pay(&store, &sale).await.unwrap_err();
            told.push(error.to_string());
        }
        assert!(told.last().unwrap().contains("tidegate adopt"), "{told:?}");
        Store::adopt(&database.options()).await.unwrap();
        let mut paid = Err(Error::Conflict);
        for _ in 0..TRIES {
            paid = paid.or(try_to_pay(&store, &sale).await);
        }
        paid.unwrap();
        let all = all_events(&store).await;
        assert_eq!(all.last().unwrap().order, sale.order());
    })
    .await;
}
