//! The SQLite file itself.

use crate::world::{merchant, receipt, sell, terms};
use store::{Error, Store};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_appended_is_there_after_the_file_is_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.sqlite3");
    let sale = terms("O-1", "R-1");
    let store = Store::open(&path).await.unwrap();
    receipt(&store, &sale, "d").await;
    sell(&store, &sale).await;
    let before = store.load(sale.order()).await.unwrap();
    store.close().await;
    let store = Store::open(&path).await.unwrap();
    assert_eq!(store.load(sale.order()).await.unwrap(), before);
    assert!(
        store
            .payment(&merchant(), sale.payment())
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_can_not_be_read_is_named_and_not_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.sqlite3");
    let sale = terms("O-1", "R-1");
    let store = Store::open(&path).await.unwrap();
    sell(&store, &sale).await;
    let other = sqlx::SqlitePool::connect(&format!("sqlite://{}", path.display()))
        .await
        .unwrap();
    let broken = "UPDATE events SET body = '{\"kind\":\"sold\"}' WHERE version = 3";
    sqlx::query(broken).execute(&other).await.unwrap();
    let error = store.load(sale.order()).await.unwrap_err();
    let Error::Corrupt(corruption) = error else {
        panic!("{error}");
    };
    assert!(corruption.place.contains('3'), "{corruption}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_is_not_there_is_an_error_and_not_a_panic() {
    let dir = tempfile::tempdir().unwrap();
    let opened = Store::open(&dir.path().join("no").join("such.sqlite3")).await;
    assert!(matches!(opened, Err(Error::Unavailable(_))));
}
