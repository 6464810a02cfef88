//! Starting a payment, from the request to the final answer.

use crate::house::{House, approved, declined, ids, json_of, path, problem, sale, soon};
use payment::{Input, NeverSent, PaymentRequestId, Proof, Reference, Terms};
use reqwest::StatusCode;
use store::ReceiptState;

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_without_a_wait_is_taken_at_once_and_told_where_to_look() {
    let house = House::open().await;
    let response = house.pay("k-1", &sale("o-1")).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    let here = path(ids("m-1", "k-1", "o-1"), "");
    assert_eq!(response.headers()["location"], here.as_str());
    assert!(!response.headers().contains_key("preference-applied"));
    let body = json_of(response).await;
    assert_eq!(body["status"], "accepted");
    assert_eq!(body["outcome"], "pending");
    assert_eq!(body["next_action"], "wait");
    assert_eq!(body["reference"], "k-1");
    assert_eq!(body["amount_minor"], 1988);
    let looked = json_of(house.get(&here).send().await.unwrap()).await;
    assert_eq!(looked, body);
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_k1_a_waiting_merchant_is_told_paid_as_soon_as_alipay_approved() {
    let house = House::open().await;
    let request = house.pay("k-1", &sale("o-1")).header("Prefer", "wait=20");
    let waiting = tokio::spawn(request.send());
    house.work().await;
    let ids = ids("m-1", "k-1", "o-1");
    house.answered(ids, approved(1988)).await;
    let response = soon(waiting).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["preference-applied"], "wait=20");
    let body = json_of(response).await;
    assert_eq!(body["status"], "paid");
    assert_eq!(body["next_action"], "hand_over");
    assert_eq!(body["alipay_payment_id"], "2026112311223344556677");
    assert!(body["paid_at"].is_string());
    // Decision 8: what was told is written.
    let order = house.store.load(ids.order).await.unwrap();
    assert!(order.attempt(ids.payment).unwrap().released_at.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_a4_a_declined_payment_bears_alipays_code_its_reason_and_its_proof() {
    let house = House::open().await;
    let request = house.pay("k-1", &sale("o-1")).header("Prefer", "wait=20");
    let waiting = tokio::spawn(request.send());
    house.work().await;
    let ids = ids("m-1", "k-1", "o-1");
    house
        .answered(ids, declined("USER_BALANCE_NOT_ENOUGH"))
        .await;
    let body = json_of(soon(waiting).await).await;
    assert_eq!(body["status"], "failed");
    assert_eq!(body["outcome"], "not_paid");
    assert_eq!(body["reason"], "insufficient_balance");
    assert_eq!(body["result_code"], "USER_BALANCE_NOT_ENOUGH");
    assert_eq!(body["proof"]["kind"], "pay_refused");
    assert_eq!(body["next_action"], "take_another_tender");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_for_which_alipay_gave_no_code_has_none_at_the_merchant_either() {
    let house = House::open().await;
    let request = house.pay("k-1", &sale("o-1")).header("Prefer", "wait=20");
    let waiting = tokio::spawn(request.send());
    house.work().await;
    let ids = ids("m-1", "k-1", "o-1");
    house.answered(ids, declined("")).await;
    let body = json_of(soon(waiting).await).await;
    assert_eq!(body["status"], "failed");
    assert_eq!(body["result_code"], serde_json::Value::Null);
    assert_eq!(body["proof"]["detail"], serde_json::Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_x15_when_the_command_can_not_be_written_the_receipt_is_refused_and_asking_again_goes_on()
 {
    let house = House::open().await;
    house.log.set_outage(Some("the disk is full"));
    let refused = house.pay("k-1", &sale("o-1")).send().await.unwrap();
    assert_eq!(refused.headers()["retry-after"], "1");
    let body = problem(refused, 503, "request_not_taken").await;
    assert_eq!(body["retryable"], true);
    assert_eq!(body["next_action"], "repeat_with_same_key");
    let ids = ids("m-1", "k-1", "o-1");
    let receipt = house.store.receipt(ids.payment).await.unwrap().unwrap();
    assert_eq!(receipt.state, ReceiptState::Refused);
    let looked = house.get(&path(ids, "")).send().await.unwrap();
    problem(looked, 503, "request_not_taken").await;
    house.log.set_outage(None);
    let again = house.pay("k-1", &sale("o-1")).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::ACCEPTED);
    let taken = house.work().await;
    assert!(taken.order.attempt(ids.payment).is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn case_x15_a_record_that_was_written_after_all_is_dropped_once_the_503_left() {
    let house = House::open().await;
    house.pay("k-1", &sale("o-1")).send().await.unwrap();
    let ids = ids("m-1", "k-1", "o-1");
    let state = house.store.refuse_receipt(ids.payment).await.unwrap();
    assert_eq!(state, ReceiptState::Refused);
    let terms = house
        .store
        .receipt(ids.payment)
        .await
        .unwrap()
        .unwrap()
        .terms;
    let input = Input::Pay(Box::new(terms));
    let late = store::execute(&house.store, ids.order, input, house.now(), 0).await;
    assert!(matches!(
        late,
        Err(store::ExecuteError::Store(store::Error::ReceiptRefused))
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn case_x19_a_second_key_for_an_open_order_is_refused_at_once_for_ever_and_sends_nothing() {
    let house = House::open().await;
    house.pay("k-1", &sale("o-1")).send().await.unwrap();
    house.work().await;
    let other = house.pay("k-2", &sale("o-1")).send().await.unwrap();
    problem(other, 409, "order_has_open_payment").await;
    assert!(house.idle().await);
    let order = house.store.load(ids("m-1", "k-1", "o-1").order).await;
    assert_eq!(order.unwrap().version, 2, "of the other nothing is there");
    // The order is free again; a late copy of the refused request must not pay.
    house
        .answered(ids("m-1", "k-1", "o-1"), declined("RISK_REJECT"))
        .await;
    let copy = house.pay("k-2", &sale("o-1")).send().await.unwrap();
    problem(copy, 409, "order_has_open_payment").await;
    let looked = path(ids("m-1", "k-2", "o-1"), "");
    let looked = house.get(&looked).send().await.unwrap();
    problem(looked, 409, "order_has_open_payment").await;
    assert!(house.idle().await);
    let fresh = house.pay("k-3", &sale("o-1")).send().await.unwrap();
    assert_eq!(fresh.status(), StatusCode::ACCEPTED);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_x19_an_order_that_was_paid_is_spent() {
    let house = House::open().await;
    house.paid("k-1", "o-1").await;
    let other = house.pay("k-2", &sale("o-1")).send().await.unwrap();
    problem(other, 409, "order_already_paid").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_had_a_hundred_payments_takes_no_more_and_says_so_for_ever() {
    let house = House::open().await;
    house.pay("k-0", &sale("o-1")).send().await.unwrap();
    let receipt = house.store.receipt(ids("m-1", "k-0", "o-1").payment).await;
    let terms = receipt.unwrap().unwrap().terms;
    for number in 0..100 {
        let ended = Terms {
            reference: Reference::parse(&format!("k-{number}")).unwrap(),
            payment_request_id: PaymentRequestId::parse(&format!("P-{number}")).unwrap(),
            ..terms.clone()
        };
        let (order, payment) = (ended.order(), ended.payment());
        let input = Input::Abandon(Box::new(ended));
        house.take_in(order, payment, input).await;
    }
    let before = house.store.load(terms.order()).await.unwrap();
    for _ in 0..2 {
        let another = house.pay("k-100", &sale("o-1")).send().await.unwrap();
        let body = problem(another, 409, "order_has_too_many_payments").await;
        assert_eq!(body["next_action"], "use_new_order");
    }
    let looked = path(ids("m-1", "k-100", "o-1"), "");
    let looked = house.get(&looked).send().await.unwrap();
    problem(looked, 409, "order_has_too_many_payments").await;
    assert_eq!(house.store.load(terms.order()).await.unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_x20_an_order_whose_reversal_is_under_way_takes_no_new_payment() {
    let house = House::open().await;
    house.pay("k-1", &sale("o-1")).send().await.unwrap();
    house.work().await;
    let first = ids("m-1", "k-1", "o-1");
    let input = Input::Cancel {
        payment: first.payment,
    };
    house.take_in(first.order, first.payment, input).await;
    let other = house.pay("k-2", &sale("o-1")).send().await.unwrap();
    let body = problem(other, 409, "reversal_in_progress").await;
    assert_eq!(body["next_action"], "take_another_tender");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_x16_a_request_that_was_forgotten_tells_why_it_ended() {
    let house = House::open().await;
    house.pay("k-1", &sale("o-1")).send().await.unwrap();
    let ids = ids("m-1", "k-1", "o-1");
    let terms = house
        .store
        .receipt(ids.payment)
        .await
        .unwrap()
        .unwrap()
        .terms;
    let input = Input::Abandon(Box::new(terms));
    let taken = house.take_in(ids.order, ids.payment, input).await;
    let payment::Seen::Payment(view) = payment::view(&taken.order, ids.payment) else {
        panic!("no view");
    };
    let proof = Proof::NeverSent(NeverSent::Abandoned);
    assert_eq!(view.standing, payment::Standing::Ended(proof));
    let body = json_of(house.get(&path(ids, "")).send().await.unwrap()).await;
    assert_eq!(body["outcome"], "not_paid");
    assert_eq!(body["reason"], "abandoned");
    assert_eq!(body["proof"]["kind"], "never_sent");
}
