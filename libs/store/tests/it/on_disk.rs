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
    let broken = "UPDATE events SET body = '{\"kind\":7}' WHERE version = 3";
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

/// Two sales, of which the first holds an event of a later release.
async fn store_of_a_later_release(path: &std::path::Path, change: &'static str) -> Store {
    let store = Store::open(path).await.unwrap();
    for (order, reference) in [("O-1", "R-1"), ("O-2", "R-2")] {
        let sale = terms(order, reference);
        receipt(&store, &sale, "d").await;
        sell(&store, &sale).await;
    }
    let url = format!("sqlite://{}", path.display());
    let other = sqlx::SqlitePool::connect(&url);
    let changed = sqlx::query(change).execute(&other.await.unwrap()).await;
    assert!(changed.unwrap().rows_affected() > 0);
    store
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_later_release_wrote_is_told_apart_from_what_is_damaged() {
    for change in [
        "UPDATE events SET body = '{\"kind\":\"sold\"}' WHERE position = 3",
        "UPDATE events SET schema_version = 2 WHERE position = 3",
        "UPDATE events SET body = replace(body, '\"api\":\"pay\"', '\"api\":\"vault\"') WHERE version = 2 AND position < 4",
        "UPDATE events SET body = replace(body, 'CNY', 'XQQ') WHERE position = 1",
    ] {
        let dir = tempfile::tempdir().unwrap();
        let store = store_of_a_later_release(&dir.path().join("store.sqlite3"), change).await;
        let loaded = store.load(terms("O-1", "R-1").order()).await;
        assert!(
            matches!(loaded, Err(Error::Newer(_))),
            "{change}: {loaded:?}"
        );
        store.load(terms("O-2", "R-2").order()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_payment_of_a_later_release_does_not_keep_the_others_from_being_found() {
    let dir = tempfile::tempdir().unwrap();
    let change = "UPDATE payments SET schema_version = 2 WHERE reference = 'R-1'";
    let store = store_of_a_later_release(&dir.path().join("store.sqlite3"), change).await;
    let till = store::Find::Terminal(terms("O-1", "R-1").terminal);
    let found = store.find(&merchant(), &till, 10).await.unwrap();
    let references: Vec<_> = found
        .iter()
        .map(|view| view.terms.reference.as_str())
        .collect();
    assert_eq!(references, ["R-2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn history_is_read_whatever_a_later_policy_or_alphabet_would_refuse() {
    let dir = tempfile::tempdir().unwrap();
    let change = "UPDATE events SET body = replace(replace(body, '38000', '1'), 'O-1', 'Ordre né')
                  WHERE position = 1";
    let store = store_of_a_later_release(&dir.path().join("store.sqlite3"), change).await;
    let order = store.load(terms("O-1", "R-1").order()).await.unwrap();
    let kept = &order.attempts[0].terms;
    assert_eq!(kept.policy.close_ms(), 1);
    assert_eq!(kept.order_number.as_str(), "Ordre né");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_x16_a_request_of_a_later_release_stands_in_the_way_of_no_other_forgotten_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.sqlite3");
    let store = Store::open(&path).await.unwrap();
    for (order, reference) in [("O-1", "R-1"), ("O-2", "R-2"), ("O-3", "R-3")] {
        receipt(&store, &terms(order, reference), "d").await;
    }
    let url = format!("sqlite://{}", path.display());
    let other = sqlx::SqlitePool::connect(&url);
    let newer = "UPDATE receipts SET schema_version = 2 WHERE reference <> 'R-3'";
    sqlx::query(newer)
        .execute(&other.await.unwrap())
        .await
        .unwrap();
    let (mut behind, mut found, mut unreadable) = (store::Behind::nothing(), Vec::new(), 0);
    let later = terms("O-1", "R-1").accepted_at.plus_ms(1);
    loop {
        // One at a time: what can't be read never fills the page for ever.
        let page = store.forgotten_receipts(later, behind, 1).await.unwrap();
        unreadable += page.unreadable.len();
        found.extend(page.receipts);
        let Some(more) = page.more_behind else { break };
        behind = more;
    }
    assert_eq!((found.len(), unreadable), (1, 2));
    assert_eq!(found[0].terms.reference.as_str(), "R-3");
}

#[tokio::test(flavor = "multi_thread")]
async fn decision_12_a_request_of_a_later_release_is_left_to_that_one_to_decline() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.sqlite3");
    let store = Store::open(&path).await.unwrap();
    let sale = terms("O-1", "R-1");
    receipt(&store, &sale, "d").await;
    let url = format!("sqlite://{}", path.display());
    let other = sqlx::SqlitePool::connect(&url).await.unwrap();
    let set = async |version: &str| {
        let set = format!("UPDATE receipts SET schema_version = {version}");
        let set = sqlx::query(sqlx::AssertSqlSafe(set));
        set.execute(&other).await.unwrap();
    };
    set("2").await;
    let why = payment::Refusal::OrderAlreadyPaid;
    let left = store.decline_receipt(sale.payment(), why).await;
    assert!(matches!(left, Err(Error::Newer(_))), "{left:?}");
    set("1").await;
    let held = store.receipt(sale.payment()).await.unwrap().unwrap();
    assert_eq!(held.state, store::ReceiptState::Pending);
}
