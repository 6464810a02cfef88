//! Tokens: each way in which one can be wrong has its own code.

use crate::house::{House, problem, sale, settings};
use crate::issuer::{self, IssuerKey};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;

const FIND: &str = "/v1/payments?order_id=o-1";

async fn refused(house: &House, token: &str, code: &str) {
    let response = house
        .bare("GET", FIND)
        .bearer_auth(token)
        .send()
        .await
        .unwrap();
    let challenge = response.headers()["www-authenticate"].to_str().unwrap();
    assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
    let body = problem(response, 401, code).await;
    assert!(token.len() < 20 || !body.to_string().contains(token));
}

async fn refused_with(claim: &str, value: Value, code: &str) {
    let house = House::open().await;
    let mut claims = house.claims("m-1");
    claims[claim] = value;
    refused(&house, &house.key.sign(&claims), code).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_nothing_is_done() {
    let house = House::open().await;
    let response = house.bare("GET", FIND).send().await.unwrap();
    assert_eq!(
        response.headers()["www-authenticate"],
        "Bearer realm=\"tidegate\""
    );
    problem(response, 401, "missing_token").await;
    let basic = house
        .bare("GET", FIND)
        .header("Authorization", "Basic bTox");
    problem(basic.send().await.unwrap(), 401, "missing_token").await;
    let pay = house.bare("POST", "/v1/payments").json(&sale("o-1"));
    problem(pay.send().await.unwrap(), 401, "missing_token").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unsigned_and_symmetric_tokens_are_of_a_wrong_algorithm() {
    let house = House::open().await;
    let claims = house.claims("m-1");
    refused(&house, &issuer::unsigned(&claims), "wrong_algorithm").await;
    refused(&house, &issuer::symmetric(&claims), "wrong_algorithm").await;
    // A listed algorithm, but not the one that the named key is for.
    let forged = IssuerKey::p256("ed-1").sign(&claims);
    refused(&house, &forged, "wrong_algorithm").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_foreign_signatures_and_changed_claims_are_not_believed() {
    let house = House::open().await;
    let claims = house.claims("m-1");
    for garbage in ["x", "a.b.c", "a.b", "e30.e30.e30.e30"] {
        refused(&house, garbage, "invalid_token").await;
    }
    // RFC 7515, 4.1.11: what must be understood, and is not, can't be passed over.
    let critical = house.key.sign_critical(&claims);
    refused(&house, &critical, "invalid_token").await;
    let foreign = IssuerKey::ed25519("ed-1").sign(&claims);
    refused(&house, &foreign, "invalid_token").await;
    let (mine, theirs) = (house.token("m-1"), house.token("m-2"));
    let (mine, theirs): (Vec<_>, Vec<_>) = (mine.split('.').collect(), theirs.split('.').collect());
    let changed = [mine[0], theirs[1], mine[2]].join(".");
    refused(&house, &changed, "invalid_token").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn times_are_compared_with_the_clock_less_the_leeway() {
    let house = House::open().await;
    let token = house.token("m-1");
    house.clock.advance(Duration::from_secs(329));
    let in_time = house.bare("GET", FIND).bearer_auth(&token);
    assert_eq!(in_time.send().await.unwrap().status(), StatusCode::OK);
    house.clock.advance(Duration::from_secs(1));
    refused(&house, &token, "expired_token").await;
    let now_s = crate::house::T0_MS / 1_000;
    refused_with("nbf", json!(now_s + 31), "token_not_yet_valid").await;
    refused_with("exp", Value::Null, "invalid_token").await;
    refused_with("exp", json!("soon"), "invalid_token").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn issuer_audience_and_merchant_must_be_ours() {
    refused_with("iss", json!("https://other.example"), "wrong_issuer").await;
    refused_with("iss", Value::Null, "wrong_issuer").await;
    refused_with("aud", json!("other"), "wrong_audience").await;
    refused_with("aud", json!(["other", 7]), "wrong_audience").await;
    refused_with("merchant_id", Value::Null, "invalid_token").await;
    refused_with("merchant_id", json!("m/1"), "invalid_token").await;
    let house = House::open().await;
    let mut claims = house.claims("m-1");
    claims["aud"] = json!(["other", issuer::AUDIENCE]);
    let several = house.bare("GET", FIND).bearer_auth(house.key.sign(&claims));
    assert_eq!(several.send().await.unwrap().status(), StatusCode::OK);
    let unknown = house.bare("GET", FIND).bearer_auth(house.token("m-9"));
    problem(
        unknown.send().await.unwrap(),
        403,
        "merchant_not_configured",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_needs_its_scope() {
    let house = House::open().await;
    let mut claims = house.claims("m-1");
    claims["scope"] = json!("payments:read refunds:write");
    let reader = house.key.sign(&claims);
    let look = house.bare("GET", FIND).bearer_auth(&reader);
    assert_eq!(look.send().await.unwrap().status(), StatusCode::OK);
    let pay = house.bare("POST", "/v1/payments").bearer_auth(&reader);
    let response = pay.json(&sale("o-1")).send().await.unwrap();
    let challenge = response.headers()["www-authenticate"].to_str().unwrap();
    assert!(challenge.contains("insufficient_scope"), "{challenge}");
    let body = problem(response, 403, "insufficient_scope").await;
    assert!(body["detail"].as_str().unwrap().contains("payments:write"));
}

#[tokio::test(flavor = "multi_thread")]
async fn several_keys_of_each_kind_work_and_then_a_token_must_name_its_key() {
    let dir = tempfile::tempdir().unwrap();
    let (ed, ec, rsa) = (
        IssuerKey::ed25519("ed-1"),
        IssuerKey::p256("ec-1"),
        IssuerKey::rsa("rsa-1"),
    );
    let text = issuer::jwks(&[&ed, &ec, &rsa]);
    std::fs::write(dir.path().join("jwks.json"), text).unwrap();
    let text = settings(&dir);
    let house = House::open_with(dir, ed, &text).await;
    let claims = house.claims("m-1");
    for key in [&house.key, &ec, &rsa] {
        let look = house.bare("GET", FIND).bearer_auth(key.sign(&claims));
        assert_eq!(
            look.send().await.unwrap().status(),
            StatusCode::OK,
            "{}",
            key.id
        );
    }
    refused(&house, &ec.sign_as(None, &claims), "unknown_key").await;
    refused(&house, &ec.sign_as(Some("ec-2"), &claims), "unknown_key").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_one_key_a_token_need_not_name_it() {
    let house = House::open().await;
    let token = house.key.sign_as(None, &house.claims("m-1"));
    let look = house.bare("GET", FIND).bearer_auth(token);
    assert_eq!(look.send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_keys_are_taken_in_while_running_and_a_broken_file_leaves_the_old_ones() {
    let house = House::open().await;
    let path = house.dir.path().join("jwks.json");
    std::fs::write(&path, "{").unwrap();
    let old = house.token("m-1");
    let next = IssuerKey::p256("ec-2");
    let claims = house.claims("m-1");
    let look = house.bare("GET", FIND).bearer_auth(&old);
    assert_eq!(look.send().await.unwrap().status(), StatusCode::OK);
    std::fs::write(&path, issuer::jwks(&[&next])).unwrap();
    let mut status = StatusCode::UNAUTHORIZED;
    for _ in 0..100 {
        let look = house.bare("GET", FIND).bearer_auth(next.sign(&claims));
        status = look.send().await.unwrap().status();
        if status == StatusCode::OK {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(status, StatusCode::OK);
    refused(&house, &old, "unknown_key").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scopes_are_understood_as_a_text_a_list_and_under_their_other_name() {
    let house = House::open().await;
    for (name, value) in [
        ("scope", json!("openid payments:read")),
        ("scope", json!(["openid", "payments:read"])),
        ("scope", json!(["openid payments:read"])),
        ("scp", json!("openid payments:read")),
        ("scp", json!(["openid", "payments:read"])),
    ] {
        let mut claims = house.claims("m-1");
        claims["scope"] = Value::Null;
        claims[name] = value.clone();
        let look = house.bare("GET", FIND).bearer_auth(house.key.sign(&claims));
        let status = look.send().await.unwrap().status();
        assert_eq!(status, StatusCode::OK, "{name}: {value}");
        let pay = house.bare("POST", "/v1/payments");
        let pay = pay.bearer_auth(house.key.sign(&claims)).json(&sale("o-1"));
        problem(pay.send().await.unwrap(), 403, "insufficient_scope").await;
    }
    for odd in [
        json!(7),
        json!({"payments:read": true}),
        json!(["payments:read", 7]),
    ] {
        refused_with("scope", odd, "invalid_token").await;
    }
}

fn reason_of_keys(house: &House) -> Option<String> {
    let degraded = house.health.degraded();
    let keys = degraded.into_iter().find(|one| one.check == "gateway.keys");
    keys.map(|one| one.reason)
}

async fn until_ready(house: &House) {
    let up = async {
        while house.health.ready().is_err() {
            tokio::task::yield_now().await;
        }
    };
    let up = tokio::time::timeout(std::time::Duration::from_secs(30), up).await;
    assert!(up.is_ok(), "{:?}", house.health.ready());
}

fn changed(jwk: &Value, fields: &[(&str, Value)]) -> Value {
    let mut jwk = jwk.clone();
    for (name, value) in fields {
        jwk[name] = value.clone();
    }
    jwk
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_verify_nothing_are_named_in_readiness_and_leave_the_others_in_force() {
    let dir = tempfile::tempdir().unwrap();
    let (ed, ec, rsa) = (
        IssuerKey::ed25519("ed-1"),
        IssuerKey::p256("ec-1"),
        IssuerKey::rsa("rsa-1"),
    );
    let small = "x".repeat(170);
    let mut keys = vec![
        changed(&rsa.jwk(), &[("kid", json!("small")), ("n", json!(small))]),
        changed(
            &rsa.jwk(),
            &[("kid", json!("pss")), ("alg", json!("PS256"))],
        ),
        changed(
            &ec.jwk(),
            &[("kid", json!("p384")), ("crv", json!("P-384"))],
        ),
        changed(&ec.jwk(), &[("kid", json!("cut")), ("x", json!("AAAA"))]),
        json!({"kty": "oct", "kid": "shared", "k": "AAAA", "alg": "HS256"}),
        json!({"kty": "AKP", "kid": "later", "alg": "ML-DSA-44", "pub": "AAAA"}),
        json!({"kid": "nothing"}),
        json!(7),
        changed(
            &ec.jwk(),
            &[("kid", json!("for-others")), ("use", json!("enc"))],
        ),
        ed.jwk(),
        // The same name for another kind of key is right (RFC 7517, 4.5); twice for one is not.
        changed(
            &ec.jwk(),
            &[("kid", json!("ed-1")), ("alg", json!("ES256"))],
        ),
        changed(&IssuerKey::ed25519("ed-1").jwk(), &[]),
    ];
    let fill = 64 - keys.len();
    keys.extend((0..fill).map(|number| json!({"kty": "RSA", "use": "enc", "kid": number})));
    keys.push(changed(&rsa.jwk(), &[("kid", json!("late"))]));
    std::fs::write(
        dir.path().join("jwks.json"),
        json!({"keys": keys}).to_string(),
    )
    .unwrap();
    let text = settings(&dir);
    let house = House::open_with(dir, ed, &text).await;
    until_ready(&house).await;
    let reason = reason_of_keys(&house).expect("not degraded");
    for named in [
        "`small` is an RSA key of fewer than 2048 bits",
        "`pss` is for another algorithm",
        "`p384` is of a curve",
        "`cut` has coordinates",
        "`shared` is symmetric",
        "`later` is of no known kind",
        "`nothing` is of no known kind",
        "key number 8 is of no known kind",
        "`ed-1` bears another key's `kid`",
        "`late` is past the 64th",
    ] {
        assert!(reason.contains(named), "{named}: {reason}");
    }
    assert!(!reason.contains("for-others"), "{reason}");
    let claims = house.claims("m-1");
    for token in [house.key.sign(&claims), ec.sign_as(Some("ed-1"), &claims)] {
        let look = house.bare("GET", FIND).bearer_auth(token);
        assert_eq!(look.send().await.unwrap().status(), StatusCode::OK);
    }
    refused(&house, &rsa.sign_as(Some("late"), &claims), "unknown_key").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_jwks_shows_in_readiness_until_it_is_mended() {
    let house = House::open().await;
    assert_eq!(reason_of_keys(&house), None);
    let path = house.dir.path().join("jwks.json");
    let good = std::fs::read_to_string(&path).unwrap();
    for (broken, why) in [
        ("{".to_owned(), "is not a JWKS"),
        ("[]".to_owned(), "no JWKS"),
        (
            "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"s\"}]}".to_owned(),
            "`s` is symmetric",
        ),
        (format!("{good}{}", " ".repeat(300_000)), "262144"),
        (String::new(), "is empty"),
    ] {
        std::fs::write(&path, &broken).unwrap();
        let told = eventually(|| reason_of_keys(&house).filter(|reason| reason.contains(why)));
        assert!(told.await.contains("stay in force"));
        assert_eq!(house.health.ready(), Ok(()));
        let look = house.bare("GET", FIND).bearer_auth(house.token("m-1"));
        assert_eq!(look.send().await.unwrap().status(), StatusCode::OK);
    }
    std::fs::remove_file(&path).unwrap();
    eventually(|| reason_of_keys(&house).filter(|reason| reason.contains("can't be read"))).await;
    std::fs::write(&path, &good).unwrap();
    eventually(|| reason_of_keys(&house).is_none().then_some(())).await;
}

/// Looks until it is so; the file is looked at every second.
async fn eventually<T>(so: impl Fn() -> Option<T>) -> T {
    for _ in 0..200 {
        if let Some(found) = so() {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("it never came to be so");
}
