//! From the close instant to the proven end: A10 to A16, B3, K3, K5, K6.

use crate::play::{
    NOON_MS, Play, approval, at, cancel, code, inquiry, inquiry_s, pay_s, pay_u, refund_call,
    standard,
};
use payment::{
    AlipayRefundId, Answer, Call, CancelAnswer, CloseReason, Fact, Input, InquiryAnswer, Loss,
    Outcome, Proof, RefundAnswer, Status, Timestamp, Todo,
};

fn closing(answer_to_pay: Answer) -> Play {
    let mut play = Play::begun();
    play.answer(300, 1, answer_to_pay);
    let payment = play.terms.payment();
    play.input(400, Input::Cancel { payment });
    play
}

fn refunded() -> Answer {
    Answer::Refund(RefundAnswer::Refunded {
        refund_id: AlipayRefundId::parse("RF-1").unwrap(),
        amount: approval(1_280, "CNY").amount,
    })
}

fn doubtful() -> Answer {
    cancel(CancelAnswer::InDoubt {
        code: code("UNKNOWN_EXCEPTION"),
    })
}

#[test]
fn rule_k3_and_rule_k6a_at_the_close_instant_the_gateway_itself_cancels() {
    let mut play = Play::begun();
    play.answer(300, 1, pay_u());
    assert_eq!(
        play.due(38_000),
        Todo::Call {
            payment: play.terms.payment(),
            call: Call::Cancel
        }
    );
    play.begin(38_000, Call::Cancel);
    let reason = Fact::CloseBegun(CloseReason::NoResult);
    assert_eq!(play.count(|fact| *fact == reason), 1);
    assert_eq!(play.told(38_000).outcome, Outcome::NotPaid);
}

#[test]
fn rule_a10_inquiries_used_up_before_the_close_instant_lead_to_a_cancel() {
    let mut numbers = payment::PolicyNumbers::standard();
    numbers.inquiries_max = 10;
    let mut play = Play::begun_under(payment::Policy::new(numbers).unwrap());
    play.answer(300, 1, pay_u());
    let mut now = 300;
    for _ in 0..10 {
        now = play.exchange(now, inquiry(InquiryAnswer::Processing)).0;
    }
    let (ms, call) = play.next_call(now).unwrap();
    assert_eq!(call, Call::Cancel);
    assert_eq!(
        ms, 33_300,
        "the last inquiry's own three seconds are waited for"
    );
}

#[test]
fn rule_k5_a_merchants_cancel_is_told_not_paid_at_once_and_carried_through() {
    let mut play = closing(pay_u());
    assert_eq!(play.told(400).outcome, Outcome::NotPaid);
    assert_eq!(
        play.exchange(400, cancel(CancelAnswer::Cancelled)),
        (400, Call::Cancel)
    );
    assert_eq!(play.proof(), Some(Proof::CancelSucceeded));
    assert_eq!(play.due(500), Todo::Rest);
}

#[test]
fn rule_k5_a_merchants_cancel_of_what_is_closed_already_is_recorded_once() {
    let mut play = Play::begun();
    let payment = play.terms.payment();
    play.answer(300, 1, pay_u());
    play.begin(38_000, Call::Cancel);
    let asked = |play: &mut Play| play.input(38_001, Input::Cancel { payment });
    assert_eq!(asked(&mut play), [Fact::CancelRequested]);
    assert_eq!(asked(&mut play), []);
}

#[test]
fn rule_a14_and_rule_b3_a_cancel_in_doubt_or_lost_is_asked_again_every_five_seconds() {
    for answer in [
        doubtful(),
        Answer::Lost(Loss::TimedOut),
        Answer::Lost(Loss::NotSent),
    ] {
        let mut play = closing(pay_u());
        let mut asked = Vec::new();
        let mut now = 400;
        for _ in 0..4 {
            let (ms, call) = play.exchange(now, answer.clone());
            assert_eq!(call, Call::Cancel);
            asked.push(ms);
            now = ms;
        }
        assert_eq!(asked, [400, 5_400, 10_400, 15_400], "{answer:?}");
    }
}

#[test]
fn rule_a15_and_rule_i3_after_sixty_seconds_a_person_is_asked_once_and_the_queue_goes_on() {
    let mut play = closing(pay_u());
    let mut asked = Vec::new();
    let mut now = 400;
    while now < 3_600_000 {
        now = play.exchange(now, doubtful()).0;
        asked.push(now);
    }
    assert_eq!(play.count(|fact| *fact == Fact::AttentionRaised), 1);
    assert_eq!(play.status(now), Status::NeedsAttention);
    let gaps: Vec<i64> = asked
        .windows(2)
        .map(|pair| (pair[1] - pair[0]) / 1_000)
        .collect();
    assert_eq!(gaps[..12], [5; 12]);
    assert_eq!(gaps[12..19], [30, 60, 120, 240, 480, 600, 600]);
    play.exchange(now, cancel(CancelAnswer::Cancelled));
    assert_eq!(play.status(now + 600_001), Status::Cancelled);
}

