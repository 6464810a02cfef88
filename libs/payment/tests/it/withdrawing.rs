//! A release whose door learned of it too late to say `paid`, and what defeats its withdrawal
//! (decision 44).

use crate::play::{Play, at, cancel, pay_s, standard, terms};
use payment::{
    CancelAnswer, CloseReason, Delivery, Fact, Input, NextAction, Order, Outcome, PaymentId,
    Policy, PolicyNumbers, Refusal, Status, Todo, owed_before_telling,
};

fn under(delivery: Delivery) -> Policy {
    let numbers = PolicyNumbers {
        delivery,
        ..PolicyNumbers::standard()
    };
    Policy::new(numbers).unwrap()
}

/// Approved at 300 ms and released at 42,900: a moment before the last release.
fn released_under(policy: Policy) -> (Play, PaymentId) {
    let mut play = Play::begun_under(policy);
    play.answer(300, 1, pay_s());
    let payment = play.terms.payment();
    play.input(42_900, Input::Release { payment });
    (play, payment)
}

#[test]
fn case_x24_a_release_that_came_back_too_late_is_withdrawn_and_the_charge_given_back() {
    let (mut play, payment) = released_under(standard());
    let withdrawn = play.input(47_500, Input::Withdraw { payment });
    assert_eq!(withdrawn, [Fact::CloseBegun(CloseReason::Undelivered)]);
    assert_eq!(play.told(47_501).outcome, Outcome::NotPaid);
    assert_eq!(play.status(47_501), Status::Closing);
    let again = play.try_input(47_502, Input::Withdraw { payment });
    assert_eq!(again, Err(Refusal::NotWithdrawable));
    play.exchange(47_502, cancel(CancelAnswer::Cancelled));
    assert_eq!(play.status(47_600), Status::Reversed);
    assert_eq!(play.due(47_600), Todo::Rest);
    assert_eq!(play.view().released_at, None, "nobody was told");
}

#[test]
fn an_order_whose_only_release_was_withdrawn_is_not_spent() {
    let (mut play, payment) = released_under(standard());
    play.input(47_500, Input::Withdraw { payment });
    let mut next = terms("R-2", standard());
    next.accepted_at = at(47_600);
    let early = play.try_input(47_600, Input::Pay(Box::new(next)));
    assert_eq!(early, Err(Refusal::ReversalInProgress));
    play.exchange(47_601, cancel(CancelAnswer::Cancelled));
    let mut third = terms("R-3", standard());
    third.accepted_at = at(47_700);
    let facts = play.input(47_700, Input::Pay(Box::new(third)));
    assert!(
        matches!(facts.first(), Some(Fact::Accepted(_))),
        "{facts:?}"
    );
}

#[test]
fn a_release_is_withdrawn_within_sixty_seconds_or_never() {
    for (ms, outcome) in [(102_900, Outcome::NotPaid), (102_901, Outcome::Paid)] {
        let (mut play, payment) = released_under(standard());
        let withdrawn = play.try_input(ms, Input::Withdraw { payment });
        assert_eq!(withdrawn.is_ok(), outcome == Outcome::NotPaid);
        assert_eq!(play.told(ms).outcome, outcome);
    }
}

#[test]
fn another_door_that_tells_a_young_release_says_so_first_and_that_defeats_its_withdrawal() {
    let (mut play, payment) = released_under(standard());
    let owed = owed_before_telling(&play.view(), at(43_500));
    assert_eq!(owed, Some(Input::Release { payment }));
    let told = play.input(43_500, Input::Release { payment });
    assert_eq!(told, [Fact::Retold]);
    assert_eq!(owed_before_telling(&play.view(), at(43_501)), None, "once");
    assert_eq!(play.input(43_501, Input::Release { payment }), []);
    let withdrawn = play.try_input(47_500, Input::Withdraw { payment });
    assert_eq!(withdrawn, Err(Refusal::NotWithdrawable));
    assert_eq!(play.told(47_500).outcome, Outcome::Paid);
    assert_eq!(play.view().released_at, Some(at(42_900)));
}

#[test]
fn case_x25_a_door_that_came_to_close_and_finds_a_late_release_says_so_before_it_tells_paid() {
    let (mut play, payment) = released_under(standard());
    let told = play.input(43_001, Input::Lapse { payment });
    assert_eq!(told, [Fact::Retold]);
    let withdrawn = play.try_input(43_002, Input::Withdraw { payment });
    assert_eq!(withdrawn, Err(Refusal::NotWithdrawable));
    assert_eq!(play.told(43_002).outcome, Outcome::Paid);
}

