//! Stored events and views that no release of ours wrote. Each is the fact that stands in it, or a
//! corruption with its place; what is read can be made history of without harm.

use super::{SCHEMA_VERSION, StoredFact, StoredView, read, write};
use crate::history::{EventRow, recorded};
use crate::{Error, Recorded};
use payment::{Order, Timestamp, View, due, evolve};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::path::Path;

const GOLDEN: &str = include_str!("../../golden/v1/facts.jsonl");
/// Stands in hostile places; no corruption may repeat it.
const SPY: &str = "281666040092810557";
const ID: &str = "78b8ccd5-44ea-5599-9e34-80b687cdb47e";

fn golden() -> Vec<&'static str> {
    GOLDEN.lines().collect()
}

fn row(schema_version: i64, at_ms: i64, body: &str) -> EventRow {
    let id = || ID.to_owned();
    (17, id(), 1, id(), schema_version, at_ms, body.to_owned())
}

/// What must hold of any body whatever.
fn judged(body: &str) -> Result<Option<Recorded>, String> {
    match recorded(row(SCHEMA_VERSION, 1_795_406_400_000, body)) {
        Ok(read) => {
            let written = write(&StoredFact::from(&read.event.fact)).unwrap();
            let again = recorded(row(SCHEMA_VERSION, 1_795_406_400_000, &written));
            if again.ok().as_ref() != Some(&read) {
                return Err(format!("it does not come back as it was: {written}"));
            }
            says_the_same(body, &written)?;
            Ok(Some(read))
        }
        Err(Error::Newer(corruption) | Error::Corrupt(corruption)) => {
            let said = corruption.to_string();
            let quoted = said.contains(&SPY[..10]) || said.len() > 300;
            let placed =
                said.starts_with("event at position 17: ") && !corruption.reason.is_empty();
            let clear = placed && !quoted;
            clear
                .then_some(None)
                .ok_or_else(|| format!("not clear, or it quotes: {said}"))
        }
        Err(other) => Err(format!("not a corruption: {other}")),
    }
}

/// Whatever is written again stood in the body at the same place, unless the body has lists: serde
/// reads one as an object, which is no other fact.
fn says_the_same(body: &str, written: &str) -> Result<(), String> {
    fn within(small: &Value, large: &Value) -> bool {
        match (small, large) {
            (Value::Object(small), Value::Object(large)) => small
                .iter()
                .all(|(name, value)| large.get(name).is_some_and(|there| within(value, there))),
            (_, Value::Array(_)) => true,
            (small, large) => small == large,
        }
    }
    let tree = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let same = within(&tree(written), &tree(body));
    same.then_some(())
        .ok_or_else(|| format!("{body} was read as {written}"))
}

#[test]
fn each_kept_body_is_a_fact_or_newer_or_a_corruption_as_its_folder_says() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/events");
    let mut misplaced = Vec::new();
    for folder in ["read", "newer", "corrupt"] {
        let files: Vec<_> = std::fs::read_dir(corpus.join(folder)).unwrap().collect();
        assert!(!files.is_empty());
        for file in files {
            let path = file.unwrap().path();
            // The database holds text: bytes that are none are replaced on their way in.
            let bytes = std::fs::read(&path).unwrap();
            let body = String::from_utf8_lossy(&bytes);
            let verdict = match (judged(&body), recorded(row(SCHEMA_VERSION, 0, &body))) {
                (Ok(Some(_)), _) => "read",
                (Ok(None), Err(Error::Newer(_))) => "newer",
                (Ok(None), _) => "corrupt",
                (Err(_), _) => "unclear",
            };
            if verdict != folder {
                misplaced.push((path, verdict));
            }
        }
    }
    assert_eq!(misplaced, []);
}

#[test]
fn an_event_cut_off_anywhere_is_a_corruption_and_one_of_a_later_version_is_newer() {
    for body in golden() {
        for (end, _) in body.char_indices() {
            assert_eq!(judged(&body[..end]), Ok(None), "{body} {end}");
        }
        for version in [0, 2, -1, i64::MAX, i64::MIN] {
            let other = recorded(row(version, 0, body));
            let newer = matches!(other, Err(Error::Newer(_)));
            assert!(
                newer || matches!(other, Err(Error::Corrupt(_))),
                "{version}"
            );
            assert_eq!(newer, version > SCHEMA_VERSION, "{version}");
        }
    }
}

