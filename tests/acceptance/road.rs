//! The whole road over HTTP with production timings, many sales side by side in one process.

use crate::merchant::{MERCHANT_TIMEOUT, Merchant, answer, charged_minor, ledger};
use crate::process::Standalone;
use serde_json::Value;
use std::time::Duration;
use tokio::time::Instant;

/// A sale, and how everyone must see it.
pub(crate) struct Expected {
    pub(crate) name: &'static str,
    pub(crate) behavior: &'static str,
    outcome: &'static str,
    status: &'static str,
}

const fn expect(
    name: &'static str,
    behavior: &'static str,
    outcome: &'static str,
    status: &'static str,
) -> Expected {
    Expected {
        name,
        behavior,
        outcome,
        status,
    }
}

pub(crate) const SALES: [Expected; 14] = [
    expect("case_x1_lost_after_the_charge", "0401", "paid", "paid"),
    expect("case_x2_arrives_late_but_in_time", "0404", "paid", "paid"),
    expect("case_x4_charged_unheard", "0402", "not_paid", "cancelled"),
    expect("case_x29_another_amount", "0506", "not_paid", "reversed"),
    expect("case_x30_unsigned", "0501", "paid", "paid"),
    expect("case_x30_another_key", "0502", "paid", "paid"),
    expect("case_x30_one_space", "0503", "paid", "paid"),
    expect("http_500", "0504", "paid", "paid"),
    expect("slow_body", "0505", "paid", "paid"),
    expect("rule_a4_insufficient_balance", "0201", "not_paid", "failed"),
    expect("rule_a14_cancel_u_twice", "0601", "not_paid", "cancelled"),
    expect("rule_h1_forged", "0304", "not_paid", "cancelled"),
    expect("rule_h1_altered", "0305", "not_paid", "cancelled"),
    expect("rule_a17_notified_twice", "0301", "paid", "paid"),
];

#[tokio::test(flavor = "multi_thread")]
async fn promise_1_every_outcome_is_told_before_the_merchants_own_time_out_and_the_ledger_agrees() {
    let dir = tempfile::tempdir().unwrap();
    let standalone = Standalone::start(&dir.path().join("data")).await;
    let mut tills = tokio::task::JoinSet::new();
    for (place, expected) in SALES.iter().enumerate() {
        let merchant = standalone.merchant.clone();
        let simulator = standalone.simulator.clone();
        let code = format!("28{}{:012}", expected.behavior, place);
        tills.spawn(
            async move { judge(&merchant, &simulator, expected, expected.name, &code).await },
        );
    }
    let verdicts: Vec<Option<String>> = tills.join_all().await;
    let wrong: Vec<String> = verdicts.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(standalone.stop().await, Some(0));
}

/// What is wrong with how this sale went, if anything.
pub(crate) async fn judge(
    merchant: &Merchant,
    simulator: &str,
    expected: &Expected,
    reference: &str,
    code: &str,
) -> Option<String> {
    let began = Instant::now();
    let told = merchant.sell(reference, code).await;
    let after = began.elapsed();
    let id = told["id"].as_str().unwrap();
    let settled = merchant.settled(id, Duration::from_secs(30)).await;
    let at_alipay = ledger(simulator, &format!("order-{reference}")).await;
    let due_minor = if expected.outcome == "paid" { 1280 } else { 0 };
    let right = told["outcome"] == expected.outcome
        && settled["outcome"] == expected.outcome
        && settled["status"] == expected.status
        && after < MERCHANT_TIMEOUT
        && charged_minor(&at_alipay) == due_minor;
    (!right).then(|| format!("{reference} after {after:?}: {settled} {at_alipay:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn case_x17_ten_clicks_with_one_key_are_one_charge_and_ten_same_answers() {
    let dir = tempfile::tempdir().unwrap();
    let standalone = Standalone::start(&dir.path().join("data")).await;
    let clicks = (0..10).map(|_| {
        let merchant = standalone.merchant.clone();
        tokio::spawn(async move { merchant.sell("click", "280101000000000001").await })
    });
    let clicks: Vec<_> = clicks.collect();
    let mut answers: Vec<(Value, Value)> = Vec::new();
    for click in clicks {
        let answer = click.await.unwrap();
        answers.push((answer["id"].clone(), answer["outcome"].clone()));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    let at_alipay = ledger(&standalone.simulator, "order-click").await;
    assert_eq!((at_alipay.len(), charged_minor(&at_alipay)), (1, 1280));
    assert_eq!(standalone.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn case_x26_a_paid_sale_that_the_merchant_cancels_is_given_back_and_every_door_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let standalone = Standalone::start(&dir.path().join("data")).await;
    let merchant = &standalone.merchant;
    let paid = merchant.sell("back", "280000000000000001").await;
    assert_eq!(paid["outcome"], "paid");
    let id = paid["id"].as_str().unwrap();
    let cancel = merchant.request("POST", &format!("/v1/payments/{id}/cancel"));
    let (_, cancelled) = answer(cancel.header("Prefer", "wait=5")).await;
    assert_eq!(cancelled["outcome"], "not_paid");
    let settled = merchant.settled(id, Duration::from_secs(10)).await;
    assert_eq!(settled["status"], "reversed");
    let (_, history) = answer(merchant.request("GET", &format!("/v1/payments/{id}/events"))).await;
    assert!(history.to_string().contains("reversed"), "{history}");
    assert_eq!(
        charged_minor(&ledger(&standalone.simulator, "order-back").await),
        0
    );
    assert_eq!(standalone.stop().await, Some(0));
}
