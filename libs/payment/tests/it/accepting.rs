//! Taking a command to pay: once, in time, one open attempt an order.

use crate::play::{Play, at, cancel, code, pay_u, standard, terms};
use payment::{
    Answer, Call, CancelAnswer, CodeFormat, Currency, Fact, Input, MerchantId, Money, NeverSent,
    Outcome, PayAnswer, PaymentCode, Proof, Refusal, Status, TerminalId, mint_payment_request_id,
};

#[test]
fn rule_k1_a_command_is_accepted_and_its_pay_begun_in_one_append() {
    let mut play = Play::empty(standard());
    let facts = play.input(0, Input::Pay(Box::new(play.terms.clone())));
    assert!(matches!(
        facts.as_slice(),
        [
            Fact::Accepted(_),
            Fact::Begun {
                number: 1,
                call: Call::Pay
            }
        ]
    ));
}

#[test]
fn case_x17_the_same_command_again_changes_nothing() {
    let mut play = Play::begun();
    assert!(
        play.input(1, Input::Pay(Box::new(play.terms.clone())))
            .is_empty()
    );
}

#[test]
fn case_x14_a_command_past_the_last_begin_instant_is_ended_unsent() {
    let mut play = Play::empty(standard());
    play.input(5_001, Input::Pay(Box::new(play.terms.clone())));
    assert_eq!(play.proof(), Some(Proof::NeverSent(NeverSent::TooLate)));
    assert_eq!(play.count(|fact| matches!(fact, Fact::Begun { .. })), 0);
    assert_eq!(play.told(5_001).outcome, Outcome::NotPaid);
}

#[test]
fn case_x14_a_command_at_the_last_begin_instant_is_still_sent() {
    let mut play = Play::empty(standard());
    play.input(5_000, Input::Pay(Box::new(play.terms.clone())));
    assert_eq!(play.count(|fact| matches!(fact, Fact::Begun { .. })), 1);
}

#[test]
fn case_x16_what_was_begun_is_not_abandoned() {
    let mut play = Play::begun();
    let begun = Input::Abandon(Box::new(play.terms.clone()));
    assert_eq!(play.input(10_000, begun), []);
}

#[test]
fn case_x16_an_abandoned_request_is_ended_unsent_and_its_late_command_changes_nothing() {
    let mut play = Play::empty(standard());
    play.input(10_000, Input::Abandon(Box::new(play.terms.clone())));
    assert_eq!(play.proof(), Some(Proof::NeverSent(NeverSent::Abandoned)));
    assert!(
        play.input(10_001, Input::Pay(Box::new(play.terms.clone())))
            .is_empty()
    );
}

#[test]
fn rule_b2_a_cancel_before_its_payment_is_kept_and_the_payment_is_never_sent() {
    let mut play = Play::empty(standard());
    let payment = play.terms.payment();
    assert_eq!(play.input(0, Input::Cancel { payment }), [Fact::CancelKept]);
    assert_eq!(play.input(0, Input::Cancel { payment }), [], "kept once");
    play.input(1, Input::Pay(Box::new(play.terms.clone())));
    assert_eq!(
        play.proof(),
        Some(Proof::NeverSent(NeverSent::CancelledFirst))
    );
    assert_eq!(play.status(1), Status::Cancelled);
}

#[test]
fn case_x19_a_second_attempt_is_refused_while_the_first_is_open_and_leaves_no_event() {
    let mut play = Play::begun();
    let before = play.order.clone();
    for number in 2..1_000 {
        let second = terms(&format!("R-{number}"), standard());
        let refused = play.try_input(1, Input::Pay(Box::new(second)));
        assert_eq!(refused, Err(Refusal::OrderHasOpenPayment));
    }
    assert_eq!(play.order, before, "the order does not grow");
}

/// A payment that ends at once, refused by Alipay.
fn fail(play: &mut Play, reference: &str) {
    let next = terms(reference, standard());
    play.input(0, Input::Pay(Box::new(next.clone())));
    let refused = PayAnswer::Refused {
        code: code("USER_BALANCE_NOT_ENOUGH"),
    };
    let answer = Input::Answer {
        payment: next.payment(),
        begun: 1,
        answer: Answer::Pay(refused),
        clock_skew_ms: 0,
    };
    play.input(1, answer);
}

