//! Orchestrators killed and frozen while payments are under way.

use super::{audited, engines, fleet, load};
use std::ops::Range;
use std::time::Duration;
use trials::fleet::Role;
use trials::load::{Mix, Sale};
use trials::signal::Signal;

/// Longer than Kafka waits (1 s on the stack's own broker) before it gives a member's partitions
/// to others, and than the last begin (5 s) of what lies there.
const PAST_ITS_SESSION: Duration = Duration::from_secs(20);

/// PINs, lost answers, late arrivals: sales that are under way for a while.
fn slow() -> Mix {
    Mix::new(vec![
        ("0000", 4),
        ("0101", 2),
        ("0112", 2),
        ("0401", 2),
        ("0404", 1),
    ])
}

/// How many customers who paid at once, in this time, were sold to, and how many there were.
fn smooth_sold(sales: &[Sale], within: &Range<u64>) -> (usize, usize) {
    let smooth = sales.iter().filter(|sale| sale.behavior == "0000");
    let smooth = smooth.filter(|sale| within.contains(&sale.began_us) && !sale.cancel_was_asked());
    let told = |sale: &Sale| {
        let mut heard = sale.heard.iter();
        heard.any(|heard| heard.said.outcome() == Some("paid"))
    };
    let all: Vec<&Sale> = smooth.collect();
    let sold = all.iter().filter(|sale| told(sale)).count();
    (sold, all.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn case_x11_on_the_real_engines_an_orchestrator_killed_mid_payment_loses_and_repeats_nothing()
{
    let Some((engines, _turn)) = engines("an orchestrator killed mid-payment").await else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let mut fleet = fleet(dir.path(), &engines).await;
    let (load, tills) = load(&fleet, 8, slow());
    let mut back_us = Vec::new();
    for number in [1, 2] {
        tokio::time::sleep(Duration::from_secs(5)).await;
        let orchestrator = fleet.member(Role::Orchestrator, number).unwrap();
        orchestrator.kill_nine().await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        orchestrator.start().await.unwrap();
        back_us.push(load.clock().now_us());
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    let sales = load.stop().await.unwrap();
    audited(&fleet, &tills, &sales).await;
    // A killed one's partitions are another's before what waits there is too late to be begun.
    for since_us in back_us {
        let within = since_us..since_us + 4_000_000;
        let (sold, all) = smooth_sold(&sales, &within);
        assert!(sold * 4 >= all * 3, "back again, and {sold} of {all} sold");
    }
    fleet.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn case_x12_on_the_real_engines_a_zombie_that_wakes_past_its_session_does_no_harm() {
    let Some((engines, _turn)) = engines("an orchestrator frozen past its session").await else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let mut fleet = fleet(dir.path(), &engines).await;
    let (load, tills) = load(&fleet, 4, slow());
    tokio::time::sleep(Duration::from_secs(4)).await;
    let zombie = fleet.member(Role::Orchestrator, 1).unwrap();
    zombie.signal(Signal::Freeze).await.unwrap();
    tokio::time::sleep(PAST_ITS_SESSION).await;
    let awake_us = load.clock().now_us();
    zombie.signal(Signal::Thaw).await.unwrap();
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(
        fleet.start_what_ended().await.unwrap(),
        Vec::<String>::new()
    );
    let sales = load.stop().await.unwrap();
    let sold_after = |since_us| {
        let later = sales.iter().filter(move |sale| sale.began_us > since_us);
        later.filter(|sale| {
            sale.heard
                .iter()
                .any(|heard| heard.said.outcome() == Some("paid"))
        })
    };
    assert!(sold_after(awake_us).count() > 0, "nothing is sold any more");
    audited(&fleet, &tills, &sales).await;
    fleet.stop().await.unwrap();
}
