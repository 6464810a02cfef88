//! What notifications and late answers lead to: A17, A18, H1, H2, I1, I2.

use crate::play::{
    Play, approval, cancel, code, inquiry, inquiry_s, money, paid_notice, pay_s, pay_u, refund_call,
};
use payment::{
    Alarm, AlipayRefundId, Answer, Call, CancelAnswer, CloseReason, Fact, Input, InquiryAnswer,
    Loss, NeverSent, Notice, NoticeResult, Outcome, PayAnswer, Proof, RefundAnswer, Status, Todo,
};

#[test]
fn rule_a17_a_notification_that_agrees_with_what_is_final_changes_nothing() {
    let mut play = Play::begun();
    let payment = play.terms.payment();
    play.answer(300, 1, pay_s());
    assert!(play.notice(400, paid_notice(1_280, "CNY")).is_empty());
    play.input(500, Input::Release { payment });
    assert!(play.notice(600, paid_notice(1_280, "CNY")).is_empty());
}

#[test]
fn rule_a17_and_case_x5_a_success_after_a_proven_failure_is_reversed_with_an_alarm() {
    let mut play = Play::begun();
    let refused = PayAnswer::Refused {
        code: code("RISK_REJECT"),
    };
    play.answer(300, 1, Answer::Pay(refused));
    let facts = play.notice(60_000, paid_notice(1_280, "CNY"));
    assert!(facts.contains(&Fact::Alarmed(Alarm::SuccessAfterEnd)));
    assert_eq!(play.next_call(60_000), Some((60_000, Call::Cancel)));
    play.exchange(60_000, cancel(CancelAnswer::Cancelled));
    assert_eq!(play.status(60_001), Status::Reversed);
    assert!(
        play.notice(70_000, paid_notice(1_280, "CNY")).is_empty(),
        "it is proven now"
    );
}

#[test]
fn rule_a18_and_case_x7_a_success_after_the_cancel_began_is_recorded_and_decides_nothing() {
    let mut play = Play::begun();
    play.answer(5_000, 1, Answer::Lost(Loss::TimedOut));
    let number = play.begin(38_000, Call::Cancel);
    let facts = play.notice(38_500, paid_notice(1_280, "CNY"));
    assert_eq!(facts.len(), 1, "{facts:?}");
    assert!(matches!(facts.as_slice(), [Fact::Noticed(_)]));
    assert_eq!(play.told(38_600).outcome, Outcome::NotPaid);
    play.answer(39_000, number, cancel(CancelAnswer::Cancelled));
    assert_eq!(play.proof(), Some(Proof::CancelSucceeded));
    assert_eq!(play.status(39_001), Status::Reversed);
}

#[test]
fn case_x4_a_success_appended_at_the_close_instant_or_later_is_reversed() {
    for answer_is_notice in [true, false] {
        let mut play = Play::begun();
        play.answer(300, 1, pay_u());
        let number = play.begin(36_300, Call::Inquire);
        let facts = if answer_is_notice {
            play.notice(38_000, paid_notice(1_280, "CNY"))
        } else {
            play.answer(38_000, number, inquiry_s())
        };
        assert!(
            facts.contains(&Fact::CloseBegun(CloseReason::LateApproval)),
            "{facts:?}"
        );
        assert_eq!(play.told(38_001).outcome, Outcome::NotPaid);
        let (ms, call) = play.next_call(38_001).unwrap();
        assert_eq!(call, Call::Cancel);
        play.exchange(ms, cancel(CancelAnswer::Cancelled));
        assert_eq!(play.status(ms), Status::Reversed);
    }
}

/// A way in which an approval reaches an order.
type Bring = Box<dyn Fn(&mut Play) -> Vec<Fact>>;

#[test]
fn rule_h1_and_case_x29_another_amount_or_currency_is_never_paid_by_whatever_brings_it() {
    for (minor, currency) in [(1_281, "CNY"), (1, "CNY"), (1_280, "EUR")] {
        let wrong = approval(minor, currency);
        let bring: [Bring; 3] = [
            Box::new({
                let wrong = wrong.clone();
                move |play| play.answer(300, 1, Answer::Pay(PayAnswer::Approved(wrong.clone())))
            }),
            Box::new({
                let wrong = wrong.clone();
                move |play| {
                    play.answer(300, 1, pay_u());
                    let number = play.begin(3_300, Call::Inquire);
                    play.answer(3_400, number, inquiry(InquiryAnswer::Paid(wrong.clone())))
                }
            }),
            Box::new(move |play| play.notice(300, paid_notice(minor, currency))),
        ];
        for bring in bring {
            let mut play = Play::begun();
            let facts = bring(&mut play);
            assert!(
                facts.contains(&Fact::Alarmed(Alarm::AmountMismatch)),
                "{facts:?}"
            );
            assert_eq!(play.told(3_500).outcome, Outcome::NotPaid);
            assert_eq!(
                play.next_call(3_500).map(|(_, call)| call),
                Some(Call::Cancel)
            );
        }
    }
}

