//! Two orchestrators that want the same call of the same order at the same instant.

use super::{counted, engines, fleet, merchants, scanned};
use crate::merchant::{answer, charged_minor, ledger};
use std::time::Duration;
use tokio::time::Instant;
use trials::fleet::Role;
use trials::signal::Signal;

const SALES: usize = 24;

/// A little before the close (38 s), counted from the first scan.
const BEFORE_THE_CLOSE: Duration = Duration::from_secs(37);

/// So long after the close that a wake-up is anybody's (2 s), counted from the last scan.
const ANYBODYS: Duration = Duration::from_millis(40_500);

/// How often this call was written down in a payment's history.
fn begun(history: &serde_json::Value, call: &str) -> usize {
    let events = history["events"].as_array().unwrap().iter();
    let asked = events.filter(|event| event["type"] == "asked");
    asked.filter(|event| event["call"] == call).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn case_x13_on_the_real_engines_two_orchestrators_that_want_the_same_cancel_make_one_call() {
    let Some((engines, _turn)) = engines("two orchestrators, one cancel").await else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let mut fleet = fleet(dir.path(), &engines).await;
    let merchants = merchants(&fleet);
    let simulator = fleet.simulator();
    let first_scan = Instant::now();
    let mut ids = Vec::new();
    for number in 0..SALES {
        // The customer never types the PIN.
        let code = format!("280199{number:012}");
        let merchant = &merchants[number % 2];
        ids.push(scanned(merchant, &format!("x13-{number}"), &code).await);
    }
    let last_scan = Instant::now();
    tokio::time::sleep_until(first_scan + BEFORE_THE_CLOSE).await;
    for orchestrator in fleet.all(Role::Orchestrator) {
        orchestrator.signal(Signal::Freeze).await.unwrap();
    }
    tokio::time::sleep_until(last_scan + ANYBODYS).await;
    // Both wake with every close-out due: the one that had the order by its timer, the other by
    // its sweep.
    for orchestrator in fleet.all(Role::Orchestrator) {
        orchestrator.signal(Signal::Thaw).await.unwrap();
    }
    for (number, id) in ids.iter().enumerate() {
        let settled = merchants[0].settled(id, Duration::from_secs(30)).await;
        assert_eq!(settled["status"], "cancelled", "{settled}");
        let at_alipay = ledger(&simulator, &format!("order-x13-{number}")).await;
        assert_eq!(at_alipay[0]["calls"]["cancel"], 1, "{at_alipay:?}");
        assert_eq!(charged_minor(&at_alipay), 0, "{at_alipay:?}");
        let events = merchants[1].request("GET", &format!("/v1/payments/{id}/events"));
        let (_, history) = answer(events).await;
        assert_eq!(begun(&history, "cancel"), 1, "{history}");
    }
    let mut conflicts = 0;
    for orchestrator in fleet.all(Role::Orchestrator) {
        let address = orchestrator.address.clone().unwrap();
        conflicts += counted(&address, "orchestrator_conflicts_total").await;
    }
    eprintln!("{conflicts} times one orchestrator was too late for what the other had begun");
    assert!(conflicts > 0, "they never met");
    fleet.stop().await.unwrap();
}
