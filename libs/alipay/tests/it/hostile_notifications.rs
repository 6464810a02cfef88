//! Bodies of notifications that nobody honest would write, each signed by Alipay's own key: the
//! signature says who spoke, never that it makes sense.

use crate::corpus::kept;
use crate::second_reader::Tree;
use crate::vectors::{ALIPAY_KEY, ALIPAY_PUBLIC};
use alipay::notification::{Headers, Heard, NotificationFault, ReadNotice, read};
use alipay::signature::{Bound, Signer, Verifier};
use payment::NoticeResult;
use proptest::prelude::*;
use std::sync::LazyLock;

const PATH: &str = "/alipay/v1/notifications/payments";
const TIME: &str = "1795428900123";
/// Stands in hostile places; no fault may repeat it.
const SPY: &str = "281666040092810557000000";

static KEYS: LazyLock<(Signer, Verifier)> = LazyLock::new(|| {
    let signer = Signer::from_pem(ALIPAY_KEY, 1).unwrap();
    (signer, Verifier::from_pem(ALIPAY_PUBLIC).unwrap())
});

fn told(body: &[u8]) -> Result<Heard, NotificationFault> {
    let (signer, verifier) = &*KEYS;
    let bound = Bound {
        path: PATH,
        client_id: "us",
        time: TIME,
    };
    let signature = signer.header_value(&bound, body).unwrap();
    let headers = Headers {
        client_id: Some("us"),
        request_time: Some(TIME),
        signature: Some(&signature),
    };
    read(verifier, "us", PATH, headers, body)
}

/// What must hold of any body whatever; its verdict in one word.
fn judged(body: &[u8]) -> Result<&'static str, String> {
    let second = serde_json::from_slice::<Tree>(body).ok();
    match told(body) {
        Err(fault) if fault.code() != "unreadable" => Err(format!("a signed body: {fault:?}")),
        Err(fault) => {
            let said = format!("{fault} {fault:?}");
            let short = said.len() < 200 && !said.contains(&SPY[..8]);
            let verdict = short.then_some("unreadable");
            verdict.ok_or_else(|| format!("it quotes the body: {said}"))
        }
        Ok(Heard::OtherKind { kind }) => {
            let result = second.is_some_and(|tree| tree.is_a_result());
            let verdict = (!result && kind.len() <= 64).then_some("ignored");
            verdict.ok_or_else(|| format!("a result taken for {kind}"))
        }
        Ok(Heard::Result(ReadNotice {
            payment_request_id,
            notice,
        })) => match notice.result {
            NoticeResult::Paid(approval) => second
                .filter(|tree| tree.says_success())
                .filter(|tree| tree.speaks_of(payment_request_id.as_str(), &approval))
                .map(|_| "paid")
                .ok_or_else(|| format!("a success that is none: {approval:?}")),
            NoticeResult::NotPaid { .. } => {
                let success = second.is_some_and(|tree| tree.says_success());
                let verdict = (!success).then_some("not_paid");
                verdict.ok_or_else(|| "a success taken for none".to_owned())
            }
        },
    }
}

#[test]
fn rule_h1_each_kept_body_is_told_as_its_folder_says() {
    for verdict in ["paid", "not_paid", "ignored", "unreadable"] {
        for body in kept(&format!("notifications/{verdict}")) {
            let judged = judged(&body.bytes);
            assert_eq!(judged.as_deref(), Ok(verdict), "{}", body.name);
        }
    }
}

#[test]
fn rule_h1_a_signed_body_cut_off_anywhere_is_not_read() {
    for body in kept("notifications/paid") {
        let whole = body.bytes.trim_ascii_end();
        for end in 0..whole.len() {
            assert_eq!(
                judged(&whole[..end]),
                Ok("unreadable"),
                "{} {end}",
                body.name
            );
        }
    }
}

