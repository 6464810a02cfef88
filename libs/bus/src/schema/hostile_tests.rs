//! Records that no door of ours wrote: damaged, cut, put together by hand. Each is a command that
//! says what stands in it, or poison, or waits for who can read it; and none is quoted.

use super::tests::{GOLDEN, golden_command, sealer};
use super::{read, write};
use crate::{CommandBody, Lack, Payload};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::path::Path;

const CODE: &str = "281234567890123456";

/// What must hold of any record whatever; its verdict in one word.
fn judged(record: &[u8]) -> Result<&'static str, String> {
    match read(record, &sealer()) {
        Payload::Command(command) => {
            if let CommandBody::Pay { terms, code } = &command.body {
                let genuine = golden_command("pay");
                if code.expose() != CODE || command.id != genuine.id {
                    return Err("a code in another command".to_owned());
                }
                if (terms.order(), terms.payment()) != (genuine.order, genuine.payment) {
                    return Err("a code for another order".to_owned());
                }
            }
            let again = read(&write(&command, &sealer()).unwrap(), &sealer());
            let same = again == Payload::Command(command);
            same.then_some("read")
                .ok_or_else(|| "it does not come back as it was".to_owned())
        }
        Payload::Poison { reason, .. } => {
            let quoted = reason.contains(&CODE[..10]) || reason.len() > 200 || reason.is_empty();
            let verdict = (!quoted).then_some("poison");
            verdict.ok_or_else(|| format!("it quotes the record: {reason}"))
        }
        Payload::Waits { lacks, kind, .. } => {
            let known = match &lacks {
                Lack::Version(version) => *version > 1,
                Lack::Key(id) => id.len() == 16,
                Lack::Word => true,
            };
            let quoted = kind.contains(&CODE[..10]);
            (known && !quoted)
                .then_some("waits")
                .ok_or_else(|| format!("a lack that is none: {lacks}"))
        }
    }
}

/// The record of a fresh pay: its sealed code opens.
fn fresh_pay() -> Vec<u8> {
    write(&golden_command("pay"), &sealer()).unwrap()
}

#[test]
fn case_x33_each_kept_record_is_read_as_its_folder_says() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/commands");
    let mut misplaced = Vec::new();
    for verdict in ["read", "waits", "poison"] {
        let files: Vec<_> = std::fs::read_dir(corpus.join(verdict)).unwrap().collect();
        assert!(!files.is_empty());
        for file in files {
            let path = file.unwrap().path();
            let judged = judged(&std::fs::read(&path).unwrap());
            if judged.as_deref() != Ok(verdict) {
                misplaced.push((path, judged));
            }
        }
    }
    assert_eq!(misplaced, []);
}

#[test]
fn case_x33_a_sealed_record_changed_in_any_one_bit_never_gives_its_code_to_another() {
    let record = fresh_pay();
    for place in 0..record.len() {
        for bit in 0..8 {
            let mut changed = record.clone();
            changed[place] ^= 1 << bit;
            let judged = judged(&changed);
            assert!(judged.is_ok(), "byte {place} bit {bit}: {judged:?}");
        }
    }
}

#[test]
fn case_x33_a_record_cut_off_anywhere_or_with_anything_behind_it_is_poison() {
    for (name, record) in GOLDEN {
        let record = record.trim().as_bytes();
        for end in 0..record.len() {
            assert_eq!(judged(&record[..end]), Ok("poison"), "{name} {end}");
        }
        for byte in (0..=u8::MAX).filter(|byte| !b" \t\r\n".contains(byte)) {
            let longer = [record, &[byte]].concat();
            assert_eq!(judged(&longer), Ok("poison"), "{name} and {byte}");
        }
    }
}

#[test]
fn records_of_10_000_levels_or_a_million_letters_do_no_harm() {
    let lists = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let long = "x".repeat(1_000_000);
    let (cancel, pay) = (GOLDEN[1].1, GOLDEN[0].1);
    for (record, verdict) in [
        (lists.clone(), "poison"),
        ("{\"body\":".repeat(10_000), "poison"),
        (
            cancel.replacen('{', &format!("{{\"x\":{lists},"), 1),
            "poison",
        ),
        (cancel.replace("{\"kind\":\"cancel\"}", &lists), "poison"),
        (
            cancel.replacen('{', &format!("{{\"x\":\"{long}\","), 1),
            "read",
        ),
        (
            cancel.replace("\"cancel\"", &format!("\"{long}\"")),
            "poison",
        ),
        (pay.replace("\"O-1\"", &format!("\"{long}\"")), "poison"),
        (pay.replace("rk4AeNB", &long), "poison"),
    ] {
        assert_eq!(judged(record.as_bytes()), Ok(verdict));
    }
}

/// Every place in a tree, deepest last.
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
        Just(json!(CODE)),
        Just(json!(281_234_567_890_123_456_u64)),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let name = prop_oneof!["kind", "version", "is", "when", "\\PC{0,8}"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_024))]

    #[test]
    fn case_x33_any_value_anywhere_in_a_record_is_read_or_poison_and_never_quoted(
        which in 0..GOLDEN.len(),
        place in any::<prop::sample::Index>(),
        value in hostile_value(),
    ) {
        let mut record: Value = serde_json::from_str(GOLDEN[which].1).unwrap();
        let mut all = Vec::new();
        places(&record, String::new(), &mut all);
        let place = &all[place.index(all.len())];
        *record.pointer_mut(place).unwrap() = value;
        let judged = judged(record.to_string().as_bytes());
        prop_assert!(judged.is_ok(), "{judged:?} at {place}: {record}");
    }

    #[test]
    fn case_x33_any_json_in_the_envelopes_place_is_poison(value in hostile_value()) {
        prop_assume!(value.get("version").and_then(Value::as_u64).is_none_or(|version| version < 2));
        prop_assert_eq!(judged(value.to_string().as_bytes()), Ok("poison"));
    }

    #[test]
    fn case_x33_a_key_that_stands_twice_is_not_guessed(
        which in 0..GOLDEN.len(),
        place in any::<prop::sample::Index>(),
        value in hostile_value(),
    ) {
        let record = GOLDEN[which].1.trim();
        let keys: Vec<usize> = record
            .match_indices("\":")
            .map(|(end, _)| record[..end].rfind('"').unwrap())
            .collect();
        let start = keys[place.index(keys.len())];
        let key = &record[start..=start + record[start..].find(':').unwrap()];
        let twice = format!("{}{key}{value},{}", &record[..start], &record[start..]);
        // Where the first of the two is a word of tomorrow it waits; it is never carried out.
        let judged = judged(twice.as_bytes());
        prop_assert!(matches!(judged, Ok("poison" | "waits")), "{:?}: {}", judged, twice);
    }
}
