//! A crowd at the door of a process that may open few files: payments under way are not its victims.

use crate::merchant::{answer, charged_minor, ledger};
use crate::process::Standalone;
use std::time::Duration;
use tokio::net::TcpStream;

/// The soft limit of most systems; here the hard one too, so that raising does not help.
const FILES_MAX: u32 = 1_024;

const IDLE: usize = 1_500;

/// Paid after twelve seconds of typing, within which Alipay is asked several times.
const SLOW: &str = "280112000000000001";

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_five_hundred_idle_connections_cost_no_sale_and_keep_no_till_out() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let standalone = Standalone::start_with_files(&data, FILES_MAX).await;
    let sales: Vec<_> = (0..6)
        .map(|number| {
            let merchant = standalone.merchant.clone();
            let reference = format!("s-{number}");
            tokio::spawn(async move { merchant.sell(&reference, SLOW).await })
        })
        .collect();
    for number in 0..6 {
        while ledger(&standalone.simulator, &format!("order-s-{number}"))
            .await
            .is_empty()
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    let address = standalone.gateway.trim_start_matches("http://").to_owned();
    let crowd = tokio::spawn(async move {
        let mut idle = Vec::new();
        for _ in 0..IDLE {
            // What is not taken in waits at the system's door, or is refused there.
            let connecting = TcpStream::connect(address.as_str());
            let connected = tokio::time::timeout(Duration::from_millis(100), connecting).await;
            idle.extend(connected.ok().and_then(Result::ok));
        }
        idle
    });
    // A till that comes into the crowd is served all the same.
    let merchant = standalone.merchant.clone();
    let idle = crowd.await.unwrap();
    assert!(idle.len() > 700, "no crowd: {}", idle.len());
    let late = merchant.sell("late", "280000000000000001");
    let late = tokio::time::timeout(Duration::from_secs(20), late).await;
    assert_eq!(late.expect("the till was kept out")["outcome"], "paid");
    for (number, sale) in sales.into_iter().enumerate() {
        assert_eq!(sale.await.unwrap()["outcome"], "paid", "sale {number}");
        let held = ledger(&standalone.simulator, &format!("order-s-{number}")).await;
        assert_eq!(charged_minor(&held), 1_280);
    }
    let metrics = reqwest::get(&standalone.metrics).await.unwrap();
    let metrics = metrics.text().await.unwrap();
    assert!(metrics.contains("gateway_connections_max 768"), "{metrics}");
    let unsent = metrics
        .lines()
        .find(|line| line.contains("outcome=\"not_sent\"") && !line.ends_with(" 0"));
    assert_eq!(unsent, None, "a call found no file left");
    drop(idle);
    let (status, _) = answer(standalone.merchant.anonymous("GET", "/docs/errors")).await;
    assert_eq!(status.as_u16(), 200);
    assert_eq!(standalone.stop().await, Some(0));
}
