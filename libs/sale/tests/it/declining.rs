//! A request whose order does not take it, between a door that says so and whoever was quicker
//! (decision 12).

use crate::world::World;
use payment::{CodeFormat, Input, OrderNumber, PaymentCode, Reference, Refusal, TerminalId, Terms};
use sale::{Error, NewSale};
use store::ReceiptState;

/// Another key's request for the order that has an attempt already.
fn second(world: &World, key: &str) -> NewSale {
    let terms = &world.terms;
    NewSale {
        merchant: terms.merchant.clone(),
        policy: terms.policy.clone(),
        reference: Reference::parse(key).unwrap(),
        order: OrderNumber::parse("o-1").unwrap(),
        terminal: TerminalId::parse("till-3").unwrap(),
        amount: terms.amount,
        description: "o-1".to_owned(),
        code: PaymentCode::parse("281012020262467128", &CodeFormat::standard()).unwrap(),
        digest: "d".to_owned(),
        traceparent: None,
    }
}

async fn terms_of(world: &World, sale: &NewSale) -> Terms {
    let receipt = world.store.receipt(sale.payment()).await.unwrap();
    receipt.unwrap().terms
}

#[tokio::test(flavor = "multi_thread")]
async fn decision_12_a_refused_request_is_one_receipt_and_its_order_does_not_grow() {
    let world = World::open().await;
    let order = world.terms.order();
    let before = world.store.load(order).await.unwrap();
    for number in 0..200 {
        let sale = second(&world, &format!("k-{}", number + 2));
        for _ in 0..2 {
            let told = world.quick.accept(sale.clone(), ()).await;
            assert!(
                matches!(told, Err(Error::Refused(Refusal::OrderHasOpenPayment))),
                "{told:?}"
            );
        }
    }
    assert_eq!(world.store.load(order).await.unwrap(), before);
    let page = world.store.events_after(0, 1_000).await.unwrap();
    let of_order = u64::try_from(page.len()).unwrap();
    assert_eq!(of_order, before.version, "nor does the history of all");
    assert_eq!(world.produced().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn decision_12_a_door_whose_no_comes_second_tells_the_payment_and_commands_nothing() {
    let world = World::open().await;
    let sale = second(&world, "k-2");
    let (slow, asked) = (world.slow.clone(), sale.clone());
    let asking = tokio::spawn(async move { slow.accept(asked, ()).await });
    world.write_waits().await;
    // The door has seen the order taken. Another's append begins the payment before it writes so.
    let terms = terms_of(&world, &sale).await;
    world.execute(Input::Abandon(Box::new(terms))).await;
    world.let_it_go();
    let taken = asking.await.unwrap();
    assert!(matches!(taken, Ok(None)), "{taken:?}");
    let receipt = world.store.receipt(sale.payment()).await.unwrap();
    assert_eq!(receipt.unwrap().state, ReceiptState::Accepted);
    assert_eq!(world.produced().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn decision_12_two_doors_that_say_no_for_two_reasons_say_the_same() {
    let world = World::open().await;
    let sale = second(&world, "k-2");
    let (slow, asked) = (world.slow.clone(), sale.clone());
    let asking = tokio::spawn(async move { slow.accept(asked, ()).await });
    world.write_waits().await;
    let merchant = &world.terms.merchant;
    world
        .quick
        .hand_over(merchant, world.payment())
        .await
        .unwrap();
    let first = world.quick.accept(sale.clone(), ()).await;
    world.let_it_go();
    let second = asking.await.unwrap();
    for told in [first, second] {
        assert!(
            matches!(told, Err(Error::Refused(Refusal::OrderAlreadyPaid))),
            "{told:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn decision_12_a_door_that_was_told_to_ask_again_meanwhile_says_no_other_word() {
    let world = World::open().await;
    let sale = second(&world, "k-2");
    let (slow, asked) = (world.slow.clone(), sale.clone());
    let asking = tokio::spawn(async move { slow.accept(asked, ()).await });
    world.write_waits().await;
    let refused = world.store.refuse_receipt(sale.payment()).await;
    assert_eq!(refused.unwrap(), ReceiptState::Refused);
    world.let_it_go();
    let told = asking.await.unwrap();
    assert!(matches!(told, Err(Error::NotTaken)), "{told:?}");
}
