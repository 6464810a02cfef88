//! `Released` that is written late, between two doors (ADR 44).

use crate::world::World;
use payment::{CloseReason, Fact, Outcome};
use sale::Error;
use std::time::Duration;

/// Moves the clock past the last release of a payment that was accepted when it began.
fn past_the_last_release(world: &World) {
    let last = world.terms.last_release_at();
    let ms = last.ms_since(world.now()).saturating_add(1);
    world
        .clock
        .advance(Duration::from_millis(u64::try_from(ms).unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_comes_back_past_the_last_release_is_told_to_nobody_and_withdrawn() {
    let world = World::open().await;
    let (slow, merchant, payment) = (
        world.slow.clone(),
        world.terms.merchant.clone(),
        world.payment(),
    );
    let asking = tokio::spawn(async move { slow.hand_over(&merchant, payment).await });
    world.write_waits().await;
    past_the_last_release(&world);
    world.let_it_go();
    let told = asking.await.unwrap();
    assert!(matches!(told, Err(Error::OutcomeUnknown)), "{told:?}");
    world.slow.settle(Duration::from_secs(10)).await;
    let facts = world.facts().await;
    let withdrawn = Fact::CloseBegun(CloseReason::Undelivered);
    assert_eq!(
        facts.iter().filter(|fact| **fact == Fact::Released).count(),
        1
    );
    assert!(facts.contains(&withdrawn), "{facts:?}");
    let after = world.quick.hand_over(&world.terms.merchant, payment).await;
    assert_eq!(after.unwrap().told().outcome, Outcome::NotPaid);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_release_begins_whose_limit_ends_past_the_last_release() {
    let world = World::open().await;
    let last = world.terms.last_release_at();
    let ms = last.ms_since(world.now()).saturating_sub(1_999);
    world
        .clock
        .advance(Duration::from_millis(u64::try_from(ms).unwrap()));
    let told = world
        .quick
        .hand_over(&world.terms.merchant, world.payment())
        .await;
    assert_eq!(told.unwrap().told().outcome, Outcome::Pending);
    assert!(!world.facts().await.contains(&Fact::Released));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_door_that_tells_another_doors_release_says_so_first_and_that_defeats_a_withdrawal() {
    let world = World::open().await;
    let (slow, merchant, payment) = (
        world.slow.clone(),
        world.terms.merchant.clone(),
        world.payment(),
    );
    let asking = tokio::spawn({
        let merchant = merchant.clone();
        async move { slow.hand_over(&merchant, payment).await }
    });
    world.write_waits().await;
    world.let_it_go();
    let first = asking.await.unwrap().unwrap();
    assert_eq!(first.told().outcome, Outcome::Paid);
    let second = world.quick.hand_over(&merchant, payment).await.unwrap();
    assert_eq!(second.told().outcome, Outcome::Paid);
    let third = world.quick.look(&merchant, payment).await.unwrap();
    assert_eq!(third.told().outcome, Outcome::Paid);
    let facts = world.facts().await;
    assert_eq!(
        facts.iter().filter(|fact| **fact == Fact::Retold).count(),
        1
    );
    let order = world.terms.order();
    let input = payment::Input::Withdraw { payment };
    let withdrawn = store::execute(&world.store, order, input, world.now(), 0).await;
    assert!(withdrawn.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_k6b_a_release_whose_client_hung_up_while_it_was_written_is_withdrawn() {
    let world = World::open().await;
    let (slow, merchant, payment) = (
        world.slow.clone(),
        world.terms.merchant.clone(),
        world.payment(),
    );
    let asking = tokio::spawn(async move { slow.hand_over(&merchant, payment).await });
    world.write_waits().await;
    asking.abort();
    assert!(asking.await.is_err());
    world.let_it_go();
    world.slow.settle(Duration::from_secs(20)).await;
    let facts = world.facts().await;
    assert!(facts.contains(&Fact::Released));
    let withdrawn = Fact::CloseBegun(CloseReason::Undelivered);
    assert!(facts.contains(&withdrawn), "{facts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_k6b_an_acknowledgement_is_written_before_it_is_answered_or_the_reversal_is() {
    let world = World::open().await;
    let (merchant, payment) = (&world.terms.merchant, world.payment());
    let early = world.quick.acknowledge(merchant, payment).await;
    assert!(matches!(early, Err(Error::NotAcknowledgeable(_))));
    let told = world.quick.hand_over(merchant, payment).await.unwrap();
    assert_eq!(told.told().outcome, Outcome::Paid);
    world.quick.acknowledge(merchant, payment).await.unwrap();
    let facts = world.facts().await;
    assert_eq!(facts.last(), Some(&Fact::Acknowledged));
    let again = world.quick.acknowledge(merchant, payment).await.unwrap();
    assert_eq!(again.told().outcome, Outcome::Paid);
    assert_eq!(world.facts().await.len(), facts.len());
}
