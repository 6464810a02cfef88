//! Every orchestrator down across the deadline, with an approval waiting in Kafka.

use super::{engines, fleet, merchants};
use crate::merchant::{answer, charged_minor, ledger};
use std::time::Duration;
use trials::fleet::Role;

/// Past the last release (43 s), counted from the scan.
const PAST_THE_LAST_RELEASE: Duration = Duration::from_secs(44);

#[tokio::test(flavor = "multi_thread")]
async fn case_x25_on_the_real_engines_an_approval_that_waited_past_the_deadline_is_given_back() {
    let Some((engines, _turn)) = engines("orchestrators down across the deadline").await else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let mut fleet = fleet(dir.path(), &engines).await;
    let merchants = merchants(&fleet);
    let simulator = fleet.simulator();
    // The customer types the PIN for 12 seconds.
    let (_, scanned) = answer(merchants[0].scan("late", "280112000000000001")).await;
    let scanned_at = tokio::time::Instant::now();
    let id = scanned["id"].as_str().unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    for orchestrator in fleet.all(Role::Orchestrator) {
        orchestrator.kill_nine().await.unwrap();
    }
    tokio::time::sleep_until(scanned_at + PAST_THE_LAST_RELEASE).await;
    assert_eq!(charged_minor(&ledger(&simulator, "order-late").await), 1280);
    for merchant in &merchants {
        assert_eq!(merchant.look(id).await["outcome"], "not_paid");
    }
    for orchestrator in fleet.all(Role::Orchestrator) {
        orchestrator.start().await.unwrap();
    }
    let settled = merchants[1].settled(id, Duration::from_secs(60)).await;
    let at_alipay = ledger(&simulator, "order-late").await;
    assert_eq!(settled["outcome"], "not_paid", "{settled} {at_alipay:?}");
    assert_eq!(charged_minor(&at_alipay), 0, "{settled} {at_alipay:?}");
    fleet.stop().await.unwrap();
}
