//! The tables of the embedded command log.

use store::EmbeddedCommands;
use uuid::Uuid;

pub(crate) async fn records_come_back_in_their_partitions_order_from_behind_any_offset(
    log: EmbeddedCommands,
) {
    let key = Uuid::nil();
    let first = log.put(1, key, b"one").await.unwrap();
    log.put(2, key, b"elsewhere").await.unwrap();
    let second = log.put(1, key, b"two").await.unwrap();
    assert!(0 < first && first < second);
    let all = log.read(1, 0, 10).await.unwrap();
    assert_eq!(all, [(first, b"one".to_vec()), (second, b"two".to_vec())]);
    assert_eq!(log.read(1, first, 10).await.unwrap().len(), 1);
    assert_eq!(log.read(1, 0, 1).await.unwrap().len(), 1);
}

pub(crate) async fn a_committed_offset_never_goes_back_and_no_offset_is_used_twice(
    log: EmbeddedCommands,
) {
    let key = Uuid::nil();
    let first = log.put(1, key, b"one").await.unwrap();
    let second = log.put(1, key, b"two").await.unwrap();
    assert_eq!(log.committed(1).await.unwrap(), 0);
    log.commit(1, second).await.unwrap();
    log.commit(1, first).await.unwrap();
    assert_eq!(log.committed(1).await.unwrap(), second);
    assert!(log.read(1, 0, 10).await.unwrap().is_empty());
    let third = log.put(1, key, b"three").await.unwrap();
    assert!(third > second, "an empty log must not begin anew");
}

pub(crate) async fn case_x33_a_dead_letter_is_kept_once(log: EmbeddedCommands) {
    for _ in 0..2 {
        log.dead(1, 7, "not readable", b"???").await.unwrap();
    }
    assert_eq!(log.dead_count().await.unwrap(), 1);
}
