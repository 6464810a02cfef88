//! What every door says: the published table of status, outcome, next action and cashier's line.

use crate::play::{Play, approval, cancel, code, inquiry, pay_s, pay_u};
use expect_test::expect_file;
use payment::{
    Answer, CancelAnswer, CloseReason, Delivery, Fact, Input, InquiryAnswer, Outcome, PayAnswer,
    Policy, PolicyNumbers, Refusal, Status, Timestamp, Told, owed_before_telling, told,
    told_changes_at,
};

fn row(when: &str, told: Told) -> String {
    format!(
        "| {when} | `{}` | `{}` | `{}` | {} |\n",
        told.status.code(),
        told.outcome.code(),
        told.next_action.code(),
        told.cashier_line
    )
}

fn refused(text: &str) -> Play {
    let mut play = Play::begun();
    play.answer(300, 1, Answer::Pay(PayAnswer::Refused { code: code(text) }));
    play
}

fn closing(answer: Option<CancelAnswer>, pay: Answer) -> Play {
    let mut play = Play::begun();
    play.answer(300, 1, pay);
    let payment = play.terms.payment();
    play.input(400, Input::Cancel { payment });
    if let Some(answer) = answer {
        play.exchange(400, cancel(answer));
    }
    play
}

#[test]
fn the_published_table_is_what_the_doors_say() {
    let mut table = String::from(
        "# What every door says\n\n\
         Poll, long-poll, events and feed say the same. Held equal to the code by a test of\n\
         `libs/payment`.\n\n\
         | when | `status` | `outcome` | `next_action` | the cashier reads |\n|---|---|---|---|---|\n",
    );
    table += &row("taken, nothing begun yet", Told::accepted());
    table += &row("waiting for Alipay or the customer", Play::begun().told(1));
    let mut approved = Play::begun();
    approved.answer(300, 1, pay_s());
    table += &row("approved, not handed over yet", approved.told(301));
    table += &row("approved, but past the last release", approved.told(43_001));
    let payment = approved.terms.payment();
    approved.input(400, Input::Release { payment });
    table += &row("paid", approved.told(401));
    let delivery = Delivery::Acknowledged { within_ms: 20_000 };
    let numbers = PolicyNumbers {
        delivery,
        ..PolicyNumbers::standard()
    };
    let mut unconfirmed = Play::begun_under(Policy::new(numbers).unwrap());
    unconfirmed.answer(300, 1, pay_s());
    unconfirmed.input(400, Input::Release { payment });
    table += &row(
        "paid, delivery `acknowledged`, not acknowledged yet",
        unconfirmed.told(401),
    );
    for (when, text) in [
        ("declined: code used or expired", "EXPIRED_CODE"),
        ("declined: balance too low", "USER_BALANCE_NOT_ENOUGH"),
        ("declined: above a limit", "USER_AMOUNT_EXCEED_LIMIT"),
        ("declined: risk control", "RISK_REJECT"),
        ("declined: not set up for it", "INVALID_CONTRACT"),
    ] {
        table += &row(when, refused(text).told(301));
    }
    table += &row("being closed or reversed", closing(None, pay_u()).told(401));
    let cancelled = closing(Some(CancelAnswer::Cancelled), pay_u());
    table += &row("cancelled before any charge was seen", cancelled.told(501));
    let reversed = closing(Some(CancelAnswer::Cancelled), pay_s());
    table += &row("charged and given back", reversed.told(501));
    let mut late = Play::empty(crate::play::standard());
    late.input(6_000, Input::Pay(Box::new(late.terms.clone())));
    table += &row(
        "the command came too late; nothing was sent",
        late.told(6_001),
    );
    let mut absent = closing(None, pay_u());
    let mut now = 400;
    while absent.proof().is_none() {
        now = absent.exchange(now, cancel(CancelAnswer::NotFound)).0;
    }
    table += &row("it never reached Alipay", absent.told(now));
    let mut stuck = closing(None, pay_u());
    let mut now = 400;
    while stuck.status(now) != Status::NeedsAttention {
        let in_doubt = CancelAnswer::InDoubt {
            code: code("UNKNOWN_EXCEPTION"),
        };
        now = stuck.exchange(now, cancel(in_doubt)).0;
    }
    table += &row(
        "the reversal takes long; a person looks at it",
        stuck.told(now),
    );
    expect_file!["../../../../docs/outcomes.md"].assert_eq(&table);
}

#[test]
fn nothing_says_paid_before_a_door_has_released_it_and_a_release_is_asked_for() {
    let mut play = Play::begun();
    play.answer(300, 1, pay_s());
    assert_eq!(play.told(301).outcome, Outcome::Pending);
    let payment = play.terms.payment();
    let owed = |play: &Play, ms| owed_before_telling(&play.view(), crate::play::at(ms));
    for in_time in [301, 43_000] {
        assert_eq!(owed(&play, in_time), Some(Input::Release { payment }));
    }
    assert_eq!(owed(&play, 43_001), Some(Input::Lapse { payment }));
    let late = play.try_input(43_001, Input::Release { payment });
    assert_eq!(late, Err(Refusal::NotReleasable));
    play.input(302, Input::Release { payment });
    assert_eq!(play.told(303).outcome, Outcome::Paid);
    assert_eq!(owed(&play, 90_303), None);
}

#[test]
fn case_x25_a_not_paid_that_only_the_clock_says_is_written_down_and_late_releases_are_refused() {
    for approved in [false, true] {
        let mut play = Play::begun();
        if approved {
            play.answer(300, 1, pay_s());
        }
        let payment = play.terms.payment();
        let early = play.try_input(43_000, Input::Lapse { payment });
        assert_eq!(early, Err(Refusal::NotLapsed));
        let reason = if approved {
            CloseReason::Undelivered
        } else {
            CloseReason::NoResult
        };
        assert_eq!(
            play.input(43_001, Input::Lapse { payment }),
            [Fact::CloseBegun(reason)]
        );
        assert_eq!(play.input(43_002, Input::Lapse { payment }), []);
        let late = play.try_input(42_999, Input::Release { payment });
        assert_eq!(late, Err(Refusal::NotReleasable));
        assert_eq!(play.told(43_002).outcome, Outcome::NotPaid);
        assert_eq!(
            owed_before_telling(&play.view(), crate::play::at(43_002)),
            None
        );
    }
}

#[test]
fn a_view_says_when_it_will_say_something_else_without_any_event() {
    let mut undecided = Play::begun();
    undecided.answer(300, 1, pay_u());
    let mut approved = Play::begun();
    approved.answer(300, 1, pay_s());
    for play in [undecided, approved] {
        let changes_at: Timestamp = told_changes_at(&play.view()).unwrap();
        let before = told(&play.view(), changes_at.plus_ms(-1));
        let after = told(&play.view(), changes_at);
        assert_ne!(before, after);
        assert_eq!(after.outcome, Outcome::NotPaid);
    }
}

#[test]
fn an_inquirys_failure_tells_its_reason_too() {
    let mut play = Play::begun();
    play.answer(300, 1, pay_u());
    let failed = InquiryAnswer::Failed {
        code: code("USER_BALANCE_NOT_ENOUGH"),
    };
    play.exchange(300, inquiry(failed));
    let view = play.view();
    let (reason, _) = view.decline().unwrap();
    assert_eq!(reason.code(), "insufficient_balance");
    assert_eq!(approval(1, "CNY").amount.amount_minor(), 1);
}
