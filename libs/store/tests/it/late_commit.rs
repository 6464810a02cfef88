//! The cursor over all events on PostgreSQL: what commits late is not passed over.

use crate::database::on_postgres;
use crate::gate::Gate;
use crate::world::{all_events, pay, terms};

#[tokio::test(flavor = "multi_thread")]
async fn an_event_whose_transaction_commits_late_is_not_passed_over() {
    on_postgres(async |database| {
        let (one, other) = (database.store().await, database.store().await);
        let (late, early) = (terms("O-late", "R-late"), terms("O-early", "R-early"));
        let gate = Gate::before_the_events_of(&database, late.order()).await;
        let waiting = {
            let (one, late) = (one.clone(), late.clone());
            tokio::spawn(async move { pay(&one, &late).await })
        };
        gate.reached().await;
        // It has its transaction's id by now. This one begins later and commits first.
        pay(&other, &early).await;
        assert!(other.last_position().await.unwrap() > 0, "it is committed");
        let seen = other.events_after(0, 100).await.unwrap();
        assert_eq!(seen, [], "whoever saw it now would never see the other");
        gate.open().await;
        waiting.await.unwrap();
        let orders: Vec<_> = all_events(&other).await.iter().map(|e| e.order).collect();
        let [late, early] = [late.order(), early.order()];
        assert_eq!(orders, [late, late, early, early]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_is_given_up_holds_nothing_back_for_ever() {
    on_postgres(async |database| {
        let store = database.store().await;
        let sale = terms("O-1", "R-1");
        let mut connection = database.connection().await;
        let mut tx = sqlx::Connection::begin(&mut connection).await.unwrap();
        sqlx::query("INSERT INTO orders VALUES (gen_random_uuid(), 0, 0)")
            .execute(&mut *tx)
            .await
            .unwrap();
        pay(&store, &sale).await;
        assert_eq!(store.events_after(0, 100).await.unwrap(), []);
        tx.rollback().await.unwrap();
        assert_eq!(all_events(&store).await.len(), 2);
    })
    .await;
}
