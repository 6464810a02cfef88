//! Hostile tokens over real HTTP: each gets its own answer, nothing is done, and no part of it
//! stands in the answer or in the log. What only looks odd and is good is here too.

use crate::forgery::{self, Forgery, Made};
use crate::house::{House, json_of, problem, sale, settings};
use crate::issuer;
use crate::smith::{Smith, with};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::json;
use std::collections::BTreeSet;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{LazyLock, Mutex};

/// Everything any gateway of this run has logged; other tests' lines are in it too.
static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

static LOGGING: LazyLock<()> = LazyLock::new(|| {
    let begun = tracing_subscriber::fmt()
        .with_env_filter("trace,hyper=off,hyper_util=off,reqwest=off")
        .with_writer(|| Kept)
        .try_init();
    begun.unwrap();
});

/// Begins to keep what is logged, and gives what was so far.
pub(crate) fn logged() -> String {
    LazyLock::force(&LOGGING);
    String::from_utf8_lossy(&LOG.lock().unwrap()).into_owned()
}

struct Kept;

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOG.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The shortest piece of a token that is looked for: shorter ones may stand anywhere.
const PIECE_CHARS: usize = 12;

async fn house() -> (House, Smith, TcpListener) {
    LazyLock::force(&LOGGING);
    let bait = TcpListener::bind("127.0.0.1:0").unwrap();
    bait.set_nonblocking(true).unwrap();
    let url = format!("http://{}/keys", bait.local_addr().unwrap());
    let claims = json!({
        "iss": issuer::ISSUER, "aud": issuer::AUDIENCE, "exp": crate::house::T0_MS / 1_000 + 300,
        "merchant_id": "m-1", "scope": "payments:write payments:read",
    });
    let smith = Smith::new(url, &claims);
    let dir = tempfile::tempdir().unwrap();
    let keys = issuer::jwks(&[&smith.ed, &smith.ec, &smith.rsa]);
    std::fs::write(dir.path().join("jwks.json"), keys).unwrap();
    let text = settings(&dir);
    let key = issuer::IssuerKey::ed25519("unused");
    let house = House::open_with(dir, key, &text).await;
    (house, smith, bait)
}

fn pay(house: &House, made: &Made, number: usize) -> RequestBuilder {
    let mut request = house
        .bare("POST", "/v1/payments")
        .header("Idempotency-Key", format!("k-{number}"))
        .json(&sale(&format!("o-{number}")));
    for value in made {
        request = request.header("Authorization", value.clone());
    }
    request
}

/// What may not come back: the token's parts, wherever it was cut.
fn pieces(made: &Made) -> impl Iterator<Item = String> {
    let texts = made.iter().filter_map(|value| value.to_str().ok());
    let parts = texts.flat_map(|text| text.split([' ', '.', ',', '"', '\t']));
    parts
        .filter(|part| part.len() >= PIECE_CHARS)
        .map(|part| part[..part.len().min(64)].to_owned())
        .collect::<Vec<_>>()
        .into_iter()
}

