//! The keys of both parties, while one gives way to the next (ADR 43).

use crate::counter::{CLIENT_ID, Counter};
use alipay::signature::{Bound, FreshKeys, Signer, Verifier};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::path::Path;

const INQUIRY: &str = "inquiryPayment";

/// One of the simulator's own calls about keys.
async fn desk(counter: &Counter, method: &str, party: &str, body: &str) -> (StatusCode, Value) {
    let url = format!("{}/simulator/keys/{party}", counter.base);
    let request = reqwest::Client::new().request(method.parse().unwrap(), url);
    let answer = request.body(body.to_owned()).send().await.unwrap();
    let (status, body) = (answer.status(), answer.bytes().await.unwrap());
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

fn file(dir: &Path, name: &str) -> String {
    std::fs::read_to_string(dir.join(name)).unwrap()
}

/// What a request that this key signs comes to.
async fn code(counter: &Counter, signer: &Signer) -> String {
    let asked = json!({ "paymentRequestId": "P-1" });
    let answer = counter.signed_by(signer, INQUIRY, &asked).await;
    let told: Value = answer.json().await.unwrap();
    told["result"]["resultCode"].as_str().unwrap().to_owned()
}

/// Which of these public keys the next answer is signed with, and as which version.
async fn signed_with(counter: &Counter, ours: &Signer, keys: &[String]) -> (usize, String) {
    let asked = json!({ "paymentRequestId": "P-1" });
    let answer = counter.signed_by(ours, INQUIRY, &asked).await;
    let header = |name: &str| {
        let value = answer.headers().get(name).unwrap();
        value.to_str().unwrap().to_owned()
    };
    let (signature, time) = (header("signature"), header("response-time"));
    let body = answer.bytes().await.unwrap();
    let bound = Bound {
        path: "/ams/sandbox/api/v1/payments/inquiryPayment",
        client_id: CLIENT_ID,
        time: &time,
    };
    let fits = |pem: &String| {
        let verifier = Verifier::from_pem(pem).unwrap();
        verifier.verify(&bound, &body, &signature).is_ok()
    };
    let version = signature.split(',').nth(1).unwrap().to_owned();
    (keys.iter().position(fits).unwrap(), version)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_further_key_of_the_accounts_is_believed_by_its_version_until_it_is_revoked() {
    let dir = tempfile::tempdir().unwrap();
    let counter = Counter::open(dir.path());
    let fresh = FreshKeys::make().unwrap();
    let old = |version| Signer::from_pem(&file(dir.path(), "ours"), version).unwrap();
    let new = |version| Signer::from_pem(&fresh.private_pem, version).unwrap();
    let (known, unknown) = ("ORDER_NOT_EXIST", "INVALID_SIGNATURE");
    assert_eq!(code(&counter, &old(1)).await, known);
    assert_eq!(code(&counter, &new(2)).await, unknown, "not sent in yet");
    let (status, told) = desk(&counter, "POST", "account", &fresh.public_pem).await;
    assert_eq!(
        (status, told),
        (StatusCode::CREATED, json!({ "version": 2 }))
    );
    for (signer, due) in [
        (old(1), known),
        (new(2), known),
        (old(2), unknown),
        (new(1), unknown),
        (new(3), unknown),
    ] {
        assert_eq!(code(&counter, &signer).await, due);
    }
    let (status, _) = desk(&counter, "PUT", "account", "[2]").await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(code(&counter, &old(1)).await, unknown, "revoked");
    assert_eq!(code(&counter, &new(2)).await, known);
    counter.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn alipay_signs_with_its_old_key_then_with_both_by_turns_then_with_the_new_one_only() {
    let dir = tempfile::tempdir().unwrap();
    let counter = Counter::open(dir.path());
    let ours = Signer::from_pem(&file(dir.path(), "ours"), 1).unwrap();
    let (status, told) = desk(&counter, "POST", "alipay", "").await;
    assert_eq!((status, &told["version"]), (StatusCode::CREATED, &json!(2)));
    let new = told["public_key"].as_str().unwrap().to_owned();
    let keys = [file(dir.path(), "alipays.pub"), new];
    let (old, new) = (
        (0, "keyVersion=1".to_owned()),
        (1, "keyVersion=2".to_owned()),
    );
    for (in_force, due) in [
        ("[1]", [&old, &old]),
        ("[1,2]", [&old, &new]),
        ("[2]", [&new, &new]),
    ] {
        let (status, _) = desk(&counter, "PUT", "alipay", in_force).await;
        assert_eq!(status, StatusCode::NO_CONTENT);
        let mut found = [
            signed_with(&counter, &ours, &keys).await,
            signed_with(&counter, &ours, &keys).await,
        ];
        found.sort();
        assert_eq!(found.each_ref(), due, "{in_force}");
    }
    counter.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_key_or_no_version_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let counter = Counter::open(dir.path());
    for (method, party, body) in [
        ("POST", "account", "-----BEGIN"),
        ("PUT", "account", "[]"),
        ("PUT", "account", "[0]"),
        ("PUT", "account", "[1,2]"),
        ("PUT", "alipay", "[2]"),
        ("PUT", "alipay", "2"),
    ] {
        let (status, told) = desk(&counter, method, party, body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{method} {party} {body}");
        assert!(told["detail"].is_string(), "{told}");
    }
    let (status, _) = desk(&counter, "POST", "nobody", "").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let ours = Signer::from_pem(&file(dir.path(), "ours"), 1).unwrap();
    assert_eq!(code(&counter, &ours).await, "ORDER_NOT_EXIST");
    counter.close().await;
}
