//! What a policy may be (K2, K4), and money and ids at their edges.

use crate::play::{money, standard};
use payment::{Currency, Money, OrderNumber, Policy, PolicyFault, PolicyNumbers, Reference};

fn refused(change: impl Fn(&mut PolicyNumbers)) -> Vec<PolicyFault> {
    let mut numbers = PolicyNumbers::standard();
    change(&mut numbers);
    Policy::new(numbers).unwrap_err()
}

#[test]
fn rule_k4_a_gateway_timeout_that_is_not_shorter_than_the_merchants_is_refused() {
    assert!(!refused(|numbers| numbers.merchant_timeout_ms = 43_000).is_empty());
    assert!(!refused(|numbers| numbers.merchant_timeout_ms = 45_999).is_empty());
    assert!(!refused(|numbers| numbers.close_ms = 60_000).is_empty());
}

#[test]
fn rule_k2_both_sides_keep_their_own_timeouts_and_the_four_instants_increase() {
    let numbers = standard().numbers().clone();
    assert!(numbers.last_begin_ms < numbers.close_ms);
    assert!(numbers.close_ms < numbers.last_release_ms);
    assert!(numbers.last_release_ms + numbers.transit_margin_ms < numbers.merchant_timeout_ms);
    assert!(!refused(|numbers| numbers.last_begin_ms = 38_000).is_empty());
    assert!(!refused(|numbers| numbers.last_release_ms = 38_000).is_empty());
}

#[test]
fn rule_a5_between_ten_and_twenty_inquiries_are_a_policy() {
    for allowed in [10, 20] {
        let mut numbers = PolicyNumbers::standard();
        numbers.inquiries_max = allowed;
        assert!(Policy::new(numbers).is_ok(), "{allowed}");
    }
    for wrong in [9, 21] {
        assert!(
            !refused(|numbers| numbers.inquiries_max = wrong).is_empty(),
            "{wrong}"
        );
    }
}

#[test]
fn rule_a14_cancels_come_five_seconds_apart_and_never_more_than_ten() {
    assert_eq!(standard().cancel_every_ms(), 5_000);
    assert!(!refused(|numbers| numbers.cancel_every_ms = 10_001).is_empty());
}

#[test]
fn all_faults_of_a_policy_are_told_at_once() {
    let faults = refused(|numbers| {
        numbers.inquiries_max = 1;
        numbers.cancel_every_ms = 1;
        numbers.merchant_timeout_ms = 1;
    });
    assert!(faults.len() >= 3, "{faults:?}");
}

#[test]
fn money_is_positive_whole_minor_units_of_a_known_currency() {
    assert_eq!(money(1_988, "CNY").amount_minor(), 1_988);
    assert!(Money::new(0, Currency::parse("CNY").unwrap()).is_err());
    assert!(Money::new(-1, Currency::parse("CNY").unwrap()).is_err());
    for wrong in ["", "cny", "XXQ", "EURO"] {
        assert!(Currency::parse(wrong).is_err(), "{wrong}");
    }
    assert_eq!(Currency::parse("JPY").unwrap().decimals(), 0);
}

#[test]
fn ids_are_bounded_and_hold_nothing_that_could_break_a_line_or_a_path() {
    assert!(OrderNumber::parse(&"x".repeat(64)).is_ok());
    for wrong in ["", "a\nb", &"x".repeat(65)] {
        assert!(OrderNumber::parse(wrong).is_err());
        assert!(Reference::parse(wrong).is_err() || wrong.len() == 65);
    }
}
