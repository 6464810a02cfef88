//! What a policy may be (K2, K4), and money and ids at their edges.

use crate::play::{money, standard};
use payment::{
    Currency, Delivery, Money, OrderNumber, Policy, PolicyFault, PolicyNumbers, Profile, Reference,
};

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

type Change = fn(&mut PolicyNumbers, i64);

/// Each number of the guide: how it is set, and the least and the most that it may be.
const GUIDE: [(&str, Change, i64, i64); 7] = [
    (
        "pay_timeout_ms",
        |n, ms| n.pay_timeout_ms = ms,
        3_000,
        5_000,
    ),
    (
        "call_timeout_ms",
        |n, ms| n.call_timeout_ms = ms,
        3_000,
        3_000,
    ),
    (
        "inquiry_every_ms",
        |n, ms| n.inquiry_every_ms = ms,
        3_000,
        3_000,
    ),
    (
        "inquiries_max",
        |n, count| n.inquiries_max = u32::try_from(count).unwrap(),
        10,
        20,
    ),
    (
        "cancel_every_ms",
        |n, ms| n.cancel_every_ms = ms,
        5_000,
        10_000,
    ),
    (
        "cancel_patience_ms",
        |n, ms| n.cancel_patience_ms = ms,
        60_000,
        600_000,
    ),
    (
        "not_exist_margin_ms",
        |n, ms| n.not_exist_margin_ms = ms,
        30_000,
        3_600_000,
    ),
];

#[test]
fn rule_a5_a6_a9_a14_the_guides_numbers_are_bounds_and_a_fault_names_the_number_and_both_bounds() {
    for (name, set, min, max) in GUIDE {
        for allowed in [min, max] {
            let mut numbers = PolicyNumbers::standard();
            set(&mut numbers, allowed);
            assert!(Policy::new(numbers).is_ok(), "{name} = {allowed}");
        }
        for wrong in [min - 1, max + 1] {
            let faults = refused(|numbers| set(numbers, wrong));
            assert_eq!(faults.len(), 1, "{name} = {wrong}: {faults:?}");
            let told = faults[0].to_string();
            for part in [
                name.to_owned(),
                wrong.to_string(),
                min.to_string(),
                max.to_string(),
            ] {
                assert!(told.contains(&part), "{part}: {told}");
            }
            assert_eq!(faults[0].number(), name);
        }
    }
}

#[test]
fn what_the_rulebook_does_not_know_is_refused_unless_it_is_called_a_trial() {
    // All that passed once: a close after 300 ms, inquiries each 50 ms, half a minute for pay.
    let impatient = PolicyNumbers {
        last_begin_ms: 200,
        close_ms: 300,
        last_release_ms: 400,
        merchant_timeout_ms: 500,
        transit_margin_ms: 50,
        pay_timeout_ms: 30_000,
        call_timeout_ms: 50,
        inquiry_every_ms: 50,
        inquiries_max: 10,
        cancel_every_ms: 50,
        cancel_patience_ms: 200,
        queue_first_ms: 50,
        queue_longest_ms: 50,
        not_exist_margin_ms: 200,
        cancel_window_past_midnight_ms: 86_400_000,
        delivery: Delivery::Acknowledged { within_ms: 200 },
    };
    let faults = Policy::new(impatient.clone()).unwrap_err();
    // Every number but the count of inquiries, each once, and no room for an inquiry.
    assert_eq!(faults.len(), 16, "{faults:#?}");
    assert!(Policy::under(Profile::Trial, impatient.clone()).is_ok());
    // What was accepted once is read back as it was.
    assert_eq!(Policy::recorded(impatient.clone()).numbers(), &impatient);
    let absurd = PolicyNumbers {
        close_ms: 0,
        ..impatient
    };
    assert!(Policy::under(Profile::Trial, absurd).is_err());
}

#[test]
fn rule_k4_the_close_may_cut_inquiries_short_and_says_to_how_many_but_leaves_one() {
    let closing_at = |close_ms: i64| PolicyNumbers {
        close_ms,
        ..PolicyNumbers::standard()
    };
    let standard = Policy::new(PolicyNumbers::standard()).unwrap();
    assert_eq!(standard.inquiries_cut_to(), None);
    let short = Policy::new(closing_at(20_000)).unwrap();
    assert_eq!(short.inquiries_cut_to(), Some(5));
    let faults = Policy::new(closing_at(13_000)).unwrap_err();
    assert_eq!(faults.len(), 1, "{faults:?}");
    let told = faults[0].to_string();
    assert!(
        told.contains("is 13000; it must be less than close_ms, which is 13000"),
        "{told}"
    );
    assert_eq!(faults[0].number(), "close_ms");
}

#[test]
fn rule_k4_two_instants_in_the_wrong_order_are_named_with_both_their_numbers() {
    let faults = refused(|numbers| numbers.merchant_timeout_ms = 45_000);
    let told = faults[0].to_string();
    for part in ["last_release_ms is 43000", "merchant_timeout_ms", "42000"] {
        assert!(told.contains(part), "{part}: {told}");
    }
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
