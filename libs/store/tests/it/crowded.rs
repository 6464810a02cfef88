//! More at once than there are connections for.

use crate::database::on_postgres;
use crate::world::terms;
use sqlx::{Connection, PgConnection};
use std::time::Duration;
use store::{Error, Store};

/// How many sessions of this database wait for a lock.
const WAITING: &str = "SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'";

async fn until_waiting(watch: &mut PgConnection, sessions: i64) {
    let waiting = async {
        while sqlx::query_scalar::<_, i64>(WAITING)
            .fetch_one(&mut *watch)
            .await
            .unwrap()
            != sessions
        {}
    };
    tokio::time::timeout(Duration::from_secs(30), waiting)
        .await
        .expect("they never wait");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_gets_no_connection_in_time_is_told_that_nothing_was_asked() {
    on_postgres(async |database| {
        let mut options = database.options();
        options.connections_max = 2;
        options.acquire_timeout_ms = 100;
        let store = Store::connect(&options).await.unwrap();
        let payment = terms("O-1", "R-1").payment();
        let (mut locking, mut watch) = (database.connection().await, database.connection().await);
        let mut lock = locking.begin().await.unwrap();
        sqlx::query("LOCK TABLE receipts IN ACCESS EXCLUSIVE MODE")
            .execute(&mut *lock)
            .await
            .unwrap();
        let asking = [(); 2].map(|()| {
            let store = store.clone();
            tokio::spawn(async move { store.receipt(payment).await })
        });
        until_waiting(&mut watch, 2).await;
        let third = store.receipt(payment).await;
        assert!(matches!(third, Err(Error::Busy(_))), "{third:?}");
        lock.rollback().await.unwrap();
        for asked in asking {
            assert_eq!(asked.await.unwrap().unwrap(), None);
        }
        assert_eq!(store.receipt(payment).await.unwrap(), None);
    })
    .await;
}
