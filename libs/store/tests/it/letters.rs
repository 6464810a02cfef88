//! What every store must do with commands that were put aside, with processes and with accounts.

use crate::world::{all_events, at, pay, sell, terms};
use payment::OrderId;
use store::{Adoption, DeadLetter, Letter, Parked, Replay, Store};

fn letter(offset: i64, order: Option<OrderId>) -> Letter {
    let payment = Some(terms("O-1", "R-1").payment());
    Letter::new(
        (3, offset),
        order,
        payment,
        vec![1, 2, 3, u8::try_from(offset).unwrap()],
    )
}

fn parked(offset: i64, order: Option<OrderId>) -> Parked {
    Parked {
        letter: letter(offset, order),
        kind: "cancel".to_owned(),
        reason: "too new".to_owned(),
        since: at(7),
    }
}

pub(crate) async fn a_parked_command_is_kept_once_in_its_place_until_it_is_carried_out(
    store: Store,
) {
    let order = terms("O-1", "R-1").order();
    let (first, second, homeless) = (
        parked(9, Some(order)),
        parked(4, Some(order)),
        parked(5, None),
    );
    for command in [&first, &second, &homeless, &first] {
        store.park(command).await.unwrap();
    }
    assert!(store.holds_parked(order).await.unwrap());
    assert!(
        !store
            .holds_parked(terms("O-2", "R-2").order())
            .await
            .unwrap()
    );
    let all = store.parked(0, 10).await.unwrap();
    let commands: Vec<_> = all.iter().map(|(_, parked)| parked).collect();
    assert_eq!(commands, [&first, &second, &homeless]);
    let behind = store.parked(all[0].0, 1).await.unwrap();
    assert_eq!(behind, all[1..2]);
    for command in [&first, &second] {
        store.unpark(command.letter.id).await.unwrap();
    }
    assert!(!store.holds_parked(order).await.unwrap());
}

pub(crate) async fn a_dead_letter_is_listed_and_replayed_once_and_who_asked_is_kept(store: Store) {
    let order = terms("O-1", "R-1").order();
    store.park(&parked(2, Some(order))).await.unwrap();
    for offset in [2, 3, 2] {
        let dead = DeadLetter {
            letter: letter(offset, Some(order)),
            reason: "a field is missing".to_owned(),
            at: at(8),
        };
        store.bury(&dead).await.unwrap();
    }
    assert!(
        !store.holds_parked(order).await.unwrap(),
        "what is dead is not parked"
    );
    let first = store.onlooker().dead_letters(None, 1).await.unwrap();
    let second = store
        .onlooker()
        .dead_letters(first.first(), 10)
        .await
        .unwrap();
    assert_eq!((first.len(), second.len()), (1, 1));
    let id = first[0].letter.id;
    let replay = Replay {
        operator: "ops@acquirer",
        reason: "upgraded to 2.0",
        at: at(9),
    };
    assert!(store.replay(id, replay).await.unwrap());
    assert!(
        !store.replay(id, replay).await.unwrap(),
        "it is gone from there"
    );
    assert_eq!(
        store.onlooker().dead_letters(None, 10).await.unwrap(),
        second
    );
    let parked = store.parked(0, 10).await.unwrap();
    assert_eq!(parked.len(), 1);
    assert_eq!(parked[0].1.letter, first[0].letter);
    let replays = store.onlooker().replays(id).await.unwrap();
    assert_eq!(replays.len(), 1);
    assert_eq!(replays[0].operator, "ops@acquirer");
    assert_eq!(
        (replays[0].reason.as_str(), replays[0].at),
        ("upgraded to 2.0", at(9))
    );
}

pub(crate) async fn an_account_that_open_payments_need_is_not_given_up(store: Store) {
    assert_eq!(
        store.adopt_account("first").await.unwrap(),
        Adoption::Adopted
    );
    assert_eq!(
        store.adopt_account("second").await.unwrap(),
        Adoption::Adopted
    );
    let sale = terms("O-1", "R-1");
    pay(&store, &sale).await;
    let held = Adoption::Held {
        client_id: "second".to_owned(),
        open: 1,
    };
    assert_eq!(store.adopt_account("third").await.unwrap(), held);
    assert_eq!(
        store.adopt_account("second").await.unwrap(),
        Adoption::Adopted
    );
    let done = terms("O-2", "R-2");
    sell(&store, &done).await;
    let held = store.adopt_account("third").await.unwrap();
    assert!(
        matches!(held, Adoption::Held { open: 1, .. }),
        "a sold one is not open: {held:?}"
    );
    assert!(!all_events(&store).await.is_empty());
}

pub(crate) async fn a_process_that_beats_is_no_newer_than_this_one(store: Store) {
    store.beat(uuid::Uuid::from_u128(1), at(5)).await.unwrap();
    store.beat(uuid::Uuid::from_u128(1), at(6)).await.unwrap();
    assert!(!store.newer_alive(at(0)).await.unwrap());
}
