//! The whole road, as tests/acceptance/road.rs has it, through two gateways and two orchestrators.

use super::{engines, fleet, merchants};
use crate::road::{SALES, judge};

#[tokio::test(flavor = "multi_thread")]
async fn promise_1_on_the_real_engines_every_outcome_is_told_in_time_and_the_ledger_agrees() {
    let Some((engines, _turn)) = engines("the road on the real engines").await else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let fleet = fleet(dir.path(), &engines).await;
    let merchants = merchants(&fleet);
    let simulator = fleet.simulator();
    let mut tills = tokio::task::JoinSet::new();
    for (place, expected) in SALES.iter().enumerate() {
        let merchant = merchants[place % merchants.len()].clone();
        let simulator = simulator.clone();
        let code = format!("28{}{:012}", expected.behavior, place);
        tills.spawn(
            async move { judge(&merchant, &simulator, expected, expected.name, &code).await },
        );
    }
    let verdicts = tills.join_all().await;
    let wrong: Vec<String> = verdicts.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    // Ends otherwise than 0 if what the projector made of these sales did not agree with history.
    fleet.ask(&["rebuild"], &[]).await.unwrap();
    fleet.stop().await.unwrap();
}
