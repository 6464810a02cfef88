//! An operator's mark on a payment that needs attention (A15).

use crate::play::{Play, cancel, code, paid_notice, pay_u};
use payment::{
    CancelAnswer, Fact, Input, Outcome, Refusal, Resolution, ResolutionFault, Status, Todo,
};

fn resolution() -> Resolution {
    Resolution::new("ops-1", "Alipay's support refunded it, case 4711").unwrap()
}

/// Its cancels were in doubt until a person was asked; the last one is in flight.
fn needing_attention() -> (Play, i64, u32) {
    let mut play = Play::begun();
    play.answer(300, 1, pay_u());
    let payment = play.terms.payment();
    play.input(400, Input::Cancel { payment });
    let mut now = 400;
    while play.status(now) != Status::NeedsAttention {
        let code = code("UNKNOWN_EXCEPTION");
        now = play.exchange(now, cancel(CancelAnswer::InDoubt { code })).0;
    }
    let (ms, call) = play.next_call(now).unwrap();
    let number = play.begin(ms, call);
    (play, ms, number)
}

#[test]
fn rule_a15_a_resolved_payment_is_called_no_more_and_stands_where_it_stood() {
    let (mut play, ms, _) = needing_attention();
    let payment = play.terms.payment();
    let before = play.told(ms);
    let input = || Input::Resolve {
        payment,
        resolution: resolution(),
    };
    assert_eq!(play.input(ms, input()), [Fact::Resolved(resolution())]);
    assert_eq!(play.input(ms, input()), [], "once");
    assert_eq!(play.due(ms + 86_400_000), Todo::Rest);
    assert_eq!(play.told(ms + 86_400_000), before);
    assert_eq!(before.outcome, Outcome::NotPaid);
    assert_eq!(play.proof(), None);
}

#[test]
fn rule_a18_what_comes_in_after_a_resolution_is_still_heeded() {
    let (mut play, ms, number) = needing_attention();
    let payment = play.terms.payment();
    let resolution = resolution();
    play.input(
        ms,
        Input::Resolve {
            payment,
            resolution,
        },
    );
    let noticed = play.notice(ms + 1, paid_notice(1_280, "CNY"));
    assert_eq!(noticed, [Fact::Noticed(paid_notice(1_280, "CNY"))]);
    assert!(play.view().alipay_payment_id.is_some());
    play.answer(ms + 2, number, cancel(CancelAnswer::Cancelled));
    assert_eq!(play.status(ms + 2), Status::Reversed);
}

#[test]
fn only_a_payment_that_needs_attention_can_be_resolved() {
    let mut play = Play::begun();
    let payment = play.terms.payment();
    let input = || Input::Resolve {
        payment,
        resolution: resolution(),
    };
    assert_eq!(play.try_input(1, input()), Err(Refusal::NotResolvable));
    play.input(400, Input::Cancel { payment });
    assert_eq!(play.try_input(401, input()), Err(Refusal::NotResolvable));
}

#[test]
fn a_mark_names_a_person_and_a_reason_and_never_a_payment_code() {
    let long = "x".repeat(501);
    for (operator, reason, fault) in [
        ("", "seen", ResolutionFault::Operator),
        ("a\nb", "seen", ResolutionFault::Operator),
        ("ops", "  ", ResolutionFault::Reason),
        ("ops", long.as_str(), ResolutionFault::Reason),
        ("ops", "a\u{7}b", ResolutionFault::Reason),
        (
            "ops",
            "code 281006020000000000125733",
            ResolutionFault::PaymentCode,
        ),
        (
            "ops",
            "2810 0602 0000 0000 0012 5733",
            ResolutionFault::PaymentCode,
        ),
        ("28100602000000000012", "seen", ResolutionFault::PaymentCode),
    ] {
        assert_eq!(Resolution::new(operator, reason), Err(fault), "{reason}");
    }
    let id = Resolution::new(
        "ops",
        " Alipay says 2026112319074101000700000077771 is closed ",
    );
    assert_eq!(
        id.unwrap().reason(),
        "Alipay says 2026112319074101000700000077771 is closed"
    );
}
