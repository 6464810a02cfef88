//! One call at a time: while an answer may still come, nothing else is asked (X13), and whoever
//! waits for it is woken neither too early nor for nothing.

use crate::play::{Play, at, cancel, code, paid_notice, pay_u, standard, terms};
use payment::{Answer, Call, CancelAnswer, Input, PayAnswer, Refusal, Todo};

fn call(play: &Play, call: Call) -> Todo {
    Todo::Call {
        payment: play.terms.payment(),
        call,
    }
}

#[test]
fn case_x13_while_pays_answer_may_still_come_nothing_is_asked() {
    let play = Play::begun();
    // pay has 5 s for its answer, and its worker half a second to write it down.
    for ms in [1, 4_999, 5_000, 5_499] {
        assert_eq!(play.due(ms), Todo::WakeAt(at(5_500)), "{ms}");
    }
    assert_eq!(play.due(5_500), call(&play, Call::Inquire));
}

#[test]
fn case_x13_a_merchants_cancel_waits_for_the_answer_of_the_inquiry_in_flight() {
    let mut play = Play::begun();
    let payment = play.terms.payment();
    play.answer(300, 1, pay_u());
    play.begin(3_300, Call::Inquire);
    play.input(3_400, Input::Cancel { payment });
    for ms in [3_400, 6_799] {
        assert_eq!(play.due(ms), Todo::WakeAt(at(6_800)), "{ms}");
        let begin = Input::Begin {
            payment,
            call: Call::Cancel,
        };
        assert_eq!(play.try_input(ms, begin), Err(Refusal::NotDue), "{ms}");
    }
    assert_eq!(play.due(6_800), call(&play, Call::Cancel));
}

#[test]
fn rule_a14_a_cancel_that_was_given_up_for_lost_is_followed_at_its_pace_and_not_before() {
    let mut play = Play::begun();
    let payment = play.terms.payment();
    play.answer(300, 1, pay_u());
    play.input(400, Input::Cancel { payment });
    play.begin(400, Call::Cancel);
    // Lost from 3.9 s on; the next is owed at 5.4 s.
    for ms in [401, 3_899, 3_900, 5_399] {
        assert_eq!(play.due(ms), Todo::WakeAt(at(5_400)), "{ms}");
    }
    assert_eq!(play.due(5_400), call(&play, Call::Cancel));
}

#[test]
fn case_x5_an_order_with_two_attempts_is_woken_for_whichever_is_owed_first() {
    let mut play = Play::begun();
    let refused = PayAnswer::Refused {
        code: code("RISK_REJECT"),
    };
    play.answer(100, 1, Answer::Pay(refused));
    play.input(200, Input::Pay(Box::new(terms("R-2", standard()))));
    assert_eq!(play.due(201), Todo::WakeAt(at(5_700)));
    // The first was charged all the same, and is reversed beside the second.
    play.notice(300, paid_notice(1_280, "CNY"));
    play.begin(300, Call::Cancel);
    assert_eq!(play.due(301), Todo::WakeAt(at(5_300)));
}

#[test]
fn decision_17_an_inquiry_that_may_wait_for_budget_lets_the_other_attempts_cancel_go_first() {
    let mut play = Play::begun();
    let refused = PayAnswer::Refused {
        code: code("RISK_REJECT"),
    };
    play.answer(100, 1, Answer::Pay(refused));
    let second = terms("R-2", standard());
    play.input(200, Input::Pay(Box::new(second.clone())));
    // The first was charged all the same, and its cancel is refused: next it is inquired about.
    play.notice(37_000, paid_notice(1_280, "CNY"));
    let number = play.begin(37_000, Call::Cancel);
    let refused = CancelAnswer::Refused {
        code: code("ORDER_STATUS_INVALID"),
    };
    play.answer(37_900, number, cancel(refused));
    assert_eq!(play.due(37_999), call(&play, Call::Inquire));
    let cancel_of_second = Todo::Call {
        payment: second.payment(),
        call: Call::Cancel,
    };
    assert_eq!(play.due(38_000), cancel_of_second);
}
