//! Feed and totals: nothing left out, nothing twice, and the same when derived anew.

use crate::world::{all_events, merchant, pay, sell, take_back, terms};
use store::{Error, Met, Store};

pub(crate) async fn catch_up(store: &Store) {
    all_events(store).await;
    let projection = store.projection();
    loop {
        let cursor = projection.cursor().await.unwrap();
        let batch = store.events_after(cursor, 3).await.unwrap();
        let standing = projection.catch_up_held(2).await.unwrap();
        if !batch.is_empty() {
            projection.apply(&batch).await.unwrap();
        } else if !standing.more {
            return;
        }
    }
}

async fn met(store: &Store) -> Vec<Met> {
    all_events(store).await.into_iter().map(Met::from).collect()
}

pub(crate) async fn totals_count_what_was_released_and_what_was_given_back(store: Store) {
    for number in 0..3 {
        sell(
            &store,
            &terms(&format!("O-{number}"), &format!("R-{number}")),
        )
        .await;
    }
    take_back(&store, &terms("O-0", "R-0")).await;
    pay(&store, &terms("O-9", "R-9")).await;
    catch_up(&store).await;
    let totals = store
        .totals(&merchant(), "2026-11-23", "2026-11-23")
        .await
        .unwrap();
    assert_eq!(totals.len(), 1);
    assert_eq!((totals[0].paid_count, totals[0].paid_minor), (3, 3_840));
    assert_eq!(
        (totals[0].reversed_count, totals[0].reversed_minor),
        (1, 1_280)
    );
}

pub(crate) async fn a_batch_that_was_applied_before_changes_nothing(store: Store) {
    sell(&store, &terms("O-1", "R-1")).await;
    let all = met(&store).await;
    let projection = store.projection();
    let first = projection.apply(&all).await.unwrap();
    let again = projection.apply(&all).await.unwrap();
    assert_eq!((first.events, again.events), (all.len(), 0));
    let totals = store
        .totals(&merchant(), "2026-11-23", "2026-11-23")
        .await
        .unwrap();
    assert_eq!(totals[0].paid_count, 1);
    let feed = store.feed(&merchant(), 0, 100).await.unwrap();
    let mut positions: Vec<i64> = feed.iter().map(|recorded| recorded.position).collect();
    positions.dedup();
    assert_eq!(positions.len(), feed.len());
}

pub(crate) async fn a_batch_that_would_skip_an_event_is_refused(store: Store) {
    sell(&store, &terms("O-1", "R-1")).await;
    let all = met(&store).await;
    let skipping = store.projection().apply(&all[1..]).await;
    assert!(matches!(skipping, Err(Error::Conflict)));
    assert_eq!(store.projection().cursor().await.unwrap(), 0);
}

pub(crate) async fn a_rebuild_agrees_with_what_was_live_and_takes_its_place(store: Store) {
    for number in 0..5 {
        sell(
            &store,
            &terms(&format!("O-{number}"), &format!("R-{number}")),
        )
        .await;
    }
    take_back(&store, &terms("O-1", "R-1")).await;
    catch_up(&store).await;
    let before = store
        .totals(&merchant(), "2026-11-23", "2026-11-23")
        .await
        .unwrap();
    let mut reports = 0;
    let rebuilt = store.projection().rebuild(|_| reports += 1).await.unwrap();
    assert!(rebuilt.agrees() && reports > 0);
    let after = store
        .totals(&merchant(), "2026-11-23", "2026-11-23")
        .await
        .unwrap();
    assert_eq!(after, before);
    sell(&store, &terms("O-8", "R-8")).await;
    catch_up(&store).await;
    let later = store
        .totals(&merchant(), "2026-11-23", "2026-11-23")
        .await
        .unwrap();
    assert_eq!(
        later[0].paid_count,
        before[0].paid_count + 1,
        "the new one goes on"
    );
}
