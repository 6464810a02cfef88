//! kill -9 of the whole process, twenty times at random moments, with payments in every stage.

use crate::merchant::{charged_minor, ledger};
use crate::process::Standalone;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

const KILLS: u64 = 20;

/// At once, lost answers, late PINs, late arrivals, refusals, a first cancel whose answer is lost.
const BEHAVIORS: [&str; 8] = [
    "0000", "0401", "0101", "0404", "0201", "0112", "0402", "0604",
];

/// Past the close (38 s), the margin for absence (60 s) and one more try.
const SETTLED_WITHIN: Duration = Duration::from_secs(150);

#[tokio::test(flavor = "multi_thread")]
async fn promise_4_after_twenty_kills_at_random_moments_everyone_agrees_and_nothing_was_paid_twice()
{
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let seed = RandomState::new().hash_one(1);
    let mut references = Vec::new();
    for round in 0..KILLS {
        let standalone = Standalone::start(&data).await;
        let mut tills = Vec::new();
        for (place, behavior) in BEHAVIORS.iter().enumerate() {
            let reference = format!("kill-{round}-{place}");
            let code = format!(
                "28{behavior}{:012}",
                round * 100 + u64::try_from(place).unwrap()
            );
            let scan = standalone.merchant.scan(&reference, &code);
            // The connection may break: that is the point.
            tills.push(tokio::spawn(async move { scan.send().await.is_ok() }));
            references.push(reference);
        }
        let moment_ms = 1 + mixed(seed, round) % 900;
        tokio::time::sleep(Duration::from_millis(moment_ms)).await;
        standalone.kill_nine().await;
        for till in tills {
            let _answered = till.await.unwrap();
        }
    }
    let standalone = Standalone::start(&data).await;
    let mut disagreements = Vec::new();
    let mut known = 0;
    for reference in &references {
        let found = standalone.merchant.find(reference).await;
        if found.is_some() {
            known += 1;
        }
        let settled = match &found {
            Some(payment) => {
                let id = payment["id"].as_str().unwrap();
                standalone.merchant.settled(id, SETTLED_WITHIN).await
            }
            None => serde_json::json!({ "status": "unknown", "outcome": "not_paid" }),
        };
        let at_alipay = ledger(&standalone.simulator, &format!("order-{reference}")).await;
        let pays = at_alipay
            .iter()
            .map(|payment| payment["calls"]["pay"].as_i64().unwrap());
        let once = pays.clone().all(|calls| calls <= 1) && pays.count() <= 1;
        let due_minor = if settled["outcome"] == "paid" {
            1280
        } else {
            0
        };
        let ended = ["paid", "failed", "cancelled", "reversed", "unknown"];
        let is_final = ended.iter().any(|status| settled["status"] == *status);
        if !once || !is_final || charged_minor(&at_alipay) != due_minor {
            disagreements.push(format!("{reference}: {settled} but {at_alipay:?}"));
        }
    }
    assert!(disagreements.is_empty(), "seed {seed}: {disagreements:#?}");
    assert!(
        known > references.len() / 4,
        "only {known} of {} were taken",
        references.len()
    );
    assert_eq!(standalone.stop().await, Some(0));
}

/// SplitMix64: a different moment for every round, the same for the same seed.
fn mixed(seed: u64, round: u64) -> u64 {
    let mut z = seed.wrapping_add(round.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
