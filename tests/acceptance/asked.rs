//! What an operator asks on the command line beside a standalone at work: a token, what stands open,
//! one payment's story; and what an operator does by hand.

use crate::by_hand::{self, Desk};
use crate::merchant::{Merchant, answer, ledger};
use crate::process::{Standalone, tidegate};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// Exit code, standard output, standard error.
async fn asked(data: &Path, words: &[&str]) -> (Option<i32>, String, String) {
    let mut command = tidegate();
    let output = command.args(words).arg("--data-dir").arg(data).output();
    let output = output.await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

async fn json(data: &Path, words: &[&str]) -> Value {
    let (code, out, err) = asked(data, words).await;
    assert_eq!(code, Some(0), "{err}");
    serde_json::from_str(&out).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_from_the_command_line_sells_and_an_unknown_merchant_gets_none() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let standalone = Standalone::start(&data).await;
    let (code, token, said) = asked(&data, &["token", "--merchant", "demo-merchant"]).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("good until 20"), "{said}");
    assert!(!said.contains(token.trim()), "a token is no message");
    let merchant = Merchant::new(&standalone.gateway, token.trim());
    let paid = merchant.sell("token", "280000000000000001").await;
    assert_eq!(paid["outcome"], "paid");

    let (code, out, said) = asked(&data, &["token", "--merchant", "nobody"]).await;
    assert_eq!((code, out.as_str()), (Some(64), ""), "{said}");
    assert!(
        said.contains("nobody") && said.contains("demo-merchant"),
        "{said}"
    );
    let nowhere = dir.path().join("nowhere");
    let (code, _, said) = asked(&nowhere, &["token", "--merchant", "demo-merchant"]).await;
    assert_eq!(code, Some(69), "{said}");
    assert!(said.contains("--data-dir"), "{said}");
    assert!(!nowhere.exists(), "asking makes nothing");
    assert_eq!(standalone.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_sees_what_stands_open_and_reads_its_story_while_the_standalone_runs() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let standalone = Standalone::start(&data).await;
    let merchant = &standalone.merchant;
    // Charged, and the answer lost: the first inquiry finds it.
    let paid = merchant.sell("lost", "280401000000000001").await;
    assert_eq!(paid["outcome"], "paid");
    // The customer never types the PIN.
    let (_, open) = answer(merchant.scan("open", "280199000000000002")).await;
    let id = open["id"].as_str().unwrap();

    let listed = json(&data, &["payments", "list", "--open", "--json"]).await;
    let payments = listed["payments"].as_array().unwrap();
    assert_eq!(payments.len(), 1, "{listed}");
    assert_eq!(payments[0]["id"], id);
    assert_eq!(payments[0]["outcome"], "pending");
    let (_, text, _) = asked(&data, &["payments", "list"]).await;
    assert!(text.contains(id), "{text}");
    assert!(text.ends_with("1 payment is open.\n"), "{text}");
    let (_, text, _) = asked(&data, &["payments", "list", "--needs-attention"]).await;
    assert_eq!(text, "No payment needs attention.\n");

    let request_id = paid["payment_request_id"].as_str().unwrap();
    for name in [
        paid["id"].as_str().unwrap(),
        request_id,
        paid["alipay_payment_id"].as_str().unwrap(),
        "order-lost",
        "lost",
    ] {
        let (code, text, said) = asked(&data, &["payments", "show", name]).await;
        assert_eq!(code, Some(0), "{name}: {said}");
        for sentence in [
            "a worker asked Alipay to pay CNY 12.80; after ",
            "the connection ended without an answer.",
            "a worker asked Alipay how the payment stands; after ",
            "that the customer was charged CNY 12.80 (paymentId ",
            "the merchant was told paid.",
            "For Alipay's support:",
            request_id,
            "inquiryPayment at ",
        ] {
            assert!(text.contains(sentence), "{name}: {sentence}: {text}");
        }
        assert!(!text.contains("280401000000000001"), "a payment code");
    }
    let shown = json(&data, &["payments", "show", "lost", "--json"]).await;
    let support = &shown["payments"][0]["support"];
    assert_eq!(support["payment_request_id"], request_id);
    assert_eq!(support["calls"][1]["result"], "S, paymentStatus SUCCESS");
    let (code, _, said) = asked(&data, &["payments", "show", "no-such-thing"]).await;
    assert_eq!(code, Some(64), "{said}");
    assert!(
        said.contains("no payment is known by `no-such-thing`"),
        "{said}"
    );
    assert_eq!(standalone.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operators_look_at_an_approval_releases_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let standalone = Standalone::start(&data).await;
    let merchant = &standalone.merchant;
    // Approved at once, and no door is asked: it stands unreleased.
    let scan = merchant.scan("unheard", "280000000000000001");
    let (_, taken) = answer(scan).await;
    assert_eq!(taken["outcome"], "pending");
    let charged = async || {
        !ledger(&standalone.simulator, "order-unheard")
            .await
            .is_empty()
    };
    while !charged().await {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for _ in 0..5 {
        let shown = json(&data, &["payments", "show", "unheard", "--json"]).await;
        let shown = &shown["payments"][0];
        assert_eq!(shown["outcome"], "pending", "{shown}");
        let told = shown["story"].to_string().contains("was told paid");
        assert!(!told, "{shown}");
    }
    assert_eq!(standalone.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_a15_an_operator_resolves_a_payment_while_the_standalone_runs_and_its_status_stays() {
    at_the_desk(async |desk| by_hand::resolves(desk).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_is_replayed_while_the_standalone_runs_and_a_late_pay_is_never_sent() {
    at_the_desk(async |desk| by_hand::replays(desk).await).await;
}

/// Beside a standalone at work.
async fn at_the_desk(work: impl AsyncFnOnce(&Desk<'_>)) {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let standalone = Standalone::start(&data).await;
    let command = |words: &[&str]| {
        let mut command = tidegate();
        command.args(words).arg("--data-dir").arg(&data);
        command
    };
    let database = data.join("tidegate.sqlite3");
    let desk = Desk {
        store: store::Store::of_file(&database).await.unwrap(),
        sealing_key: &data.join("sealing.key"),
        merchant: standalone.merchant.clone(),
        simulator: standalone.simulator.clone(),
        command: &command,
    };
    work(&desk).await;
    desk.store.close().await;
    assert_eq!(standalone.stop().await, Some(0));
}