#[test]
fn rule_h2_a_merchants_cancel_is_carried_through_although_pay_then_succeeds() {
    let mut play = Play::begun();
    let payment = play.terms.payment();
    play.input(100, Input::Cancel { payment });
    play.answer(300, 1, pay_s());
    assert_eq!(play.told(301).outcome, Outcome::NotPaid);
    assert_eq!(
        play.next_call(301).map(|(_, call)| call),
        Some(Call::Cancel)
    );
    play.exchange(301, cancel(CancelAnswer::Cancelled));
    assert_eq!(play.status(302), Status::Reversed);
}

#[test]
fn rule_h2_what_is_settled_is_not_completed_again() {
    let mut play = Play::begun();
    play.answer(300, 1, pay_s());
    let again = play.answer(400, 1, pay_s());
    assert!(again.is_empty(), "{again:?}");
}

#[test]
fn rule_h3_an_inquirys_and_a_notifications_same_result_are_recorded_once_in_either_order() {
    for notice_first in [true, false] {
        let mut play = Play::begun();
        play.answer(300, 1, pay_u());
        let number = play.begin(3_300, Call::Inquire);
        if notice_first {
            play.notice(3_400, paid_notice(1_280, "CNY"));
            play.answer(3_400, number, inquiry_s());
        } else {
            play.answer(3_400, number, inquiry_s());
            play.notice(3_400, paid_notice(1_280, "CNY"));
        }
        assert_eq!(play.count(|fact| matches!(fact, Fact::Approved(_))), 1);
    }
}

#[test]
fn rule_i1_a_notified_failure_is_only_a_hint_to_ask_now() {
    let mut play = Play::begun();
    play.answer(300, 1, pay_u());
    let result = NoticeResult::NotPaid {
        code: code("RISK_REJECT"),
    };
    play.notice(500, Notice { result });
    assert_eq!(play.told(501).outcome, Outcome::Pending);
    assert_eq!(play.next_call(501), Some((501, Call::Inquire)));
}

#[test]
fn an_answer_of_before_that_brings_a_success_is_heeded_although_its_call_was_given_up() {
    let mut play = Play::begun();
    let number = play.begin(5_500, Call::Inquire);
    // pay's own answer, after its worker was long given up for lost.
    let facts = play.answer(5_600, 1, pay_s());
    assert!(
        facts.iter().any(|fact| matches!(fact, Fact::Approved(_))),
        "{facts:?}"
    );
    play.answer(5_700, number, inquiry_s());
    assert_eq!(play.count(|fact| matches!(fact, Fact::Approved(_))), 1);
    assert!(matches!(play.due(5_800), Todo::WakeAt(_)));
}

#[test]
fn a_release_and_an_undelivered_approvals_reversal_exclude_each_other() {
    let mut play = Play::begun();
    let payment = play.terms.payment();
    play.answer(300, 1, pay_s());
    play.begin(43_001, Call::Cancel);
    assert!(play.try_input(43_000, Input::Release { payment }).is_err());
    let mut play = Play::begun();
    play.answer(300, 1, pay_s());
    play.input(43_000, Input::Release { payment });
    let begin = Input::Begin {
        payment,
        call: Call::Cancel,
    };
    assert!(play.try_input(43_001, begin).is_err());
}

#[test]
fn case_x29_and_rule_a16_a_notification_of_another_amount_does_not_change_a_refund_that_was_begun()
{
    let mut play = Play::begun();
    let payment = play.terms.payment();
    play.answer(300, 1, pay_s());
    play.input(400, Input::Cancel { payment });
    play.exchange(400, cancel(CancelAnswer::WindowOver));
    play.exchange(400, inquiry_s());
    let number = play.begin(400, refund_call(&play, 1));
    play.notice(500, paid_notice(1, "CNY"));
    let charge = play.order.attempts[0].charge.clone();
    assert_eq!(
        charge,
        Some(approval(1_280, "CNY")),
        "asked for again as it was"
    );
    let refunded = Answer::Refund(RefundAnswer::Refunded {
        refund_id: AlipayRefundId::parse("RF-1").unwrap(),
        amount: money(1_280, "CNY"),
    });
    play.answer(600, number, refunded);
    assert_eq!(play.status(600), Status::Reversed);
}

