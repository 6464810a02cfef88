//! Round trips, the golden files, and records that are not ours.

use super::{read, write};
use crate::{Command, CommandBody, Payload, Sealer, SealingKey};
use payment::{
    AlipayPaymentId, Approval, Currency, Delivery, MerchantId, Money, Notice, NoticeResult,
    OrderNumber, PaymentCode, Policy, PolicyNumbers, Reference, ResultCode, TerminalId, Terms,
    Timestamp, mint_payment_request_id,
};
use proptest::prelude::*;
use serde_json::Value;
use uuid::Uuid;

pub(super) const GOLDEN: [(&str, &str); 4] = [
    ("pay", include_str!("../../golden/v1/pay.json")),
    ("cancel", include_str!("../../golden/v1/cancel.json")),
    (
        "notice_paid",
        include_str!("../../golden/v1/notice_paid.json"),
    ),
    (
        "notice_not_paid",
        include_str!("../../golden/v1/notice_not_paid.json"),
    ),
];

/// The key of the golden files; used nowhere else.
pub(super) fn sealer() -> Sealer {
    let text = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    Sealer::new(SealingKey::parse(text).unwrap(), Vec::new())
}

fn yuan(amount_minor: i64) -> Money {
    Money::new(amount_minor, Currency::parse("CNY").unwrap()).unwrap()
}

fn terms(order: &str, reference: &str, amount_minor: i64, delivery: Delivery) -> Terms {
    let terminal = TerminalId::parse("till-7").unwrap();
    let at = Timestamp::from_ms(1_700_000_000_000);
    let numbers = PolicyNumbers {
        delivery,
        ..PolicyNumbers::standard()
    };
    Terms {
        merchant: MerchantId::parse("m-1").unwrap(),
        order_number: OrderNumber::parse(order).unwrap(),
        reference: Reference::parse(reference).unwrap(),
        payment_request_id: mint_payment_request_id(at, &terminal, yuan(amount_minor), 5, 7),
        terminal,
        amount: yuan(amount_minor),
        description: "Tea, \"two\" cups 茶".to_owned(),
        accepted_at: at,
        policy: Policy::new(numbers).unwrap(),
    }
}

fn command(terms: &Terms, id: u128, body: CommandBody) -> Command {
    Command {
        id: Uuid::from_u128(id),
        order: terms.order(),
        payment: terms.payment(),
        produced_at: Timestamp::from_ms(1_700_000_000_250),
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
        body,
    }
}

pub(super) fn golden_command(name: &str) -> Command {
    let within = Delivery::Acknowledged { within_ms: 9_000 };
    let terms = terms("O-1", "R-1", 1988, within);
    let body = match name {
        "pay" => CommandBody::Pay {
            terms: Box::new(terms.clone()),
            code: PaymentCode::unsealed("281234567890123456".to_owned()),
        },
        "cancel" => CommandBody::Cancel,
        "notice_paid" => CommandBody::Notice(Notice {
            result: NoticeResult::Paid(Approval {
                alipay_payment_id: AlipayPaymentId::parse("20240101194010800100188").unwrap(),
                amount: yuan(1988),
            }),
        }),
        "notice_not_paid" => CommandBody::Notice(Notice {
            result: NoticeResult::NotPaid {
                code: ResultCode::new("USER_BALANCE_NOT_ENOUGH"),
            },
        }),
        other => panic!("no golden command {other}"),
    };
    command(&terms, 0x0a, body)
}

/// The sealed text differs every time; its key and place must not.
fn without_sealed(record: &str) -> Value {
    let mut value: Value = serde_json::from_str(record).unwrap();
    if let Some(sealed) = value.pointer_mut("/body/code/sealed") {
        *sealed = Value::Null;
    }
    value
}

#[test]
fn every_command_that_version_1_wrote_is_read_for_ever() {
    for (name, record) in GOLDEN {
        let payload = read(record.trim().as_bytes(), &sealer());
        assert_eq!(payload, Payload::Command(golden_command(name)), "{name}");
    }
}

#[test]
fn version_1_is_still_written_as_it_was() {
    for (name, record) in GOLDEN {
        let written = write(&golden_command(name), &sealer()).unwrap();
        let written = String::from_utf8(written).unwrap();
        assert_eq!(without_sealed(&written), without_sealed(record), "{name}");
    }
}

#[test]
fn what_is_no_record_of_ours_is_poison_and_says_why_without_quoting_it() {
    let spy = "281234567890123456";
    let records = [
        String::new(),
        format!("\"{spy}"),
        format!("[\"{spy}\"]"),
        format!("{{\"version\":\"{spy}\"}}"),
        format!("{{\"version\":1,\"id\":{spy}}}"),
        format!("{{\"version\":0,\"order\":\"{spy}\"}}"),
    ];
    for record in records {
        let Payload::Poison { order, reason, .. } = read(record.as_bytes(), &sealer()) else {
            panic!("{record}");
        };
        assert_eq!(order, None);
        assert!(!reason.is_empty() && !reason.contains(spy), "{reason}");
    }
}