#[test]
fn an_order_has_a_hundred_attempts_at_most_and_then_says_no_without_growing() {
    let mut play = Play::empty(standard());
    let kept = terms("R-cancelled", standard());
    let payment = kept.payment();
    play.input(0, Input::Cancel { payment });
    for number in 1..100 {
        fail(&mut play, &format!("R-{number}"));
    }
    let before = play.order.clone();
    for number in 100..200 {
        let next = Box::new(terms(&format!("R-{number}"), standard()));
        let payment = next.payment();
        assert_eq!(
            play.input(2, Input::Cancel { payment }),
            [],
            "nor by cancels"
        );
        for input in [Input::Pay(next.clone()), Input::Abandon(next)] {
            let refused = play.try_input(2, input);
            assert_eq!(refused, Err(Refusal::TooManyAttempts));
        }
    }
    assert_eq!(play.order, before);
    // What was cancelled before the order was full had its place.
    play.input(3, Input::Pay(Box::new(kept)));
    assert_eq!(play.order.attempts.len(), 100);
}

#[test]
fn case_x20_a_new_attempt_waits_for_the_reversal_and_may_begin_after_it_is_proven() {
    let mut play = Play::begun();
    let payment = play.terms.payment();
    play.answer(100, 1, pay_u());
    play.input(200, Input::Cancel { payment });
    let second = Input::Pay(Box::new(terms("R-2", standard())));
    let refused = play.try_input(300, second);
    assert_eq!(refused, Err(Refusal::ReversalInProgress));
    play.exchange(300, cancel(CancelAnswer::Cancelled));
    let third = Input::Pay(Box::new(terms("R-3", standard())));
    assert_eq!(play.input(400, third).len(), 2, "accepted and begun");
}

#[test]
fn rule_a12_after_a_proven_failure_a_new_attempt_of_the_order_may_start() {
    let mut play = Play::begun();
    let refused = PayAnswer::Refused {
        code: code("USER_BALANCE_NOT_ENOUGH"),
    };
    play.answer(100, 1, Answer::Pay(refused));
    let second = Input::Pay(Box::new(terms("R-2", standard())));
    assert_eq!(play.input(200, second).len(), 2, "accepted and begun");
}

#[test]
fn an_order_that_was_released_is_spent_for_ever() {
    let mut play = Play::begun();
    let payment = play.terms.payment();
    play.answer(100, 1, crate::play::pay_s());
    play.input(200, Input::Release { payment });
    play.input(300, Input::Cancel { payment });
    play.exchange(300, cancel(CancelAnswer::Cancelled));
    let second = Input::Pay(Box::new(terms("R-2", standard())));
    let refused = play.try_input(400, second);
    assert_eq!(refused, Err(Refusal::OrderAlreadyPaid));
}

#[test]
fn rule_d2_a_payment_request_id_bears_time_terminal_amount_sequence_and_chance() {
    let terminal = TerminalId::parse("till-1").unwrap();
    let amount = Money::new(1_280, Currency::parse("CNY").unwrap()).unwrap();
    let id = |sequence, chance| mint_payment_request_id(at(0), &terminal, amount, sequence, chance);
    let first = id(41, 7);
    assert!(first.as_str().starts_with("20261123040000"), "{first}");
    assert!(
        first.as_str().contains("1280") && first.as_str().contains("41"),
        "{first}"
    );
    assert!(first.as_str().len() <= 64);
    assert_ne!(first, id(42, 7));
    assert_ne!(first, id(41, 8));
}

#[test]
fn rule_d1_two_attempts_of_one_order_have_different_payments_and_keys() {
    let (first, second) = (terms("R-1", standard()), terms("R-2", standard()));
    assert_eq!(first.order(), second.order());
    assert_ne!(first.payment(), second.payment());
    let other_merchant = payment::Terms {
        merchant: MerchantId::parse("other").unwrap(),
        ..first.clone()
    };
    assert_ne!(first.payment(), other_merchant.payment());
    assert_ne!(first.order(), other_merchant.order());
}

