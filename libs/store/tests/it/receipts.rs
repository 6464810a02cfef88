//! The receipt tells what was answered, and whoever is second obeys (decision 11).

use crate::world::{at, pay, receipt, take_in, terms};
use payment::{Answer, Input, PayAnswer, Refusal, ResultCode};
use store::{Behind, Error, ExecuteError, NewReceipt, ReceiptState, Store, Taken};

pub(crate) async fn case_x18_a_key_is_taken_once_and_its_repeat_sees_what_became_of_it(
    store: Store,
) {
    let sale = terms("O-1", "R-1");
    let Taken::New(first) = receipt(&store, &sale, "digest-1").await else {
        panic!("the key is new");
    };
    assert_eq!(first.state, ReceiptState::Pending);
    let Taken::Repeat(again) = receipt(&store, &sale, "digest-2").await else {
        panic!("the key was taken");
    };
    assert_eq!(
        again.digest, "digest-1",
        "another body is told apart by this"
    );
    pay(&store, &sale).await;
    let held = store.receipt(sale.payment()).await.unwrap().unwrap();
    assert_eq!((held.state, held.terms), (ReceiptState::Accepted, sale));
}

pub(crate) async fn case_x15_a_command_whose_request_was_refused_writes_nothing(store: Store) {
    let sale = terms("O-1", "R-1");
    receipt(&store, &sale, "d").await;
    let state = store.refuse_receipt(sale.payment()).await.unwrap();
    assert_eq!(state, ReceiptState::Refused);
    let input = Input::Pay(Box::new(sale.clone()));
    let error = store::execute(&store, sale.order(), input, at(1), 0)
        .await
        .unwrap_err();
    assert!(
        matches!(error, ExecuteError::Store(Error::ReceiptRefused)),
        "{error}"
    );
    assert_eq!(store.load(sale.order()).await.unwrap().version, 0);
    assert_eq!(store.locate(&sale.payment_request_id).await.unwrap(), None);
    let reopened = store.join_receipt(sale.payment()).await.unwrap();
    assert_eq!(reopened, ReceiptState::Pending);
    pay(&store, &sale).await;
}

pub(crate) async fn case_x15_a_door_that_comes_second_may_not_say_503(store: Store) {
    let sale = terms("O-1", "R-1");
    receipt(&store, &sale, "d").await;
    pay(&store, &sale).await;
    let state = store.refuse_receipt(sale.payment()).await.unwrap();
    assert_eq!(state, ReceiptState::Accepted);
}

pub(crate) async fn case_x17_a_door_that_is_not_alone_may_not_refuse_what_another_has_taken(
    store: Store,
) {
    let sale = terms("O-1", "R-1");
    let payment = sale.payment();
    receipt(&store, &sale, "d").await;
    let joined = store.join_receipt(payment).await.unwrap();
    assert_eq!(joined, ReceiptState::Pending);
    let state = store.refuse_receipt_alone(payment).await.unwrap();
    assert_eq!(state, ReceiptState::Pending, "the other may have said 202");
    // A worker that can't carry it out may, and whoever opens it again is alone.
    let state = store.refuse_receipt(payment).await.unwrap();
    assert_eq!(state, ReceiptState::Refused);
    store.join_receipt(payment).await.unwrap();
    let state = store.refuse_receipt_alone(payment).await.unwrap();
    assert_eq!(state, ReceiptState::Refused);
}

