//! What proves that a refund took no effect, and what is asked until something does (A16,
//! decision 45).

use crate::play::{
    Play, approval, at, cancel, code, inquiry, inquiry_s, pay_s, refund_call, refund_id,
};
use payment::{
    AlipayRefundId, Answer, Call, CancelAnswer, Event, Fact, Input, InquiryAnswer, Loss, Proof,
    RefundAnswer, RefundInquiryAnswer, RefundRequestId, Status, Todo, evolve,
};
use std::collections::BTreeSet;

/// A charge whose reversal must be a refund, which is owed at 400.
fn refunding() -> Play {
    let mut play = Play::begun();
    play.answer(300, 1, pay_s());
    let payment = play.terms.payment();
    play.input(400, Input::Cancel { payment });
    play.exchange(400, cancel(CancelAnswer::WindowOver));
    play.exchange(400, inquiry_s());
    play
}

fn refused(text: &str) -> Answer {
    Answer::Refund(RefundAnswer::Refused { code: code(text) })
}

fn no_effect() -> Answer {
    Answer::Refund(RefundAnswer::NoEffect {
        code: code("MERCHANT_BALANCE_NOT_ENOUGH"),
    })
}

fn refunded() -> RefundInquiryAnswer {
    RefundInquiryAnswer::Refunded {
        refund_id: AlipayRefundId::parse("RF-1").unwrap(),
        amount: approval(1_280, "CNY").amount,
    }
}

fn inquire_refund(play: &Play, number: u32) -> Call {
    let id = refund_id(play, number);
    Call::InquireRefund { number, id }
}

/// The ids under which a refund was ever begun.
fn ids(play: &Play) -> BTreeSet<RefundRequestId> {
    let begun = play.events.iter().filter_map(|event| {
        let Fact::Begun {
            call: Call::Refund { id, .. },
            ..
        } = event.fact
        else {
            return None;
        };
        Some(id)
    });
    begun.collect()
}

#[test]
fn case_x28_a_refund_that_took_effect_and_was_answered_f_is_found_by_inquiry_refund() {
    for text in [
        "PROCESS_FAIL",
        "REFUND_AMOUNT_EXCEED",
        "ORDER_STATUS_INVALID",
        "ORDER_IS_CANCELED",
    ] {
        let mut play = refunding();
        assert_eq!(play.exchange(400, refused(text)).1, refund_call(&play, 1));
        let asked = play.exchange(400, Answer::RefundInquiry(refunded()));
        assert_eq!(asked, (400, inquire_refund(&play, 1)), "{text}: at once");
        assert!(matches!(play.proof(), Some(Proof::RefundSucceeded { .. })));
        assert_eq!(play.status(400), Status::Reversed);
        assert_eq!(ids(&play).len(), 1);
        assert_eq!(play.due(400), Todo::Rest);
    }
}

#[test]
fn rule_a16_a_refund_that_alipay_does_not_find_is_asked_for_again_under_the_same_id() {
    let mut play = refunding();
    play.exchange(400, refused("PROCESS_FAIL"));
    play.exchange(400, Answer::RefundInquiry(RefundInquiryAnswer::NotFound));
    assert_eq!(play.exchange(400, inquiry_s()), (400, Call::Inquire));
    let (ms, again) = play.next_call(400).unwrap();
    assert_eq!((ms, again), (5_400, refund_call(&play, 1)), "at the pace");
}

#[test]
fn rule_a16_a_refund_that_is_processing_is_waited_for() {
    let mut play = refunding();
    play.exchange(400, refused("PROCESS_FAIL"));
    let processing = || Answer::RefundInquiry(RefundInquiryAnswer::Processing);
    for expected_ms in [400, 5_400, 10_400] {
        let asked = play.exchange(expected_ms, processing());
        assert_eq!(asked, (expected_ms, inquire_refund(&play, 1)));
    }
    play.exchange(15_400, Answer::RefundInquiry(refunded()));
    assert_eq!(play.status(15_400), Status::Reversed);
    assert_eq!(ids(&play).len(), 1);
}

#[test]
fn rule_a16_a_new_id_follows_a_listed_final_f_or_an_inquiry_that_says_fail_and_nothing_else() {
    let mut listed = refunding();
    listed.exchange(400, no_effect());
    assert_eq!(listed.exchange(400, inquiry_s()).1, Call::Inquire);
    let second = listed.next_call(400).unwrap().1;
    assert_eq!(second, refund_call(&listed, 2));

    let mut failed = refunding();
    failed.exchange(400, refused("PROCESS_FAIL"));
    failed.exchange(400, Answer::RefundInquiry(RefundInquiryAnswer::Failed));
    assert_eq!(failed.exchange(400, inquiry_s()).1, Call::Inquire);
    let (ms, second) = failed.next_call(400).unwrap();
    assert_eq!((ms, second), (5_400, refund_call(&failed, 2)));
}