#[test]
fn a_kind_or_a_word_of_a_later_release_waits_for_it_and_is_not_quoted() {
    let golden = GOLDEN[1].1;
    for (kind, told) in [("refund", "refund"), ("x281234567890123456", "unknown")] {
        let record = golden.replace("\"cancel\"", &format!("\"{kind}\""));
        let Payload::Waits {
            order, kind, lacks, ..
        } = read(record.as_bytes(), &sealer())
        else {
            panic!("{record}");
        };
        assert_eq!((kind.as_str(), lacks), (told, crate::Lack::Word));
        assert_eq!(order, Some(golden_command("cancel").order));
    }
    let record = GOLDEN[0].1.replace("\"CNY\"", "\"XQQ\"");
    let payload = read(record.trim().as_bytes(), &sealer());
    let waits = matches!(&payload, Payload::Waits { kind, .. } if kind == "pay");
    assert!(waits, "a currency of tomorrow: {payload:?}");
}

#[test]
fn what_a_door_took_is_read_whatever_bounds_a_later_release_sets() {
    let golden = GOLDEN[0].1;
    let record = golden
        .replace("38000", "1")
        .replace("1988", "99999999999999999");
    let payload = read(record.trim().as_bytes(), &sealer());
    assert!(matches!(payload, Payload::Command(_)), "{payload:?}");
}

#[test]
fn terms_of_another_order_than_the_envelopes_are_poison() {
    let mine = terms("O-1", "R-1", 1988, Delivery::Off);
    let others = terms("O-2", "R-1", 1988, Delivery::Off);
    let body = CommandBody::Pay {
        terms: Box::new(others),
        code: PaymentCode::unsealed("281234567890123456".to_owned()),
    };
    let record = write(&command(&mine, 1, body), &sealer()).unwrap();
    let payload = read(&record, &sealer());
    assert!(matches!(payload, Payload::Poison { .. }), "{payload:?}");
}

fn any_body() -> impl Strategy<Value = (Terms, CommandBody)> {
    let delivery = prop_oneof![
        Just(Delivery::HandedOver),
        Just(Delivery::Off),
        (200..86_400_000_i64).prop_map(|within_ms| Delivery::Acknowledged { within_ms }),
    ];
    let terms = (
        "[!-~]{1,64}",
        "[!-~]{1,128}",
        1..1_000_000_000_i64,
        delivery,
    )
        .prop_map(|(order, reference, minor, delivery)| terms(&order, &reference, minor, delivery));
    (terms, 0..4_u8, "[0-9]{17,32}", "[A-Z_]{1,64}").prop_map(|(terms, kind, code, word)| {
        let body = match kind {
            0 => CommandBody::Pay {
                terms: Box::new(terms.clone()),
                code: PaymentCode::unsealed(code),
            },
            1 => CommandBody::Cancel,
            2 => CommandBody::Notice(Notice {
                result: NoticeResult::NotPaid {
                    code: ResultCode::new(&word),
                },
            }),
            _ => CommandBody::Notice(Notice {
                result: NoticeResult::Paid(Approval {
                    alipay_payment_id: AlipayPaymentId::parse(&word).unwrap(),
                    amount: terms.amount,
                }),
            }),
        };
        (terms, body)
    })
}

proptest! {
    #[test]
    fn every_command_comes_back_as_it_was(
        (terms, body) in any_body(),
        id: u128,
        produced_at_ms: i64,
        traceparent in proptest::option::of("\\PC{0,60}"),
    ) {
        let command = Command {
            produced_at: Timestamp::from_ms(produced_at_ms),
            traceparent,
            ..command(&terms, id, body)
        };
        let record = write(&command, &sealer()).unwrap();
        if let CommandBody::Pay { code, .. } = &command.body {
            let text = String::from_utf8(record.clone()).unwrap();
            prop_assert!(!text.contains(code.expose()));
        }
        prop_assert_eq!(read(&record, &sealer()), Payload::Command(command));
    }

    #[test]
    fn no_record_makes_the_reader_panic(record: Vec<u8>) {
        let _ = read(&record, &sealer());
    }

    #[test]
    fn one_changed_byte_never_yields_another_code(place: prop::sample::Index, flip in 1..=255_u8) {
        let golden = golden_command("pay");
        let mut record = write(&golden, &sealer()).unwrap();
        let place = place.index(record.len());
        record[place] ^= flip;
        if let Payload::Command(Command { body: CommandBody::Pay { code, .. }, .. }) =
            read(&record, &sealer())
        {
            prop_assert_eq!(code.expose(), "281234567890123456");
        }
    }
}
