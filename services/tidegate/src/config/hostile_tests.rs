//! Configurations that an operator in a hurry, or somebody else, could write: never a panic, every
//! fault at once, and no secret told.

use super::Config;
use chassis::config::{Faults, from_text};
use proptest::prelude::*;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const EXAMPLE: &str = include_str!("../../../../deploy/tidegate.example.toml");

/// The example with key files that are there: nothing is wrong with it.
struct Good {
    text: String,
    dir: tempfile::TempDir,
}

impl Good {
    fn make() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let keys = alipay::signature::FreshKeys::make().unwrap();
        let put = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        };
        put("jwks.json", JWKS);
        put("acquirer.private.pem", &keys.private_pem);
        let alipays = alipay::signature::FreshKeys::make().unwrap();
        put("alipay.public.pem", &alipays.public_pem);
        put("acquirer.public.pem", &keys.public_pem);
        put("sealing.key", SECRETS[0]);
        let here = dir.path().display().to_string();
        Self {
            text: EXAMPLE.replace("/etc/tidegate", &here),
            dir,
        }
    }
}

/// The public key of RFC 8037, appendix A.2.
const JWKS: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","use":"sig",
    "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

/// A sealing key in base64 and in hex, a private key as PEM and as Alipay's tools hand it out.
const SECRETS: [&str; 4] = [
    "c2VjcmV0IHNlYWxpbmcga2V5IG9mIDMyIGJ5dGVzISE=",
    "7365637265742073656e6c696e67206b6579206f66203332206279746573212121",
    "-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\\n-----END PRIVATE KEY-----",
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKjMzEfYyjiWA4R4ha2bS1gB4GNJ0Zk\
     MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKjMzEfYyjiWA4R4ha2bS1gB4GNJ0Zk\
     MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKjMzEfYyjiWA4R4ha2bS1gB4GNJ0Zk\
     MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKjMzEfYyjiWA4R4ha2bS1gB4GNJ0Zk",
];

fn faults(text: &str) -> Option<Faults> {
    from_text::<Config>(text).err()
}

/// Whether a good part of any secret is told.
fn tells_a_secret(faults: &Faults) -> bool {
    let told = format!("{faults} {faults:?}");
    let parts = ["c2VjcmV0IHNlYWxp", "736563726574207365", "MIIEvQIBADANBgkq"];
    parts.iter().any(|part| told.contains(part))
}

/// A line of the example, what makes it wrong, and the setting that must be named.
const OF_TYPE: [(&str, &str, &str); 16] = [
    (
        "listen = \"127.0.0.1:8080\"",
        "listen = \"everywhere\"",
        "gateway.listen",
    ),
    (
        "issuer = \"https://tokens.acquirer.example\"",
        "issuer = 7",
        "gateway.tokens.issuer",
    ),
    ("audience = \"tidegate\"", "", "gateway.tokens.audience"),
    (
        "leeway_s = 30",
        "leeway_s = 1e40",
        "gateway.tokens.leeway_s",
    ),
    (
        "body_bytes_max = 65536",
        "body_bytes_max = -1",
        "gateway.limits.body_bytes_max",
    ),
    ("workers = 2", "workers = 2.5", "gateway.limits.workers"),
    (
        "wait_s_max = 60",
        "wait_s_maxx = 60",
        "gateway.limits.wait_s_maxx",
    ),
    (
        "prefixes = [\"25\"",
        "prefixes = [[\"25\"]",
        "gateway.payment_codes.prefixes[0]",
    ),
    (
        "key_version = 1",
        "key_version = 4294967296",
        "alipay.key_version",
    ),
    (
        "client_id = \"SANDBOX_5Y0000000000000000\"",
        "client_id = []",
        "alipay.client_id",
    ),
    (
        "former_key_files = []",
        "former_key_files = \"none\"",
        "bus.former_key_files",
    ),
    (
        "drain_ms = 8000",
        "drain_ms = \"8 s\"",
        "orchestrator.drain_ms",
    ),
    ("format = \"auto\"", "format = \"Auto\"", "logging.format"),
    (
        "currencies = [\"CNY\", \"USD\"]",
        "currencies = 156",
        "merchants[0].currencies",
    ),
    ("store_id = \"counter-1\"", "", "merchants[0].shop.store_id"),
    (
        "inquiries_max = 20",
        "inquiries_max = -20",
        "merchants[0].policy.inquiries_max",
    ),
];