#[test]
fn rule_a11_the_window_is_over_an_inquiry_comes_before_the_refund_and_never_both() {
    let mut play = closing(pay_s());
    let window_over = cancel(CancelAnswer::WindowOver);
    assert_eq!(play.exchange(400, window_over), (400, Call::Cancel));
    assert_eq!(play.exchange(400, inquiry_s()).1, Call::Inquire);
    assert_eq!(play.exchange(400, refunded()).1, refund_call(&play, 1));
    assert_eq!(play.status(500), Status::Reversed);
    let cancels = |fact: &Fact| {
        matches!(
            fact,
            Fact::Begun {
                call: Call::Cancel,
                ..
            }
        )
    };
    assert_eq!(play.count(cancels), 1);
}

#[test]
fn rule_a11_by_the_clock_alone_no_cancel_is_begun_from_a_quarter_past_midnight_at_alipay() {
    let mut play = closing(pay_u());
    // 00:14:59.999 and 00:15:00.000 at Alipay, the day after.
    let over_ms = (12 * 3_600 + 15 * 60) * 1_000;
    assert_eq!(
        play.terms.cancel_window_ends_at(),
        Timestamp::from_ms(NOON_MS + over_ms)
    );
    let call = |play: &Play, ms| match play.due(ms) {
        Todo::Call { call, .. } => Some(call),
        Todo::WakeAt(_) | Todo::Rest => None,
    };
    assert_eq!(call(&play, over_ms - 1), Some(Call::Cancel));
    assert_eq!(call(&play, over_ms), Some(Call::Inquire));
    play.exchange(over_ms, inquiry_s());
    assert_eq!(
        play.next_call(over_ms),
        Some((over_ms, refund_call(&play, 1)))
    );
}

#[test]
fn rule_a13_an_unknown_order_is_cancelled_again_until_the_pay_can_no_longer_land() {
    let mut play = closing(Answer::Lost(Loss::TimedOut));
    let not_found = || cancel(CancelAnswer::NotFound);
    let mut now = 400;
    while play.proof().is_none() {
        now = play.exchange(now, not_found()).0;
    }
    assert_eq!(play.proof(), Some(Proof::NeverArrived));
    assert!(
        now >= 98_000,
        "38 s to the expiry and a minute's margin, not {now} ms"
    );
    assert_eq!(
        play.count(|fact| *fact == Fact::AttentionRaised),
        0,
        "nobody need look"
    );
}

#[test]
fn rule_a13_and_rule_a15_answers_that_know_no_order_do_not_stretch_the_queues_first_wait() {
    let mut play = closing(Answer::Lost(Loss::TimedOut));
    let mut now = 400;
    while now < 95_000 {
        now = play.exchange(now, cancel(CancelAnswer::NotFound)).0;
    }
    let (silent_at, _) = play.exchange(now, Answer::Lost(Loss::NotSent));
    let (next_at, call) = play.next_call(silent_at).unwrap();
    assert_eq!((next_at - silent_at, call), (30_000, Call::Cancel));
    play.exchange(next_at, cancel(CancelAnswer::NotFound));
    assert_eq!(play.proof(), Some(Proof::NeverArrived));
}

#[test]
fn rule_a13_a_measured_clock_skew_of_either_sign_widens_the_margin() {
    for skew_ms in [9_000, -9_000] {
        let mut play = closing(Answer::Lost(Loss::TimedOut));
        let mut now = 400;
        while play.proof().is_none() {
            let (ms, call) = play.next_call(now).unwrap();
            let begun = play.begin(ms, call);
            let input = Input::Answer {
                payment: play.terms.payment(),
                begun,
                answer: cancel(CancelAnswer::NotFound),
                clock_skew_ms: skew_ms,
            };
            play.input(ms, input);
            now = ms;
        }
        assert!(now >= 107_000, "{now} ms");
    }
}

#[test]
fn case_x10_a_cancel_refused_for_its_state_is_decided_by_an_inquiry_and_ends() {
    let mut play = closing(pay_s());
    let refused = || {
        cancel(CancelAnswer::Refused {
            code: code("ORDER_STATUS_INVALID"),
        })
    };
    let mut calls = Vec::new();
    let mut now = 400;
    while play.proof().is_none() && calls.len() < 20 {
        let (ms, call) = play.next_call(now).unwrap();
        let answer = match call {
            Call::Cancel => refused(),
            Call::Inquire => inquiry_s(),
            Call::Refund { .. } => refunded(),
            Call::Pay | Call::InquireRefund { .. } => panic!("{call:?} is not asked"),
        };
        calls.push(play.exchange(now, answer).1);
        now = ms;
    }
    let refund = refund_call(&play, 1);
    assert_eq!(
        calls,
        [
            Call::Cancel,
            Call::Inquire,
            Call::Cancel,
            Call::Inquire,
            refund
        ]
    );
}

