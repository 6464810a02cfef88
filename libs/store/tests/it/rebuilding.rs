//! The rebuild on PostgreSQL, while everything else goes on.

use crate::database::on_postgres;
use crate::projection::catch_up;
use crate::world::{merchant, sell, take_back, terms};
use store::{Error, Store};

/// A projector like the service's, for so many rounds.
async fn follow(store: &Store, rounds: u32) {
    let projection = store.projection();
    for _ in 0..rounds {
        let cursor = projection.cursor().await.unwrap();
        let batch = store.events_after(cursor, 5).await.unwrap();
        match projection.apply(&batch).await {
            // The rebuilt one was put in place meanwhile.
            Ok(_) | Err(Error::Conflict) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    }
}

async fn paid_minor(store: &Store) -> i64 {
    let day = "2026-11-23";
    let totals = store.totals(&merchant(), day, day).await.unwrap();
    totals.iter().map(|totals| totals.paid_minor).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_while_sales_and_the_projector_go_on_comes_to_the_same() {
    on_postgres(async |database| {
        let (store, other) = (database.store().await, database.store().await);
        for number in 0..10 {
            sell(
                &store,
                &terms(&format!("O-{number}"), &format!("R-{number}")),
            )
            .await;
        }
        let following = {
            let other = other.clone();
            tokio::spawn(async move { follow(&other, 300).await })
        };
        let selling = tokio::spawn(async move {
            for number in 10..40 {
                let sale = terms(&format!("O-{number}"), &format!("R-{number}"));
                sell(&other, &sale).await;
            }
            take_back(&other, &terms("O-11", "R-11")).await;
        });
        let projection = store.projection();
        for _ in 0..3 {
            assert!(projection.rebuild(|_| {}).await.unwrap().agrees());
        }
        selling.await.unwrap();
        following.await.unwrap();
        catch_up(&store).await;
        assert!(projection.rebuild(|_| {}).await.unwrap().agrees());
        assert_eq!(paid_minor(&store).await, 40 * 1_280);
        let feed = store.feed(&merchant(), 0, 1_000).await.unwrap();
        assert_eq!(feed.len(), 40 * 2 + 3, "all sold, and one taken back");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_finds_and_mends_what_does_not_agree_with_history() {
    on_postgres(async |database| {
        let store = database.store().await;
        sell(&store, &terms("O-1", "R-1")).await;
        catch_up(&store).await;
        let mut connection = database.connection().await;
        for spoil in [
            "UPDATE daily_totals SET paid_minor = paid_minor + 1",
            "DELETE FROM feed WHERE position = (SELECT MAX(position) FROM feed)",
            "UPDATE projected_payments SET released = false",
        ] {
            sqlx::query(spoil).execute(&mut connection).await.unwrap();
            let rebuilt = store.projection().rebuild(|_| {}).await.unwrap();
            assert!(!rebuilt.agrees(), "{spoil}");
            assert_eq!(paid_minor(&store).await, 1_280);
            let again = store.projection().rebuild(|_| {}).await.unwrap();
            assert!(again.agrees(), "{spoil}");
        }
        let left: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM projection_generations")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(left, 1, "nothing of former ones is left");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_gets_by_with_the_fewest_connections_that_can_be_set() {
    on_postgres(async |database| {
        let mut options = database.options();
        options.connections_max = 2;
        options.writers = 1;
        assert!(options.faults().is_empty());
        let store = Store::connect(&options).await.unwrap();
        sell(&store, &terms("O-1", "R-1")).await;
        catch_up(&store).await;
        assert!(store.projection().rebuild(|_| {}).await.unwrap().agrees());
    })
    .await;
}