const OF_VALUE: [(&str, &str, &str); 12] = [
    (
        "issuer = \"https://tokens.acquirer.example\"",
        "issuer = \" \"",
        "gateway.tokens.issuer",
    ),
    ("leeway_s = 30", "leeway_s = 301", "gateway.tokens.leeway_s"),
    (
        "body_bytes_max = 65536",
        "body_bytes_max = 9223372036854775807",
        "gateway.limits.body_bytes_max",
    ),
    ("workers = 2", "workers = 0", "gateway.limits.workers"),
    (
        "digits_min = 17",
        "digits_min = 33",
        "gateway.payment_codes.digits_min",
    ),
    (
        "base_url = \"https://",
        "base_url = \"http://",
        "alipay.base_url",
    ),
    (
        "example/alipay/v1/notifications/payments\"",
        "example/alipay/v1/notifications/payments?a=b\"",
        "alipay.notify_url",
    ),
    (
        "settlement_currency = \"USD\"",
        "settlement_currency = \"usd\"",
        "alipay.settlement_currency",
    ),
    ("filter = \"info\"", "filter = \"a=b=c\"", "logging.filter"),
    (
        "merchant_mcc = \"5812\"",
        "merchant_mcc = \"58\u{661}2\"",
        "merchants[0].shop.merchant_mcc",
    ),
    (
        "id = \"harbor-noodles\"",
        "id = \"../harbor\"",
        "merchants[0].id",
    ),
    (
        "close_ms = 38000",
        "close_ms = 50000",
        "merchants[0].policy.close_ms",
    ),
];

fn with(good: &str, wrongs: &[&(&str, &str, &str)]) -> String {
    wrongs
        .iter()
        .fold(good.to_owned(), |text, (line, wrong, _)| {
            assert!(text.contains(line), "{line}");
            text.replacen(line, wrong, 1)
        })
}

/// Each setting at fault is named, and nothing else is.
fn named(text: &str, wrongs: &[&(&str, &str, &str)]) -> Result<(), String> {
    let faults = faults(text).unwrap_or_default();
    let told: Vec<&str> = faults
        .0
        .iter()
        .map(|fault| fault.setting.as_str())
        .collect();
    let all = wrongs.iter().all(|(_, _, setting)| told.contains(setting));
    let same = all && told.len() == wrongs.len();
    same.then_some(())
        .ok_or_else(|| format!("{wrongs:?}:\n{faults}"))
}

#[test]
fn every_fault_of_type_and_every_fault_of_value_is_told_alone_and_all_together() {
    let good = Good::make();
    assert!(faults(&good.text).is_none(), "{:?}", faults(&good.text));
    for kind in [&OF_TYPE[..], &OF_VALUE[..]] {
        for wrong in kind {
            assert_eq!(named(&with(&good.text, &[wrong]), &[wrong]), Ok(()));
        }
        let all: Vec<&(&str, &str, &str)> = kind.iter().collect();
        assert_eq!(named(&with(&good.text, &all), &all), Ok(()));
    }
}

#[test]
fn what_is_wrong_with_the_issuers_keys_is_told_before_the_start_and_not_what_stands_there() {
    let good = Good::make();
    let file = good.dir.path().join("jwks.json");
    for wrong in [
        "{}",
        "{\"keys\":[]}",
        SECRETS[3],
        &format!("\"{}\"", SECRETS[3]),
    ] {
        std::fs::write(&file, wrong).unwrap();
        let faults = faults(&good.text).unwrap();
        assert_eq!(faults.0.len(), 1, "{faults}");
        assert_eq!(faults.0[0].setting, "gateway.tokens.jwks_file");
        assert!(!tells_a_secret(&faults), "{faults}");
    }
}

