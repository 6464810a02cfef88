//! From pay's answer to the approval: A3 to A9.

use crate::play::{Play, approval, code, inquiry, inquiry_s, pay_s, pay_u};
use payment::{Answer, Call, Fact, InquiryAnswer, Loss, Outcome, PayAnswer, Proof, Status, Todo};

fn processing() -> Answer {
    inquiry(InquiryAnswer::Processing)
}

#[test]
fn rule_a3_pay_s_is_an_approval_and_asks_for_nothing_more_from_alipay() {
    let mut play = Play::begun();
    let facts = play.answer(300, 1, pay_s());
    assert!(facts.contains(&Fact::Approved(approval(1_280, "CNY"))));
    assert!(matches!(play.due(301), Todo::WakeAt(_)));
}

#[test]
fn rule_a4_pay_f_with_a_listed_code_ends_it_and_the_reason_says_what_to_do() {
    let mut play = Play::begun();
    let refused = PayAnswer::Refused {
        code: code("EXPIRED_CODE"),
    };
    play.answer(300, 1, Answer::Pay(refused));
    assert_eq!(play.status(301), Status::Failed);
    assert_eq!(play.due(301), Todo::Rest);
    assert_eq!(play.told(301).next_action, payment::NextAction::ScanNewCode);
}

#[test]
fn rule_a5_after_u_inquiries_come_every_three_seconds_until_the_close_instant() {
    let mut play = Play::begun();
    play.answer(300, 1, pay_u());
    let mut asked = Vec::new();
    let mut now = 300;
    loop {
        let (ms, call) = play.exchange(now, processing());
        if call != Call::Inquire {
            assert_eq!((ms, call), (38_000, Call::Cancel));
            break;
        }
        asked.push(ms);
        now = ms;
    }
    let expected: Vec<i64> = (1..=12).map(|count| 300 + 3_000 * count).collect();
    assert_eq!(asked, expected);
}

#[test]
fn rule_a6_without_a_word_five_seconds_after_pay_an_inquiry_is_owed() {
    let mut play = Play::begun();
    play.answer(5_000, 1, Answer::Lost(Loss::TimedOut));
    assert_eq!(play.next_call(5_000), Some((5_000, Call::Inquire)));
}

#[test]
fn rule_a6_an_unanswered_pay_of_a_killed_worker_is_inquired_once_its_answer_can_no_longer_come() {
    let play = Play::begun();
    assert_eq!(play.next_call(1), Some((5_500, Call::Inquire)));
}

#[test]
fn rule_a7_the_payment_status_decides() {
    for (answer, outcome, status) in [
        (
            InquiryAnswer::Paid(approval(1_280, "CNY")),
            Outcome::Pending,
            Status::Processing,
        ),
        (
            InquiryAnswer::Failed {
                code: code("USER_BALANCE_NOT_ENOUGH"),
            },
            Outcome::NotPaid,
            Status::Failed,
        ),
        (
            InquiryAnswer::Processing,
            Outcome::Pending,
            Status::Processing,
        ),
        (
            InquiryAnswer::Cancelled,
            Outcome::NotPaid,
            Status::Cancelled,
        ),
    ] {
        let mut play = Play::begun();
        play.answer(300, 1, pay_u());
        play.exchange(300, inquiry(answer.clone()));
        let told = play.told(3_301);
        assert_eq!((told.outcome, told.status), (outcome, status), "{answer:?}");
    }
}

#[test]
fn rule_a8_an_inquirys_refusal_ends_nothing_and_is_asked_again() {
    for answer in [
        InquiryAnswer::NotFound,
        InquiryAnswer::Refused {
            code: code("RISK_REJECT"),
        },
    ] {
        let mut play = Play::begun();
        play.answer(300, 1, pay_u());
        play.exchange(300, inquiry(answer));
        assert_eq!(play.told(3_301).outcome, Outcome::Pending);
        assert_eq!(play.next_call(3_301), Some((6_300, Call::Inquire)));
    }
}

#[test]
fn rule_a9_an_inquiry_in_doubt_or_lost_is_asked_again_within_the_same_bound() {
    let in_doubt = InquiryAnswer::InDoubt {
        code: code("UNKNOWN_EXCEPTION"),
    };
    for answer in [inquiry(in_doubt), Answer::Lost(Loss::TimedOut)] {
        let mut play = Play::begun();
        play.answer(300, 1, pay_u());
        play.exchange(300, answer);
        assert_eq!(play.next_call(3_301), Some((6_300, Call::Inquire)));
    }
}

#[test]
fn case_x1_an_answer_lost_after_the_charge_is_found_by_inquiry() {
    let mut play = Play::begun();
    play.answer(5_000, 1, Answer::Lost(Loss::Closed));
    play.exchange(5_000, inquiry_s());
    assert_eq!(play.count(|fact| matches!(fact, Fact::Approved(_))), 1);
}

#[test]
fn case_x30_an_answer_that_is_not_believed_is_no_answer() {
    let mut play = Play::begun();
    play.answer(200, 1, Answer::Lost(Loss::BadSignature));
    assert_eq!(play.told(201).outcome, Outcome::Pending);
    assert_eq!(play.next_call(201), Some((3_200, Call::Inquire)));
}

#[test]
fn an_inquiry_that_says_fail_is_proof() {
    let mut play = Play::begun();
    play.answer(300, 1, pay_u());
    let failed = InquiryAnswer::Failed {
        code: code("RISK_REJECT"),
    };
    play.exchange(300, inquiry(failed));
    let proof = Proof::InquiryFailed {
        code: code("RISK_REJECT"),
    };
    assert_eq!(play.proof(), Some(proof));
}