#[test]
fn rule_a16_a_doubtful_f_asks_about_every_id_so_far_for_an_earlier_one_may_have_taken_effect() {
    let mut play = refunding();
    play.exchange(400, no_effect());
    play.exchange(400, inquiry_s());
    let (ms, _) = play.exchange(400, refused("REFUND_AMOUNT_EXCEED"));
    let not_found = Answer::RefundInquiry(RefundInquiryAnswer::NotFound);
    assert_eq!(play.next_call(ms).unwrap().1, inquire_refund(&play, 1));
    play.exchange(ms, not_found);
    assert_eq!(play.next_call(ms).unwrap().1, inquire_refund(&play, 2));
    play.exchange(ms, Answer::RefundInquiry(refunded()));
    assert_eq!(play.status(ms), Status::Reversed);
}

#[test]
fn rule_a16_and_a15_silence_repeats_the_id_for_a_minute_then_asks_then_queues_and_asks_a_person() {
    for silence in [
        Answer::Lost(Loss::TimedOut),
        Answer::Refund(RefundAnswer::InDoubt {
            code: code("UNKNOWN_EXCEPTION"),
        }),
    ] {
        let mut play = refunding();
        let mut now = 400;
        while now < 60_400 {
            let (ms, call) = play.exchange(now, silence.clone());
            assert_eq!(call, refund_call(&play, 1));
            assert!(ms == 400 || ms - now == 5_000, "{now} {ms}");
            now = ms;
        }
        let mut calls = BTreeSet::new();
        while now < 30 * 86_400_000 {
            let (ms, call) = play.next_call(now).unwrap();
            let answer = match call {
                Call::Inquire => inquiry_s(),
                Call::InquireRefund { .. } => Answer::Lost(Loss::TimedOut),
                Call::Pay | Call::Cancel | Call::Refund { .. } => silence.clone(),
            };
            play.exchange(ms, answer);
            calls.insert(format!("{call:?}").len());
            now = ms;
        }
        assert_eq!(play.status(now), Status::NeedsAttention);
        assert_eq!(ids(&play).len(), 1, "never a new id");
        assert_eq!(calls.len(), 3, "refund, inquiryRefund, inquiryPayment");
        let events = play.events.len();
        assert!(events < 1_000, "{events} events in thirty days");
    }
}

#[test]
fn a_refund_that_is_always_answered_f_and_never_found_keeps_its_id_and_asks_a_person() {
    let mut play = refunding();
    let mut now = 400;
    while now < 86_400_000 {
        let (ms, call) = play.next_call(now).unwrap();
        let answer = match call {
            Call::Inquire => inquiry_s(),
            Call::InquireRefund { .. } => Answer::RefundInquiry(RefundInquiryAnswer::NotFound),
            Call::Pay | Call::Cancel | Call::Refund { .. } => refused("PROCESS_FAIL"),
        };
        play.exchange(ms, answer);
        now = ms;
    }
    assert_eq!(play.status(now), Status::NeedsAttention);
    assert_eq!(ids(&play).len(), 1);
}

#[test]
fn an_id_that_stands_in_history_is_sent_again_whoever_would_compute_another_today() {
    let mut play = refunding();
    let id = RefundRequestId::parse("made-otherwise-R1").unwrap();
    let begun = Event {
        payment: play.terms.payment(),
        at: at(400),
        fact: Fact::Begun {
            number: 4,
            call: Call::Refund { number: 1, id },
        },
    };
    play.order = evolve(play.order, &begun);
    let (_, again) = play.next_call(400).unwrap();
    assert_eq!(again, Call::Refund { number: 1, id });
    let number = play.begin(5_400, again);
    play.answer(5_400, number, refused("PROCESS_FAIL"));
    let (_, asked) = play.next_call(5_400).unwrap();
    assert_eq!(asked, Call::InquireRefund { number: 1, id });
}

#[test]
fn a_new_refunds_id_holds_letters_and_digits_alone() {
    let play = refunding();
    let (_, call) = play.next_call(400).unwrap();
    let Call::Refund { id, .. } = call else {
        panic!("{call:?}");
    };
    assert!(
        id.as_str().chars().all(|c| c.is_ascii_alphanumeric()),
        "{id}"
    );
    assert!(id.as_str().len() <= 64);
    assert_eq!(RefundRequestId::parse(id.as_str()), Ok(id));
    for wrong in ["", "a b", &"x".repeat(65), "\u{e9}"] {
        assert!(RefundRequestId::parse(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn a_refund_on_a_payment_that_alipay_says_it_cancelled_is_settled_by_the_inquiry() {
    let mut play = refunding();
    play.exchange(400, refused("ORDER_IS_CANCELED"));
    play.exchange(400, Answer::RefundInquiry(RefundInquiryAnswer::NotFound));
    play.exchange(400, inquiry(InquiryAnswer::Cancelled));
    assert_eq!(play.proof(), Some(Proof::InquiryCancelled));
}