#[test]
fn a_door_that_meant_to_release_and_comes_second_says_so_first_too() {
    let (mut play, payment) = released_under(standard());
    let order: Order = play.order.clone();
    assert_eq!(
        play.input(42_901, Input::Release { payment }),
        [Fact::Retold]
    );
    // The other way round: the withdrawal was first, so the second door tells it not paid.
    play.order = order;
    play.input(42_901, Input::Withdraw { payment });
    let second = play.try_input(42_901, Input::Release { payment });
    assert_eq!(second, Err(Refusal::NotReleasable));
    assert_eq!(play.told(42_901).outcome, Outcome::NotPaid);
}

#[test]
fn an_old_release_is_told_by_any_door_without_a_word_to_history() {
    let (mut play, payment) = released_under(standard());
    let day_ms = 86_400_000;
    for ms in [132_901, day_ms] {
        assert_eq!(owed_before_telling(&play.view(), at(ms)), None);
        assert_eq!(play.input(ms, Input::Release { payment }), []);
    }
    // Longer than it may be withdrawn: an append that was decided in time may come back late.
    let between = owed_before_telling(&play.view(), at(103_000));
    assert_eq!(between, Some(Input::Release { payment }));
}

#[test]
fn under_delivery_off_no_door_releases_so_none_withdraws() {
    let mut play = Play::begun_under(under(Delivery::Off));
    play.answer(300, 1, pay_s());
    let payment = play.terms.payment();
    assert_eq!(owed_before_telling(&play.view(), at(301)), None);
    let withdrawn = play.try_input(400, Input::Withdraw { payment });
    assert_eq!(withdrawn, Err(Refusal::NotWithdrawable));
    assert_eq!(play.told(301).next_action, NextAction::HandOver);
}

#[test]
fn only_a_release_can_be_withdrawn() {
    let mut play = Play::begun();
    let payment = play.terms.payment();
    let refused = Err(Refusal::NotWithdrawable);
    assert_eq!(play.try_input(200, Input::Withdraw { payment }), refused);
    play.answer(300, 1, pay_s());
    assert_eq!(play.try_input(400, Input::Withdraw { payment }), refused);
    play.input(500, Input::Cancel { payment });
    assert_eq!(play.try_input(600, Input::Withdraw { payment }), refused);
    let unknown = Play::empty(standard()).try_input(0, Input::Withdraw { payment });
    assert_eq!(unknown, Err(Refusal::UnknownPayment));
}

#[test]
fn rule_k6b_under_acknowledged_only_the_confirmation_says_hand_over() {
    let (mut play, payment) = released_under(under(Delivery::Acknowledged { within_ms: 20_000 }));
    let told = play.told(42_901);
    assert_eq!((told.outcome, told.status), (Outcome::Paid, Status::Paid));
    assert_eq!(told.next_action, NextAction::Acknowledge);
    assert!(
        !told.cashier_line.contains("Hand over"),
        "{}",
        told.cashier_line
    );
    play.input(43_000, Input::Acknowledge { payment });
    assert_eq!(play.told(43_001).next_action, NextAction::HandOver);
    assert_eq!(owed_before_telling(&play.view(), at(43_001)), None);
    let withdrawn = play.try_input(43_002, Input::Withdraw { payment });
    assert_eq!(withdrawn, Err(Refusal::NotWithdrawable));
}

#[test]
fn of_a_confirmation_and_the_reversal_of_what_nobody_confirmed_the_first_holds_however_late() {
    let within_ms = 20_000;
    let late_ms = 42_900 + within_ms + 5_000;
    let (mut confirmed, payment) = released_under(under(Delivery::Acknowledged { within_ms }));
    assert_eq!(
        confirmed.input(late_ms, Input::Acknowledge { payment }),
        [Fact::Acknowledged]
    );
    assert_eq!(confirmed.due(late_ms), Todo::Rest);
    assert_eq!(confirmed.told(late_ms).outcome, Outcome::Paid);

    let (mut reversed, payment) = released_under(under(Delivery::Acknowledged { within_ms }));
    let (ms, call) = reversed.next_call(42_901).unwrap();
    reversed.begin(ms, call);
    let refused = reversed.try_input(late_ms, Input::Acknowledge { payment });
    assert_eq!(refused, Err(Refusal::NotAcknowledgeable));
    assert_eq!(reversed.told(late_ms).outcome, Outcome::NotPaid);
}