#[test]
fn bodies_of_10_000_levels_or_a_million_letters_do_no_harm() {
    let lists = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let long = "x".repeat(1_000_000);
    let with = |text: &str| {
        let mut bodies = golden().into_iter();
        bodies.find(|body| body.contains(text)).unwrap()
    };
    for (body, is_fact) in [
        (lists.clone(), false),
        ("{\"kind\":".repeat(10_000), false),
        (format!("{{\"x\":{lists},\"kind\":\"released\"}}"), false),
        (format!("{{\"kind\":\"released\",\"x\":\"{long}\"}}"), true),
        (format!("{{\"kind\":\"{long}\"}}"), false),
        (with("corner-shop").replace("corner-shop", &long), true),
        (
            with("\"CNY\"").replace("\"CNY\"", &format!("\"{long}\"")),
            false,
        ),
    ] {
        let judged = judged(&body).map(|read| read.is_some());
        assert_eq!(judged, Ok(is_fact), "{}", &body[..40.min(body.len())]);
    }
}

/// Every place in a tree.
fn places(tree: &Value, here: String, all: &mut Vec<String>) {
    all.push(here.clone());
    if let Value::Object(fields) = tree {
        for (name, value) in fields {
            places(value, format!("{here}/{name}"), all);
        }
    }
}

fn hostile_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        Just(json!(SPY)),
        Just(json!(281_666_040_092_810_557_u64)),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,80}".prop_map(Value::from),
        "(paid|pay|released|approved|CNY|JPY|IDR|off|no_result)".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let name = prop_oneof!["kind", "said", "amount", "api", "number", "\\PC{0,8}"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// A golden event with any value at any of its places.
fn odd_body() -> impl Strategy<Value = String> {
    let place = (any::<prop::sample::Index>(), any::<prop::sample::Index>());
    (place, hostile_value()).prop_map(|((line, place), value)| {
        let lines = golden();
        let mut body: Value = serde_json::from_str(lines[line.index(lines.len())]).unwrap();
        let mut all = Vec::new();
        places(&body, String::new(), &mut all);
        *body.pointer_mut(&all[place.index(all.len())]).unwrap() = value;
        body.to_string()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_024))]

    #[test]
    fn any_value_anywhere_in_an_event_gives_what_stands_there_or_a_clear_corruption(
        body in odd_body(),
    ) {
        let judged = judged(&body);
        prop_assert!(judged.is_ok(), "{judged:?}: {body}");
    }

    #[test]
    fn changed_bytes_give_what_stands_there_or_a_clear_corruption(
        line in any::<prop::sample::Index>(),
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let lines = golden();
        let mut body = lines[line.index(lines.len())].as_bytes().to_vec();
        for (place, byte) in places {
            let place = place.index(body.len());
            body[place] = byte;
        }
        let body = String::from_utf8_lossy(&body);
        let judged = judged(&body);
        prop_assert!(judged.is_ok(), "{judged:?}: {body}");
    }

    #[test]
    fn a_key_that_stands_twice_is_a_corruption(
        line in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        value in hostile_value(),
    ) {
        let lines = golden();
        let body = lines[line.index(lines.len())];
        let keys: Vec<usize> = body
            .match_indices("\":")
            .map(|(end, _)| body[..end].rfind('"').unwrap())
            .collect();
        let start = keys[place.index(keys.len())];
        let key = &body[start..=start + body[start..].find(':').unwrap()];
        let twice = format!("{}{key}{value},{}", &body[..start], &body[start..]);
        prop_assert_eq!(judged(&twice), Ok(None), "{}", twice);
    }

    #[test]
    fn whatever_is_read_can_be_made_history_of(
        events in prop::collection::vec((odd_body(), any::<i64>()), 1..12),
        now_ms: i64,
    ) {
        let mut order = Order::default();
        for (body, at_ms) in events {
            if let Ok(Recorded { event, .. }) = recorded(row(SCHEMA_VERSION, at_ms, &body)) {
                prop_assert!(!event.at.rfc3339().is_empty());
                order = evolve(order, &event);
                let _ = due(&order, Timestamp::from_ms(now_ms));
            }
        }
    }

    #[test]
    fn no_text_at_all_makes_the_readers_panic(body in ".{0,200}") {
        prop_assert!(judged(&body).is_ok());
        let view = read::<StoredView>(SCHEMA_VERSION, &body).map(View::try_from);
        prop_assert!(view.is_err());
    }
}
