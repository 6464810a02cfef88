//! Redis forgets everything while inquiries and notifications bring the same results; and it forgets,
//! stands still and is gone while every kind of sale is under way.

use super::{audited, engines, fleet, load, merchants, wired};
use crate::road::{SALES, judge};
use std::time::Duration;
use tokio::task::JoinSet;
use trials::fleet::{Fleet, Wiring};
use trials::load::Mix;
use trials::wire::{Harm, Wire};

/// How long each harm lasts; a sale goes on through the next ones.
const HARMED: Duration = Duration::from_secs(12);

#[tokio::test(flavor = "multi_thread")]
async fn case_x6_on_the_real_engines_one_result_is_taken_in_once_while_redis_forgets_every_lease() {
    let Some((engines, _turn)) = engines("Redis forgets every lease").await else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let fleet = fleet(dir.path(), &engines).await;
    // The customer confirms as an inquiry comes, and the notification follows at once, some twice.
    let race = Mix::new(vec![("0101", 2), ("0102", 1), ("0301", 1)]);
    let (load, tills) = load(&fleet, 12, race);
    for _ in 0..100 {
        engines.forget(fleet.place.prefix()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let sales = load.stop().await.unwrap();
    let paid = audited(&fleet, &tills, &sales).await;
    assert!(
        paid > sales.len() / 2,
        "only {paid} of {} were sold",
        sales.len()
    );
    fleet.stop().await.unwrap();
}

/// Begins one sale of every kind, each with an end that is known.
fn begin_every_kind(fleet: &Fleet, named: &str, tills: &mut JoinSet<Option<String>>) {
    let merchants = merchants(fleet);
    for (place, expected) in SALES.iter().enumerate() {
        let merchant = merchants[place % merchants.len()].clone();
        let simulator = fleet.simulator();
        let reference = format!("{named}-{}", expected.name);
        let code = format!("28{}{}{place:011}", expected.behavior, named.len());
        tills.spawn(async move { judge(&merchant, &simulator, expected, &reference, &code).await });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_x31_on_the_real_engines_with_redis_forgetful_still_or_gone_every_sale_ends_the_same()
{
    let Some((engines, _turn)) = engines("Redis forgetful, still and gone").await else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let fleet = wired(dir.path(), &engines, Wiring::Harmable).await;
    let mut tills = JoinSet::new();
    begin_every_kind(&fleet, "gone", &mut tills);
    fleet.wires.harm(Wire::Redis, Harm::Cut).unwrap();
    tokio::time::sleep(HARMED).await;
    fleet.wires.harm(Wire::Redis, Harm::HalfOpen).unwrap();
    begin_every_kind(&fleet, "still", &mut tills);
    tokio::time::sleep(HARMED).await;
    fleet.wires.harm(Wire::Redis, Harm::Whole).unwrap();
    begin_every_kind(&fleet, "forgetful", &mut tills);
    while tills.len() > SALES.len() {
        engines.forget(fleet.place.prefix()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        while let Some(ended) = tills.try_join_next() {
            assert_eq!(ended.unwrap(), None);
        }
    }
    fleet.wires.harm(Wire::Redis, Harm::Cut).unwrap();
    let wrong: Vec<String> = tills.join_all().await.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    fleet.stop().await.unwrap();
}
