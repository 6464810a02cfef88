//! A partition that is given away while a pay of its old owner is on the wire.

use super::{counted, engines, fleet, merchants, scanned};
use crate::merchant::{Merchant, answer, charged_minor, ledger};
use serde_json::Value;
use std::time::Duration;
use tokio::time::Instant;
use trials::fleet::{Fleet, Role};

const SALES: usize = 16;

/// An order is looked at again within 2 s of its wake-up, which is 3 s after an answer that decided
/// nothing; the last second is a busy machine's.
const WATCHED_WITHIN_MS: i64 = 3_000 + 2_000 + 1_000;

/// Milliseconds of the day in `2026-11-24T17:39:48.123Z`.
fn ms_of_day(at: &Value) -> i64 {
    let text = at.as_str().unwrap();
    let number = |from: usize, length: usize| text[from..from + length].parse::<i64>().unwrap();
    ((number(11, 2) * 60 + number(14, 2)) * 60 + number(17, 2)) * 1_000 + number(20, 3)
}

const BEGUN: &str = "orchestrator_calls_begun_total{call=\"pay\"}";

/// How many pays each of these has begun.
async fn pays(fleet: &mut Fleet) -> Vec<u64> {
    let mut pays = Vec::new();
    for orchestrator in fleet.all(Role::Orchestrator) {
        let address = orchestrator.address.clone().unwrap();
        pays.push(counted(&address, BEGUN).await);
    }
    pays
}

/// Sells until each orchestrator has partitions.
async fn until_both_work(fleet: &mut Fleet, merchant: &Merchant) {
    for number in 0.. {
        let pays = pays(fleet).await;
        if pays.iter().all(|pays| *pays > 0) {
            return;
        }
        let code = format!("280000{number:012}");
        merchant.sell(&format!("warm-{number}"), &code).await;
        assert!(number < 200, "one of them has no partition: {pays:?}");
    }
}

/// Until so many more pays are on the wire.
async fn until_begun(fleet: &mut Fleet, pays_before: &[u64], more: usize) {
    let enough = pays_before.iter().sum::<u64>() + u64::try_from(more).unwrap();
    let deadline = Instant::now() + Duration::from_secs(4);
    while pays(fleet).await.iter().sum::<u64>() < enough {
        assert!(Instant::now() < deadline, "they are not begun");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The longest time in which nobody looked at the order, from an answer to the next question.
fn longest_unwatched_ms(history: &Value) -> i64 {
    let events = history["events"].as_array().unwrap();
    let mut longest_ms = 0;
    let mut answered_at = None;
    for event in events {
        if event["type"] == "answered" {
            answered_at = Some(ms_of_day(&event["at"]));
        }
        if let ("asked", Some(before)) = (event["type"].as_str().unwrap(), answered_at) {
            let wait_ms = (ms_of_day(&event["at"]) - before).rem_euclid(86_400_000);
            longest_ms = longest_ms.max(wait_ms);
        }
    }
    longest_ms
}

#[tokio::test(flavor = "multi_thread")]
async fn case_x35_on_the_real_engines_a_pay_on_the_wire_of_a_partition_given_away_is_still_watched()
{
    let Some((engines, _turn)) = engines("a rebalance with pays on the wire").await else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let mut fleet = fleet(dir.path(), &engines).await;
    let merchants = merchants(&fleet);
    let simulator = fleet.simulator();
    until_both_work(&mut fleet, &merchants[0]).await;
    let pays_before = pays(&mut fleet).await;
    let mut ids = Vec::new();
    for number in 0..SALES {
        // The pay reaches Alipay 8 seconds late; it is given up after 5.
        let code = format!("280404{number:012}");
        let merchant = &merchants[number % 2];
        ids.push(scanned(merchant, &format!("x35-{number}"), &code).await);
    }
    // One more takes partitions over, and one of the old owners gives all of its own away.
    until_begun(&mut fleet, &pays_before, SALES).await;
    fleet.join(Role::Orchestrator, &[]).await.unwrap();
    let leaving = fleet.member(Role::Orchestrator, 1).unwrap();
    let before = tokio::fs::read_to_string(leaving.log()).await.unwrap();
    leaving.stop().await.unwrap();
    let said = tokio::fs::read_to_string(leaving.log()).await.unwrap();
    let last = said[before.len()..].lines();
    let answers = last.filter(|line| line.contains("Alipay was asked"));
    let appended_last = answers.filter(|line| line.contains("\"pay\"")).count();
    assert!(appended_last > 0, "it had no pay on the wire: {said}");
    let mut longest_ms = 0;
    for (number, id) in ids.iter().enumerate() {
        let told = merchants[number % 2].wait(id).await;
        let at_alipay = ledger(&simulator, &format!("order-x35-{number}")).await;
        assert_eq!(told["outcome"], "paid", "{told} {at_alipay:?}");
        assert_eq!(at_alipay[0]["calls"]["pay"], 1, "{at_alipay:?}");
        assert_eq!(charged_minor(&at_alipay), 1280, "{at_alipay:?}");
        let events = merchants[0].request("GET", &format!("/v1/payments/{id}/events"));
        let (_, history) = answer(events).await;
        let unwatched_ms = longest_unwatched_ms(&history);
        assert!(unwatched_ms <= WATCHED_WITHIN_MS, "{history}");
        longest_ms = longest_ms.max(unwatched_ms);
    }
    eprintln!("{appended_last} answers came to the old owner; unwatched at most {longest_ms} ms");
    fleet.stop().await.unwrap();
}
