//! A signed success that is heard after Alipay had closed the payment (decision 45).

use crate::play::{Play, cancel, code, inquiry, inquiry_s, paid_notice, pay_s, pay_u};
use payment::{
    Alarm, Answer, Call, CancelAnswer, CloseReason, Fact, Input, InquiryAnswer, Loss, Outcome,
    Proof, Status, Todo,
};

/// Cancelled with S at 400, before any charge was heard of.
fn cancelled(pay: Answer) -> Play {
    let mut play = Play::begun();
    play.answer(300, 1, pay);
    let payment = play.terms.payment();
    play.input(400, Input::Cancel { payment });
    play.exchange(400, cancel(CancelAnswer::Cancelled));
    play
}

fn noticed() -> Fact {
    Fact::Noticed(paid_notice(1_280, "CNY"))
}

#[test]
fn rule_a18_a_success_after_cancel_s_is_recorded_with_its_payment_id_and_an_inquiry_settles_it() {
    for settling in [
        InquiryAnswer::Cancelled,
        InquiryAnswer::Failed {
            code: code("PROCESS_FAIL"),
        },
    ] {
        let mut play = cancelled(pay_u());
        assert_eq!(play.due(500), Todo::Rest);
        assert_eq!(play.notice(500, paid_notice(1_280, "CNY")), [noticed()]);
        assert!(play.view().alipay_payment_id.is_some());
        assert_eq!(play.told(500).outcome, Outcome::NotPaid);
        let (ms, call) = play.exchange(500, inquiry(settling));
        assert_eq!((ms, call), (500, Call::Inquire));
        assert_eq!(play.count(|fact| matches!(fact, Fact::Alarmed(_))), 0);
        assert_eq!(play.due(86_400_000), Todo::Rest);
        assert_eq!(play.proof(), Some(Proof::CancelSucceeded));
    }
}

#[test]
fn rule_a17_a_success_after_cancel_s_that_an_inquiry_confirms_alarms_and_is_refunded() {
    let mut play = cancelled(pay_u());
    play.notice(500, paid_notice(1_280, "CNY"));
    play.exchange(500, inquiry_s());
    let alarm = Fact::Alarmed(Alarm::SuccessAfterEnd);
    assert_eq!(play.count(|fact| *fact == alarm), 1);
    let close = Fact::CloseBegun(CloseReason::LateApproval);
    assert_eq!(play.count(|fact| *fact == close), 1);
    assert_eq!(play.status(500), Status::Closing);
    // A cancel would be answered S as before, and prove nothing.
    assert_eq!(play.exchange(500, inquiry_s()).1, Call::Inquire);
    let (_, call) = play.next_call(500).unwrap();
    assert!(matches!(call, Call::Refund { number: 1, .. }), "{call:?}");
}

#[test]
fn a_replayed_notification_leads_to_nothing_however_often_it_comes() {
    let mut play = cancelled(pay_u());
    play.notice(500, paid_notice(1_280, "CNY"));
    play.exchange(500, inquiry(InquiryAnswer::Cancelled));
    for hour in 1..100 {
        let ms = hour * 3_600_000;
        assert_eq!(play.notice(ms, paid_notice(1_280, "CNY")), []);
        assert_eq!(play.due(ms), Todo::Rest);
    }
    for other in 1..100 {
        play.notice(500_000_000, paid_notice(other, "CNY"));
    }
    let kept = play.count(|fact| matches!(fact, Fact::Noticed(_)));
    assert!(kept <= 4, "{kept}");
}

#[test]
fn a_success_that_was_known_before_the_cancel_is_no_news_after_it() {
    let mut play = cancelled(pay_s());
    assert_eq!(play.notice(500, paid_notice(1_280, "CNY")), []);
    assert_eq!(play.due(500), Todo::Rest);
}

#[test]
fn case_x3_a_late_answer_to_pay_after_cancel_s_is_asked_about_too() {
    let mut play = cancelled(Answer::Lost(Loss::TimedOut));
    assert_eq!(play.answer(4_000, 1, pay_s()), [noticed()]);
    assert_eq!(play.next_call(4_000), Some((4_000, Call::Inquire)));
}

#[test]
fn an_inquiry_that_settles_nothing_is_asked_again_ever_more_slowly_and_then_reversed() {
    let mut play = cancelled(pay_u());
    play.notice(500, paid_notice(1_280, "CNY"));
    let mut now = 500;
    let mut asked = Vec::new();
    while play.status(now) != Status::Closing {
        let (ms, call) = play.exchange(now, inquiry(InquiryAnswer::NotFound));
        assert_eq!(call, Call::Inquire);
        asked.push(ms - 500);
        now = ms;
    }
    assert_eq!(asked.len(), 20);
    assert_eq!(asked[..4], [0, 3_000, 9_000, 21_000]);
    let alarm = Fact::Alarmed(Alarm::SuccessAfterEnd);
    assert_eq!(play.count(|fact| *fact == alarm), 1);
}

#[test]
fn a_notification_of_another_amount_alarms_once_however_often_it_is_replayed() {
    let mut play = Play::begun();
    play.answer(300, 1, pay_s());
    let payment = play.terms.payment();
    play.input(400, Input::Release { payment });
    for ms in 500..600 {
        play.notice(ms, paid_notice(1, "CNY"));
    }
    let alarm = Fact::Alarmed(Alarm::AmountMismatch);
    assert_eq!(play.count(|fact| *fact == alarm), 1);
    assert_eq!(play.count(|fact| matches!(fact, Fact::Noticed(_))), 1);
}