#[test]
fn case_x5_an_inquirys_failure_that_is_older_than_the_charge_ends_nothing() {
    let mut play = Play::begun();
    let payment = play.terms.payment();
    play.answer(300, 1, pay_u());
    let (ms, call) = play.next_call(300).unwrap();
    let number = play.begin(ms, call);
    play.notice(ms, paid_notice(1_280, "CNY"));
    play.input(ms, Input::Cancel { payment });
    let failed = || {
        inquiry(InquiryAnswer::Failed {
            code: code("PROCESS_FAIL"),
        })
    };
    play.answer(ms, number, failed());
    assert_eq!(play.status(ms), Status::Closing, "the charge is newer");
    let refused = CancelAnswer::Refused {
        code: code("ORDER_STATUS_INVALID"),
    };
    let (ms, call) = play.exchange(ms, cancel(refused));
    assert_eq!(call, Call::Cancel);
    assert_eq!(play.exchange(ms, failed()).1, Call::Inquire);
    assert_eq!(
        play.status(ms),
        Status::Failed,
        "asked afterwards, it proves"
    );
}

#[test]
fn case_x5_a_refusal_or_a_connection_never_made_ends_nothing_once_a_charge_was_heard_of() {
    let refused = PayAnswer::Refused {
        code: code("RISK_REJECT"),
    };
    for answer in [Answer::Pay(refused), Answer::Lost(Loss::NotSent)] {
        let mut play = Play::begun();
        let payment = play.terms.payment();
        play.input(100, Input::Cancel { payment });
        play.notice(200, paid_notice(1_280, "CNY"));
        play.answer(300, 1, answer);
        assert_eq!(play.status(300), Status::Closing);
        let (ms, call) = play.exchange(300, cancel(CancelAnswer::Cancelled));
        assert_eq!(call, Call::Cancel);
        assert_eq!(play.status(ms), Status::Reversed);
    }
}

#[test]
fn promise_2_only_a_pay_that_was_not_sent_is_ended_for_want_of_a_connection() {
    let mut play = Play::begun();
    play.answer(300, 1, Answer::Lost(Loss::NotSent));
    let never_sent = Proof::NeverSent(NeverSent::NoConnection);
    assert_eq!(play.proof(), Some(never_sent));
    assert_eq!(play.due(300), Todo::Rest);
    let mut play = Play::begun();
    play.answer(300, 1, pay_u());
    play.exchange(300, Answer::Lost(Loss::NotSent));
    assert_eq!(play.proof(), None, "the pay was sent long before");
}

#[test]
fn rule_a17_a_notified_failure_of_what_is_decided_changes_nothing() {
    let not_paid = || Notice {
        result: NoticeResult::NotPaid {
            code: code("RISK_REJECT"),
        },
    };
    let mut play = Play::begun();
    let payment = play.terms.payment();
    play.answer(300, 1, pay_s());
    assert_eq!(play.notice(310, not_paid()), [], "approved");
    play.input(320, Input::Release { payment });
    assert_eq!(play.notice(330, not_paid()), [], "paid");
    play.input(340, Input::Cancel { payment });
    assert_eq!(play.notice(350, not_paid()), [], "closing");
    play.exchange(360, cancel(CancelAnswer::Cancelled));
    assert_eq!(play.notice(370, not_paid()), [], "ended");
}

#[test]
fn case_x29_another_amount_closes_an_approval_and_of_a_sale_that_was_released_it_is_an_alarm() {
    let mut play = Play::begun();
    let payment = play.terms.payment();
    play.answer(300, 1, pay_s());
    let mut released = Play::begun();
    released.answer(300, 1, pay_s());
    released.input(350, Input::Release { payment });
    let noticed = Fact::Noticed(paid_notice(1, "CNY"));
    let alarm = Fact::Alarmed(Alarm::AmountMismatch);
    let close = Fact::CloseBegun(CloseReason::AmountMismatch);
    let facts = play.notice(400, paid_notice(1, "CNY"));
    assert_eq!(facts, [noticed.clone(), alarm.clone(), close]);
    assert_eq!(play.told(401).outcome, Outcome::NotPaid);
    let facts = released.notice(400, paid_notice(1, "CNY"));
    assert_eq!(facts, [noticed, alarm]);
    assert_eq!(released.told(401).outcome, Outcome::Paid);
}

#[test]
fn case_x29_another_amount_of_what_is_closing_is_one_alarm_however_often_inquiries_name_it() {
    let mut play = Play::begun();
    let payment = play.terms.payment();
    play.answer(300, 1, pay_s());
    play.input(400, Input::Cancel { payment });
    let refused = CancelAnswer::Refused {
        code: code("ORDER_STATUS_INVALID"),
    };
    let mut ms = play.exchange(400, cancel(refused.clone())).0;
    ms = play.exchange(ms, inquiry_s()).0;
    let alarm = Fact::Alarmed(Alarm::AmountMismatch);
    assert_eq!(play.count(|fact| *fact == alarm), 0, "it agrees");
    for _ in 0..2 {
        ms = play.exchange(ms, cancel(refused.clone())).0;
        let other = InquiryAnswer::Paid(approval(1_281, "CNY"));
        ms = play.exchange(ms, inquiry(other)).0;
        assert_eq!(play.count(|fact| *fact == alarm), 1);
    }
}