#[test]
fn case_x8_a_cancel_in_doubt_twice_and_silent_for_an_hour_resolves_by_itself() {
    let mut play = closing(pay_s());
    let mut now = play.exchange(400, doubtful()).0;
    now = play.exchange(now, doubtful()).0;
    while now < 3_600_000 {
        now = play.exchange(now, Answer::Lost(Loss::TimedOut)).0;
    }
    assert_eq!(play.status(now), Status::NeedsAttention);
    play.exchange(now, cancel(CancelAnswer::Cancelled));
    assert_eq!(play.status(now + 600_001), Status::Reversed);
    assert_eq!(play.count(|fact| *fact == Fact::AttentionRaised), 1);
}

#[test]
fn rule_a16_a_refund_in_doubt_repeats_its_number_and_only_a_signed_no_takes_a_new_one() {
    let mut play = closing(pay_s());
    play.exchange(400, cancel(CancelAnswer::WindowOver));
    play.exchange(400, inquiry_s());
    let in_doubt = RefundAnswer::InDoubt {
        code: code("REFUND_IN_PROCESS"),
    };
    let (ms, call) = play.exchange(400, Answer::Refund(in_doubt));
    assert_eq!((ms, call), (400, refund_call(&play, 1)));
    let lost = Answer::Lost(Loss::TimedOut);
    assert_eq!(play.exchange(400, lost), (5_400, refund_call(&play, 1)));
    let refused = RefundAnswer::NoEffect {
        code: code("MERCHANT_BALANCE_NOT_ENOUGH"),
    };
    assert_eq!(
        play.exchange(5_400, Answer::Refund(refused)).1,
        refund_call(&play, 1)
    );
    assert_eq!(play.exchange(10_400, inquiry_s()).1, Call::Inquire);
    assert_eq!(play.exchange(10_400, refunded()).1, refund_call(&play, 2));
}

#[test]
fn case_x23_and_rule_k6b_an_approval_nobody_fetched_is_reversed_after_the_last_release() {
    let mut play = Play::begun();
    play.answer(300, 1, pay_s());
    assert_eq!(play.told(43_000).outcome, Outcome::Pending);
    assert_eq!(
        play.told(43_001).outcome,
        Outcome::NotPaid,
        "before any worker has acted"
    );
    assert_eq!(play.due(43_000), Todo::WakeAt(at(43_001)), "still in time");
    assert_eq!(play.next_call(301), Some((43_001, Call::Cancel)));
    play.exchange(43_001, cancel(CancelAnswer::Cancelled));
    assert_eq!(play.status(43_002), Status::Reversed);
}

#[test]
fn case_x26_a_released_sale_is_reversed_only_by_the_merchant() {
    let mut play = Play::begun();
    let payment = play.terms.payment();
    play.answer(300, 1, pay_s());
    play.input(400, Input::Release { payment });
    assert_eq!(play.due(86_400_000), Todo::Rest);
    play.input(500, Input::Cancel { payment });
    assert_eq!(play.told(500).outcome, Outcome::NotPaid);
    play.exchange(500, cancel(CancelAnswer::Cancelled));
    assert_eq!(play.status(600), Status::Reversed);
}

#[test]
fn a_sale_that_must_be_acknowledged_is_reversed_when_it_is_not() {
    let mut numbers = payment::PolicyNumbers::standard();
    numbers.delivery = payment::Delivery::Acknowledged { within_ms: 10_000 };
    let policy = payment::Policy::new(numbers).unwrap();
    let mut play = Play::begun_under(policy);
    let payment = play.terms.payment();
    play.answer(300, 1, pay_s());
    play.input(400, Input::Release { payment });
    assert_eq!(play.next_call(401), Some((10_401, Call::Cancel)));
    play.input(5_000, Input::Acknowledge { payment });
    assert_eq!(play.due(3_600_000), Todo::Rest);
}

#[test]
fn rule_i2_a_begin_is_granted_only_for_the_very_call_that_is_owed() {
    let mut play = Play::begun();
    let payment = play.terms.payment();
    for call in [
        Call::Pay,
        Call::Inquire,
        Call::Cancel,
        refund_call(&play, 1),
    ] {
        assert!(
            play.try_input(100, Input::Begin { payment, call }).is_err(),
            "{call:?}"
        );
    }
    play.answer(300, 1, pay_u());
    let (ms, call) = play.next_call(300).unwrap();
    play.begin(ms, call);
    let twice = play.try_input(ms, Input::Begin { payment, call });
    assert!(twice.is_err(), "X13: one call, one append");
    assert_eq!(standard().numbers().close_ms, 38_000);
    assert_eq!(at(0), play.terms.accepted_at);
}