pub(crate) async fn decision_12_a_declined_request_keeps_its_answer_and_its_command_writes_nothing(
    store: Store,
) {
    let (first, second) = (terms("O-1", "R-1"), terms("O-1", "R-2"));
    receipt(&store, &first, "d").await;
    receipt(&store, &second, "d").await;
    pay(&store, &first).await;
    let before = store.load(first.order()).await.unwrap();
    let why = Refusal::OrderHasOpenPayment;
    for refusal in [why, Refusal::OrderAlreadyPaid] {
        let state = store.decline_receipt(second.payment(), refusal).await;
        assert_eq!(
            state.unwrap(),
            ReceiptState::Declined(why),
            "the first holds"
        );
    }
    let joined = store.join_receipt(second.payment()).await.unwrap();
    assert_eq!(joined, ReceiptState::Declined(why));
    let refused = store.refuse_receipt(second.payment()).await.unwrap();
    assert_eq!(refused, ReceiptState::Declined(why));
    // The order is free by the time that its command comes once more.
    let declined = Input::Answer {
        payment: first.payment(),
        begun: 1,
        answer: Answer::Pay(PayAnswer::Refused {
            code: ResultCode::new("USER_BALANCE_NOT_ENOUGH"),
        }),
        clock_skew_ms: 0,
    };
    let freed = take_in(&store, &first, declined, 2).await.order;
    assert_eq!(freed.version, before.version + 2, "answered and ended");
    let input = Input::Pay(Box::new(second.clone()));
    let late = store::execute(&store, second.order(), input, at(3), 0).await;
    assert!(
        matches!(late, Err(ExecuteError::Store(Error::ReceiptRefused))),
        "{late:?}"
    );
    assert_eq!(store.load(second.order()).await.unwrap(), freed);
}

pub(crate) async fn decision_12_of_a_decline_and_an_acceptance_at_once_the_first_wins(
    store: Store,
) {
    for number in 0..20 {
        let sale = terms(&format!("O-{number}"), &format!("R-{number}"));
        receipt(&store, &sale, "d").await;
        let accepting = {
            let (store, sale) = (store.clone(), sale.clone());
            tokio::spawn(async move {
                let input = Input::Pay(Box::new(sale.clone()));
                store::execute(&store, sale.order(), input, at(1), 0).await
            })
        };
        let why = Refusal::ReversalInProgress;
        let state = store.decline_receipt(sale.payment(), why).await.unwrap();
        let accepted = accepting.await.unwrap();
        match state {
            ReceiptState::Declined(_) => {
                let obeyed = matches!(accepted, Err(ExecuteError::Store(Error::ReceiptRefused)));
                assert!(obeyed, "{accepted:?}");
            }
            ReceiptState::Accepted => assert_eq!(accepted.unwrap().order.version, 2),
            ReceiptState::Pending | ReceiptState::Refused => panic!("{state:?}"),
        }
        let held = store.receipt(sale.payment()).await.unwrap().unwrap();
        assert_eq!(held.state, state, "what it returned holds");
    }
}

pub(crate) async fn case_x16_a_request_without_a_command_is_found_and_only_while_it_is_pending(
    store: Store,
) {
    let (forgotten, worked_on) = (terms("O-1", "R-1"), terms("O-2", "R-2"));
    receipt(&store, &forgotten, "d").await;
    receipt(&store, &worked_on, "d").await;
    pay(&store, &worked_on).await;
    let found = async |before| {
        let page = store
            .forgotten_receipts(before, Behind::nothing(), 10)
            .await;
        page.unwrap().receipts
    };
    assert_eq!(found(at(0)).await, []);
    let found = found(at(10_000)).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].terms, forgotten);
}

pub(crate) async fn rule_d2_a_terminals_sequence_counts_each_new_key_once_even_at_once(
    store: Store,
) {
    let taking = (0..20).map(|number| {
        let store = store.clone();
        tokio::spawn(async move {
            // Ten keys, each asked for twice.
            let sale = terms("O-1", &format!("R-{}", number / 2));
            let mut seen = None;
            let made = sale.clone();
            let new = NewReceipt {
                merchant: sale.merchant.clone(),
                reference: sale.reference.clone(),
                terminal: sale.terminal.clone(),
                digest: "d".to_owned(),
                make_terms: |sequence| {
                    seen = Some(sequence);
                    made
                },
            };
            store.take_receipt(new).await.unwrap();
            seen
        })
    });
    let mut sequences = Vec::new();
    for one in taking.collect::<Vec<_>>() {
        sequences.extend(one.await.unwrap());
    }
    sequences.sort_unstable();
    assert_eq!(sequences, (1..=10).collect::<Vec<u64>>());
}
