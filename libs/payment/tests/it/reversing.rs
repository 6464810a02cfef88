//! How the customer's money goes back: by a cancel or by a refund, never by both (decision 6), and
//! at which pace while that can't be settled yet.

use crate::play::{
    Play, approval, at, cancel, code, inquiry, inquiry_s, pay_s, pay_u, refund_call,
};
use payment::{
    Answer, Call, CancelAnswer, Event, Fact, Input, InquiryAnswer, Loss, RefundAnswer, Todo, evolve,
};

fn cancelled_at(ms: i64, answer_to_pay: Answer) -> Play {
    let mut play = Play::begun();
    play.answer(300, 1, answer_to_pay);
    let payment = play.terms.payment();
    play.input(ms, Input::Cancel { payment });
    play
}

fn refused_cancel() -> Answer {
    cancel(CancelAnswer::Refused {
        code: code("ORDER_STATUS_INVALID"),
    })
}

fn refused_refund() -> Answer {
    Answer::Refund(RefundAnswer::NoEffect {
        code: code("MERCHANT_BALANCE_NOT_ENOUGH"),
    })
}

#[test]
fn rule_a11_once_alipay_says_that_the_window_is_over_no_cancel_is_asked_any_more() {
    let mut play = cancelled_at(400, pay_u());
    play.exchange(400, cancel(CancelAnswer::WindowOver));
    for answer in [
        InquiryAnswer::Processing,
        InquiryAnswer::NotFound,
        InquiryAnswer::Refused {
            code: code("PROCESS_FAIL"),
        },
    ] {
        let (_, call) = play.exchange(400, inquiry(answer));
        assert_eq!(call, Call::Inquire);
    }
    assert_eq!(play.exchange(400, inquiry_s()).1, Call::Inquire);
    assert_eq!(
        play.next_call(400).map(|(_, call)| call),
        Some(refund_call(&play, 1))
    );
}

#[test]
fn case_x10_once_a_refund_was_begun_no_cancel_is_asked_although_the_window_is_open() {
    let mut play = cancelled_at(400, pay_s());
    let mut now = 400;
    for _ in 0..2 {
        now = play.exchange(now, refused_cancel()).0;
        now = play.exchange(now, inquiry_s()).0;
    }
    let (ms, call) = play.exchange(now, refused_refund());
    assert_eq!(call, refund_call(&play, 1));
    let processing = inquiry(InquiryAnswer::Processing);
    assert_eq!(play.exchange(ms, processing).1, Call::Inquire);
    assert_eq!(play.exchange(ms, inquiry_s()).1, Call::Inquire);
    assert_eq!(
        play.next_call(ms).map(|(_, call)| call),
        Some(refund_call(&play, 2))
    );
}

#[test]
fn rule_a11_whatever_a_refund_was_begun_for_a_cancel_never_follows_it() {
    let mut play = cancelled_at(400, pay_s());
    // Nothing in this history explains the refund; it is believed all the same.
    let begun = Event {
        payment: play.terms.payment(),
        at: at(400),
        fact: Fact::Begun {
            number: 2,
            call: refund_call(&play, 1),
        },
    };
    play.order = evolve(play.order, &begun);
    play.answer(500, 2, refused_refund());
    assert_eq!(play.exchange(500, inquiry_s()).1, Call::Inquire);
    assert_eq!(
        play.next_call(500).map(|(_, call)| call),
        Some(refund_call(&play, 2))
    );
}

#[test]
fn rule_a13_an_unknown_order_is_cancelled_every_five_seconds_while_the_pay_may_still_land() {
    let mut play = cancelled_at(400, Answer::Lost(Loss::TimedOut));
    let mut asked = Vec::new();
    let mut now = 400;
    while play.proof().is_none() {
        let (ms, call) = play.exchange(now, cancel(CancelAnswer::NotFound));
        assert_eq!(call, Call::Cancel);
        asked.push(ms);
        now = ms;
    }
    let every_five_seconds: Vec<i64> = (0..=20).map(|count| 400 + 5_000 * count).collect();
    assert_eq!(asked, every_five_seconds);
}

#[test]
fn rule_a15_an_unknown_order_that_alipay_said_it_charged_is_asked_at_the_queues_pace_afterwards() {
    let mut play = cancelled_at(3_000, pay_s());
    let mut now = 3_000;
    while now < 98_000 {
        now = play.exchange(now, cancel(CancelAnswer::NotFound)).0;
    }
    assert_eq!(now, 98_000, "the first instant at which no pay can land");
    let asked = [128_000, 188_000, 308_000].map(|ms| (ms, Call::Cancel));
    for expected in asked {
        now = play.exchange(now, cancel(CancelAnswer::NotFound)).0;
        assert_eq!((now, Call::Cancel), expected);
    }
    assert_eq!(play.proof(), None, "what was charged did arrive");
}

#[test]
fn a_payment_of_another_order_owes_nothing_here() {
    let play = Play::begun();
    let mut other = play.terms.clone();
    other.reference = payment::Reference::parse("R-9").unwrap();
    let event = Event {
        payment: other.payment(),
        at: at(1),
        fact: Fact::Approved(approval(1_280, "CNY")),
    };
    let folded = evolve(play.order.clone(), &event);
    assert_eq!(folded.attempts, play.order.attempts);
    assert_eq!(folded.version, play.order.version + 1);
    assert_eq!(payment::due(&folded, at(1)), Todo::WakeAt(at(5_500)));
}

#[test]
fn rule_a13_an_unknown_order_proves_its_absence_from_the_very_instant_no_pay_can_land() {
    for (first_ms, proven) in [(2_999, false), (3_000, true)] {
        let mut play = cancelled_at(first_ms, Answer::Lost(Loss::TimedOut));
        let mut now = first_ms;
        while now < first_ms + 95_000 {
            now = play.exchange(now, cancel(CancelAnswer::NotFound)).0;
        }
        assert_eq!(play.proof().is_some(), proven, "asked at {now}");
    }
}