#[test]
fn rule_e1_payment_codes_have_17_to_32_digits_and_begin_25_to_30() {
    let parse = |text: &str| PaymentCode::parse(text, &CodeFormat::standard());
    for prefix in 25..=30 {
        assert!(
            parse(&format!("{prefix}{:015}", 1)).is_ok(),
            "{prefix}, 17 digits"
        );
        assert!(
            parse(&format!("{prefix}{:030}", 1)).is_ok(),
            "{prefix}, 32 digits"
        );
        assert!(
            parse(&format!("{prefix}{:014}", 1)).is_err(),
            "{prefix}, 16 digits"
        );
        assert!(
            parse(&format!("{prefix}{:031}", 1)).is_err(),
            "{prefix}, 33 digits"
        );
    }
    for wrong in [
        "24000000000000001",
        "31000000000000001",
        "2800000000000000x",
        "",
    ] {
        assert!(parse(wrong).is_err(), "{wrong}");
    }
    let longer = CodeFormat {
        digits_max: 40,
        ..CodeFormat::standard()
    };
    assert!(
        PaymentCode::parse(&format!("28{:038}", 1), &longer).is_ok(),
        "settings"
    );
}

#[test]
fn rule_e1_what_a_scanner_puts_around_a_code_is_no_part_of_it() {
    const CODE: &str = "281012020262467128";
    let around = [
        ("", "\r\n"),
        ("", "\n"),
        ("", "\r"),
        ("\t", "\t"),
        ("  ", " "),
        ("", "\0"),
        ("\u{2}", "\u{3}"),
        ("", "\u{1d}"),
        ("\u{feff}", ""),
        ("\u{200b}", "\u{200d}"),
        ("\u{3000}", "\u{a0}"),
        ("\u{2066}", "\u{2069}"),
        ("]C1", ""),
        ("]Q1", "\r\n"),
        ("]d2", "\u{1d}"),
        (" ]E0 ", " "),
        ("]e0", ""),
        ("]X0\r", ""),
    ];
    for (before, after) in around {
        let sent = format!("{before}{CODE}{after}");
        let code = PaymentCode::parse(&sent, &CodeFormat::standard());
        let code = code.unwrap_or_else(|fault| panic!("{sent:?}: {fault}"));
        assert_eq!(code.expose(), CODE, "{sent:?}");
    }
}

#[test]
fn rule_e1_what_else_stands_in_a_code_is_said_by_kind_and_place_and_the_code_is_not() {
    for (sent, says) in [
        ("2810 1202 0262 467128", "a space stands at place 5"),
        (" 2810\t12020262467128", "a TAB stands at place 6"),
        (
            "281012020262467128\n281012020262467129",
            "the end of a line stands at place 19",
        ),
        ("2810-1202-0262-467128", "a dash stands at place 5"),
        ("28101202026246712O", "a letter stands at place 18"),
        (
            "２８１０１２０２０２６２４６７１２８",
            "a digit that is not ASCII's stands at place 1",
        ),
        (
            "https://qr.alipay.com/281012020262467128",
            "a letter stands at place 1",
        ),
        (
            "2810\u{200b}12020262467128",
            "a character of no width stands at place 5",
        ),
        (
            "2810\u{1d}12020262467128",
            "a control character stands at place 5",
        ),
        ("]C1]C1281012020262467128", "a sign stands at place 4"),
        ("2.81012020262467E17", "a point or comma stands at place 2"),
        (" \r\n\0", "is empty"),
        ("]C1", "is empty"),
    ] {
        let fault = PaymentCode::parse(sent, &CodeFormat::standard())
            .unwrap_err()
            .to_string();
        assert!(fault.contains(says), "{sent:?}: {fault}");
        assert!(
            !fault.contains("2810") && !fault.contains("467128"),
            "{fault}"
        );
    }
}

#[test]
fn rule_e1_a_text_from_outside_that_may_hold_a_code_is_known() {
    let codes = CodeFormat::standard();
    for text in [
        "281012020262467128",
        "till-281012020262467128",
        "a.25000000000000000_b",
    ] {
        assert!(codes.may_stand_in(text), "{text}");
    }
    for text in [
        "",
        "20261128101500000001",
        "2810120202624671",
        "28101202-0262467128",
        "31012020262467128",
    ] {
        assert!(!codes.may_stand_in(text), "{text}");
    }
    let code = PaymentCode::parse("281012020262467128", &codes).unwrap();
    assert!(code.stands_in("20261128281012020262467128"));
    assert!(!code.stands_in("28101202026246712"));
}

#[test]
fn a_payment_code_never_prints() {
    let code = PaymentCode::parse("281012020262467128", &CodeFormat::standard()).unwrap();
    assert!(!format!("{code:?}").contains("2810"));
}