async fn withstood(forgeries: Vec<Forgery>) {
    let (house, smith, bait) = house().await;
    let (mut wrong, mut forbidden) = (Vec::new(), BTreeSet::new());
    for (number, forgery) in forgeries.iter().enumerate() {
        let made = (forgery.make)(&smith);
        let response = pay(&house, &made, number).send().await.unwrap();
        let status = response.status().as_u16();
        let told = response.text().await.unwrap();
        let body: serde_json::Value = serde_json::from_str(&told).unwrap_or_default();
        let said = (status, body["code"].as_str().unwrap_or_default());
        if said != (forgery.status, forgery.code) {
            wrong.push(format!("{}: {status} {told}", forgery.name));
        }
        for piece in pieces(&made) {
            assert!(!told.contains(&piece), "{}: {told}", forgery.name);
            forbidden.insert(piece);
        }
        let sought = format!("/v1/payments?reference=k-{number}");
        let look = house.bare("GET", &sought).bearer_auth(smith.honest());
        let found = json_of(look.send().await.unwrap()).await;
        if found["payments"] != json!([]) {
            wrong.push(format!("{}: a payment was begun", forgery.name));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(house.idle().await, "a command is on the bus");
    let fetched = bait.accept().map(drop).unwrap_err();
    assert_eq!(fetched.kind(), ErrorKind::WouldBlock, "a key was fetched");
    let log = logged();
    assert!(log.contains("answered a request"), "nothing was logged");
    for piece in forbidden {
        assert!(!log.contains(&piece), "a token is in the log: {piece}");
    }
}

#[test]
fn no_two_hostile_tokens_are_the_same_and_they_are_more_than_a_hundred() {
    let all = [
        forgery::algorithms(),
        forgery::signatures(),
        forgery::headers(),
        forgery::claims(),
        forgery::manners(),
    ];
    let names: Vec<&str> = all.iter().flatten().map(|forgery| forgery.name).collect();
    let distinct: BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(distinct.len(), names.len());
    assert!(distinct.len() > 100, "{}", distinct.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_chooses_its_own_algorithm() {
    withstood(forgery::algorithms()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_is_believed_without_its_one_right_signature() {
    withstood(forgery::signatures()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_header_of_a_token_names_its_own_key_or_another_kind_of_token() {
    withstood(forgery::headers()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_claim_is_guessed_at() {
    withstood(forgery::claims()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_is_picked_out_of_several() {
    withstood(forgery::manners()).await;
}

/// Bytes that no HTTP client would send; the answer's first line.
fn sent_raw(house: &House, head: &[u8]) -> String {
    let mut stream = TcpStream::connect(house.base.trim_start_matches("http://")).unwrap();
    stream
        .write_all(b"POST /v1/payments HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n")
        .unwrap();
    stream.write_all(head).unwrap();
    stream.write_all(b"Connection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap_or_default();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    answer.lines().next().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn control_bytes_and_split_headers_never_make_a_token() {
    let (house, smith, _bait) = house().await;
    let token = smith.honest();
    for (name, head) in [
        (
            "a NUL behind",
            format!("Authorization: Bearer {token}\0\r\n"),
        ),
        (
            "a NUL before",
            format!("Authorization: Bearer \0{token}\r\n"),
        ),
        ("a bell", format!("Authorization: Bearer {token}\x07\r\n")),
        ("a bare CR", format!("Authorization: Bearer\r {token}\r\n")),
        (
            "a folded header",
            format!("Authorization: Bearer\r\n {token}\r\n"),
        ),
        (
            "a space before the colon",
            format!("Authorization : Bearer {token}\r\n"),
        ),
    ] {
        let line = sent_raw(&house, head.as_bytes());
        assert!(
            line.contains(" 400 ") || line.contains(" 401 "),
            "{name}: {line}"
        );
    }
    assert!(house.idle().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_looks_odd_and_is_signed_by_the_issuer_is_believed() {
    type Odd = fn(&Smith) -> Made;
    let odd: [(&str, Odd); 8] = [
        ("the scheme in lower case", |s| {
            with(&[&format!("bearer {}", s.honest())])
        }),
        ("the scheme in capitals", |s| {
            with(&[&format!("BEARER {}", s.honest())])
        }),
        ("three spaces", |s| {
            with(&[&format!("Bearer   {}", s.honest())])
        }),
        ("an access token's type", |s| {
            s.headed(&json!({"typ": "at+jwt"}))
        }),
        ("the type in full", |s| {
            s.headed(&json!({"typ": "application/at+JWT"}))
        }),
        ("a header nobody knows", |s| s.headed(&json!({"x": [1]}))),
        ("two audiences", |s| {
            s.claim("aud", json!(["other", "tidegate"]))
        }),
        ("an end with a fraction", |s| {
            s.claim("exp", json!(1_795_000_100.5))
        }),
    ];
    let (house, smith, _bait) = house().await;
    for (number, (name, make)) in odd.into_iter().enumerate() {
        let response = pay(&house, &make(&smith), number).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::ACCEPTED, "{name}");
    }
    let theirs = smith.claim("merchant_id", json!("m-2"));
    let mut look = house.bare("GET", "/v1/payments?reference=k-0");
    look = look.header("Authorization", theirs[0].clone());
    let found = json_of(look.send().await.unwrap()).await;
    assert_eq!(found["payments"], json!([]), "another merchant's");
    let bare = pay(&house, &Vec::new(), 99).send().await.unwrap();
    problem(bare, 401, "missing_token").await;
}