#[test]
fn each_kept_configuration_is_refused_as_its_folder_says_and_tells_no_secret() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/configurations");
    for (folder, of_syntax) in [("syntax", true), ("settings", false)] {
        let files: Vec<_> = std::fs::read_dir(corpus.join(folder)).unwrap().collect();
        assert!(!files.is_empty());
        for file in files {
            let path = file.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            let faults = faults(&String::from_utf8_lossy(&bytes)).expect("it is refused");
            let told = faults.to_string();
            let syntax = told.contains("not valid TOML");
            assert_eq!(syntax, of_syntax, "{}: {told}", path.display());
            assert!(!tells_a_secret(&faults), "{}: {told}", path.display());
        }
    }
}

#[test]
fn configurations_of_10_000_levels_or_a_million_letters_are_refused_without_harm() {
    let long = "x".repeat(1_000_000);
    for text in [
        format!("a = {}{}", "[".repeat(10_000), "]".repeat(10_000)),
        format!("a = {}1{}", "{b = ".repeat(10_000), "}".repeat(10_000)),
        format!("{}a = 1", "a.".repeat(10_000)),
        format!("[{}a]", "a.".repeat(10_000)),
        "[[a]]\n".repeat(10_000),
        format!("{long} = 1"),
        EXAMPLE.replace("harbor-noodles", &long),
        EXAMPLE.replace("/etc/tidegate/sealing.key", &long),
        long.clone(),
    ] {
        let told = faults(&text).expect("it is refused").to_string();
        assert!(!told.is_empty());
    }
}

#[test]
fn the_example_cut_off_anywhere_is_refused_or_has_only_what_was_left_out_missing() {
    for (end, _) in EXAMPLE.char_indices() {
        let faults = faults(&EXAMPLE[..end]).expect("its key files are not there");
        assert!(!faults.0.is_empty(), "{end}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_secret_pasted_anywhere_but_into_its_file_is_never_told(
        line in any::<prop::sample::Index>(),
        secret in prop::sample::select(&SECRETS[..]),
        how in 0..6_u8,
    ) {
        let lines: Vec<&str> = EXAMPLE
            .lines()
            .filter(|line| line.contains(" = "))
            .collect();
        let line = lines[line.index(lines.len())];
        let (name, value) = line.split_once(" = ").unwrap();
        // Names and codes are shown when they are wrong: who pastes a key there has told it.
        let shown = ["base_url", "notify_url", "merchant_mcc", "store_mcc", "id", "prefixes"];
        prop_assume!(!(how == 0 && shown.contains(&name)));
        let wrong = match how {
            0 => format!("{name} = \"{secret}\""),
            1 => format!("{name} = \"{secret}"),
            2 => format!("{name} = {secret}"),
            3 => format!("{name} = \"{secret}\" = {value}"),
            4 => format!("{line}\nsecret_{name} = \"{secret}\""),
            _ => format!("{name} = {{ key = \"{secret}\" }}"),
        };
        if let Some(faults) = faults(&EXAMPLE.replacen(line, &wrong, 1)) {
            prop_assert!(!tells_a_secret(&faults), "{wrong}: {faults}");
        }
    }

    #[test]
    fn no_change_to_the_example_makes_its_reader_panic(
        changes in prop::collection::vec(
            (any::<prop::sample::Index>(), prop_oneof![
                "\\PC{0,3}", "[\\[\\]={}\"'\n#.0-9-]{1,6}", "[a-z_]{1,12} = [0-9a-z\"]{1,6}\n",
            ]),
            1..6,
        ),
    ) {
        let mut text: Vec<char> = EXAMPLE.chars().collect();
        for (place, instead) in changes {
            let place = place.index(text.len());
            text.splice(place..=place, instead.chars());
        }
        let text: String = text.into_iter().collect();
        let faults = faults(&text);
        prop_assert!(faults.is_some_and(|faults| !faults.to_string().is_empty()));
    }

    #[test]
    fn any_several_faults_are_told_together(which in prop::collection::vec(any::<bool>(), 16)) {
        let wrongs: Vec<&(&str, &str, &str)> = OF_TYPE
            .iter()
            .zip(which)
            .filter_map(|(wrong, chosen)| chosen.then_some(wrong))
            .collect();
        prop_assume!(!wrongs.is_empty());
        let told = faults(&with(EXAMPLE, &wrongs)).unwrap();
        for (_, _, setting) in wrongs {
            let named = told.0.iter().filter(|fault| fault.setting == *setting).count();
            prop_assert_eq!(named, 1, "{}: {}", setting, told);
        }
    }
}