#[test]
fn bodies_of_10_000_levels_or_a_million_letters_are_read_or_refused_without_harm() {
    let levels =
        |open: &str, close: &str| format!("{}{}", open.repeat(10_000), close.repeat(10_000));
    let (lists, objects) = (
        levels("[", "]"),
        levels("{\"a\":", "}").replace(":}", ":1}"),
    );
    let long = "x".repeat(1_000_000);
    let good = good();
    for (body, verdict) in [
        (lists.clone(), "unreadable"),
        (objects.clone(), "ignored"),
        ("[".repeat(10_000), "unreadable"),
        ("{\"result\":".repeat(10_000), "unreadable"),
        (good.replace("\"1280\"", &lists), "unreadable"),
        (good.replace("\"S\"", &objects), "not_paid"),
        (good.replace("PAYMENT_RESULT", &long), "ignored"),
        (good.replace("A-1", &long), "unreadable"),
        (good.replace("P-1", &long), "unreadable"),
        (good.replace("1280", &"9".repeat(1_000_000)), "unreadable"),
        (good.replace("\"F\"", &format!("\"{long}\"")), "paid"),
        (
            good.replacen('{', &format!("{{\"x\":\"{long}\","), 1),
            "paid",
        ),
        (good.replacen('{', "{\"x\":1,", 1).repeat(2), "unreadable"),
    ] {
        assert_eq!(judged(body.as_bytes()), Ok(verdict), "{}…", &body[..60]);
    }
}

const FIELDS: [(&str, &str); 5] = [
    ("notifyType", "\"PAYMENT_RESULT\""),
    (
        "result",
        "{\"resultCode\":\"SUCCESS\",\"resultStatus\":\"S\"}",
    ),
    ("paymentRequestId", "\"P-1\""),
    ("paymentId", "\"A-1\""),
    ("paymentAmount", "{\"currency\":\"CNY\",\"value\":\"1280\"}"),
];

const NAMES: [&str; 8] = [
    "result",
    "paymentAmount",
    "payment\\u0041mount",
    "paymentId",
    "paymentRequestId",
    "notifyType",
    "paymentStatus",
    "PaymentAmount",
];

const VALUES: [&str; 26] = [
    "null",
    "true",
    "0",
    "-1",
    "1280",
    "19.88",
    "1e400",
    "99999999999999999999",
    "\"\"",
    "\"S\"",
    "\"P-1\"",
    "\"\\ud800\"",
    "\"\\u0000\"",
    "\"281666040092810557000000\"",
    "281666040092810557",
    "[]",
    "{}",
    "[\"CNY\",\"1280\"]",
    "[\"SUCCESS\",\"S\",\"\"]",
    "{\"currency\":\"CNY\",\"value\":\"1\"}",
    "{\"currency\":\"CNY\",\"value\":\"+1\"}",
    "{\"currency\":\"JPY\",\"value\":1280}",
    "{\"value\":\"1\",\"value\":\"2\",\"currency\":\"CNY\"}",
    "{\"resultCode\":\"X\",\"resultStatus\":\"F\"}",
    "{\"resultCode\":\"281666040092810557000000\"}",
    "{\"resultStatus\":\"S\",\"resultStatus\":\"F\",\"resultCode\":\"X\"}",
];

fn good() -> String {
    written(&FIELDS.map(|(name, value)| (name.to_owned(), value.to_owned())))
}

fn written(fields: &[(String, String)]) -> String {
    let written: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("\"{name}\":{value}"))
        .collect();
    format!("{{{}}}", written.join(","))
}

/// The fields of a good body, some changed, added, repeated or left out.
fn odd_fields() -> impl Strategy<Value = String> {
    let change = (
        any::<prop::sample::Index>(),
        0..3_u8,
        0..NAMES.len(),
        0..VALUES.len(),
    );
    prop::collection::vec(change, 0..4).prop_map(|changes| {
        let mut fields = FIELDS.map(|(n, v)| (n.to_owned(), v.to_owned())).to_vec();
        for (place, how, name, value) in changes {
            let new = (NAMES[name].to_owned(), VALUES[value].to_owned());
            let place = place.index(fields.len());
            match how {
                0 => fields.insert(place, new),
                1 => fields[place].1 = new.1,
                _ if fields.len() > 1 => drop(fields.remove(place)),
                _ => {}
            }
        }
        written(&fields)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn rule_h1_whatever_is_believed_says_so_exactly_once(body in odd_fields()) {
        let judged = judged(body.as_bytes());
        prop_assert!(judged.is_ok(), "{judged:?}: {body}");
    }

    #[test]
    fn changed_bytes_never_make_another_success(
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
    ) {
        let mut body = good().into_bytes();
        for (place, byte) in places {
            let place = place.index(body.len());
            body[place] = byte;
        }
        let judged = judged(&body);
        prop_assert!(judged.is_ok(), "{judged:?}: {}", String::from_utf8_lossy(&body));
    }

    #[test]
    fn no_bytes_at_all_make_the_reader_panic(body: Vec<u8>) {
        prop_assert_eq!(judged(&body), Ok("unreadable"));
    }
}
