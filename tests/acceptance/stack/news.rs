//! What one gateway learns of what came in through another, and how soon.

use super::{engines, fleet, merchants};
use crate::merchant::answer;
use std::time::Duration;
use tokio::time::Instant;
use trials::show::percentile_us;

const CANCELS: usize = 20;

/// For the median, on a machine that does much else meanwhile.
const SOON: Duration = Duration::from_millis(1_000);

#[tokio::test(flavor = "multi_thread")]
async fn a_long_poll_at_one_gateway_learns_at_once_of_a_cancel_that_came_in_through_the_other() {
    let Some((engines, _turn)) = engines("news between gateways").await else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let fleet = fleet(dir.path(), &engines).await;
    let merchants = merchants(&fleet);
    let mut took_us = Vec::new();
    for number in 0..CANCELS {
        // The customer never types the PIN.
        let code = format!("280199{number:012}");
        let scan = merchants[1].scan(&format!("news-{number}"), &code);
        let (_, scanned) = answer(scan.header("Prefer", "wait=1")).await;
        let id = scanned["id"].as_str().unwrap().to_owned();
        let (poll, waited) = (merchants[0].clone(), id.clone());
        let poll = tokio::spawn(async move { (poll.wait(&waited).await, Instant::now()) });
        tokio::time::sleep(Duration::from_millis(200)).await;
        let asked_at = Instant::now();
        let path = format!("/v1/payments/{id}/cancel");
        answer(merchants[1].request("POST", &path)).await;
        let (told, told_at) = poll.await.unwrap();
        assert_eq!(told["outcome"], "not_paid", "{told}");
        let took = told_at.duration_since(asked_at);
        took_us.push(u64::try_from(took.as_micros()).unwrap());
    }
    let median = Duration::from_micros(percentile_us(took_us.clone(), 50));
    eprintln!("a cancel is told by the other gateway after {median:?} (median of {CANCELS})");
    assert!(median < SOON, "{took_us:?}");
    fleet.stop().await.unwrap();
}
