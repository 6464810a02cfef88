//! Signature headers from hostile hands. The bytes are genuine and the header is not, or says that
//! less should be checked.

use crate::corpus::kept;
use crate::vectors::{ALIPAY_KEY, ALIPAY_PUBLIC};
use alipay::signature::{Bound, SignatureFault, Signer, Verifier};
use percent_encoding::percent_decode_str;
use proptest::prelude::*;
use std::sync::LazyLock;

const BODY: &[u8] = b"{\"result\":{\"resultStatus\":\"S\"}}";

static GENUINE: LazyLock<(Verifier, String)> = LazyLock::new(|| {
    let signer = Signer::from_pem(ALIPAY_KEY, 1).unwrap();
    let header = signer.header_value(&bound("1795428900123"), BODY).unwrap();
    (Verifier::from_pem(ALIPAY_PUBLIC).unwrap(), header)
});

fn bound(time: &str) -> Bound<'_> {
    Bound {
        path: "/ams/api/v1/payments/pay",
        client_id: "us",
        time,
    }
}

/// The genuine value, as it is encoded on the wire.
fn value() -> &'static str {
    GENUINE.1.rsplit("signature=").next().unwrap()
}

fn verdict(header: &str) -> Result<(), SignatureFault> {
    GENUINE.0.verify(&bound("1795428900123"), BODY, header)
}

fn word(verdict: Result<(), SignatureFault>) -> &'static str {
    match verdict {
        Ok(()) => "believed",
        Err(SignatureFault::Missing) => "missing",
        Err(SignatureFault::Unreadable) => "unreadable",
        Err(SignatureFault::OtherAlgorithm) => "other_algorithm",
        Err(SignatureFault::NoInstant) => "no_instant",
        Err(SignatureFault::Wrong) => "wrong",
    }
}

/// What must hold of any header: believed only if it holds the genuine signature and names no
/// other way to check it.
fn fits(header: &str) -> bool {
    let plain = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let names_another = header
        .split(',')
        .filter_map(|part| part.trim().strip_prefix("algorithm="))
        .any(|algorithm| algorithm != "RSA256");
    verdict(header).is_err() || (plain(header).contains(&plain(value())) && !names_another)
}

#[test]
fn case_x30_each_kept_header_is_told_as_its_folder_says() {
    for expected in [
        "believed",
        "missing",
        "unreadable",
        "other_algorithm",
        "wrong",
    ] {
        for header in kept(&format!("signatures/{expected}")) {
            let text = String::from_utf8(header.bytes).unwrap();
            let text = text.replace("{signature}", value());
            assert_eq!(word(verdict(&text)), expected, "{}", header.name);
        }
    }
}

#[test]
fn case_x30_a_header_cut_off_anywhere_is_not_believed() {
    let header = &GENUINE.1;
    for end in 0..header.len() {
        assert!(verdict(&header[..end]).is_err(), "{end}");
    }
    assert_eq!(word(verdict(&"A".repeat(1_000_000))), "missing");
    assert_eq!(
        word(verdict(&format!("signature={}", "A".repeat(1_000_000)))),
        "wrong"
    );
}

#[test]
fn rule_h1_an_instant_of_any_text_is_refused_lest_it_swallow_the_start_of_a_body() {
    let signer = Signer::from_pem(ALIPAY_KEY, 1).unwrap();
    // What is signed is `1795428900123.{"a":"x.{...}"}`; a dot further on can be taken for the
    // end of the instant.
    let inner = "{\"result\":{\"resultStatus\":\"S\"}}";
    let whole = format!("{{\"a\":1}}.{inner}");
    let header = signer
        .header_value(&bound("1795428900123"), whole.as_bytes())
        .unwrap();
    let swallowed = "1795428900123.{\"a\":1}";
    let moved = GENUINE
        .0
        .verify(&bound(swallowed), inner.as_bytes(), &header);
    assert_eq!(moved, Err(SignatureFault::NoInstant));
    let long = "1".repeat(41);
    for absurd in [
        "",
        " ",
        "yesterday",
        "-1",
        "1 2",
        "1\n2",
        "1{",
        long.as_str(),
    ] {
        let header = signer.header_value(&bound(absurd), BODY).unwrap();
        let verdict = GENUINE.0.verify(&bound(absurd), BODY, &header);
        assert_eq!(verdict, Err(SignatureFault::NoInstant), "{absurd:?}");
    }
    for odd in [
        "0",
        "99999999999999999999",
        "2026-11-23T10:12:05.123+00:00",
        "20261123T101205Z",
    ] {
        let header = signer.header_value(&bound(odd), BODY).unwrap();
        assert_eq!(
            GENUINE.0.verify(&bound(odd), BODY, &header),
            Ok(()),
            "{odd}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn case_x30_no_header_without_the_genuine_signature_is_believed(
        parts in prop::collection::vec(
            prop_oneof![
                "\\PC{0,40}", "(algorithm|keyVersion|signature)=[!-~]{0,40}",
                "signature=([A-Za-z0-9+/]{4}){0,20}", Just("algorithm=none".to_owned()),
            ],
            0..5,
        ),
    ) {
        let header = parts.join(",");
        prop_assert!(verdict(&header).is_err(), "{header}");
    }

    #[test]
    fn case_x30_a_changed_header_is_believed_only_for_the_genuine_signature(
        place in any::<prop::sample::Index>(),
        end in any::<prop::sample::Index>(),
        instead in "[ -~]{0,6}|,algorithm=[a-zA-Z0-9]{0,6},|%[0-9A-F]{2}",
    ) {
        let header = &GENUINE.1;
        let place = place.index(header.len());
        let end = place + end.index(3).min(header.len() - place);
        let changed = format!("{}{instead}{}", &header[..place], &header[end..]);
        prop_assert!(fits(&changed), "{changed}");
    }
}
