//! An event's share of feed and totals, without a store.

use crate::world::{approved, at, terms};
use payment::{Event, Fact, NeverSent, Proof, Terms};
use store::{Derived, Known, Memory, Needs, Remembered, derived, needs};

fn event(fact: Fact) -> Event {
    Event {
        payment: terms("O-1", "R-1").payment(),
        at: at(1),
        fact,
    }
}

fn remembered(terms: &Terms, released: bool) -> Known {
    Known {
        payment: Some(Remembered {
            merchant: terms.merchant.as_str().to_owned(),
            amount_minor: terms.amount.amount_minor(),
            currency: "CNY".to_owned(),
            released,
        }),
    }
}

fn ended() -> Event {
    event(Fact::Ended(Proof::NeverSent(NeverSent::TooLate)))
}

#[test]
fn a_reversal_counts_only_where_the_sale_was_released() {
    let terms = terms("O-1", "R-1");
    let never_sold = derived(&ended(), remembered(&terms, false));
    assert_eq!(never_sold.sum, None);
    assert_eq!(never_sold.shown_to.as_deref(), Some("corner-shop"));
    let sold = derived(&ended(), remembered(&terms, true)).sum.unwrap();
    assert_eq!((sold.paid_count, sold.paid_minor), (0, 0));
    assert_eq!((sold.reversed_count, sold.reversed_minor), (1, 1_280));
    assert_eq!(sold.day, "2026-11-23");
}

#[test]
fn a_release_counts_a_sale_and_is_remembered() {
    let known = remembered(&terms("O-1", "R-1"), false);
    let released = derived(&event(Fact::Released), known);
    assert_eq!(released.memory, Memory::Released);
    let sum = released.sum.unwrap();
    assert_eq!((sum.paid_count, sum.paid_minor), (1, 1_280));
}

#[test]
fn an_approval_is_nobodys_before_its_release() {
    let terms = terms("O-1", "R-1");
    let payment::Input::Answer {
        answer: payment::Answer::Pay(payment::PayAnswer::Approved(approval)),
        ..
    } = approved(&terms)
    else {
        panic!("an approval");
    };
    let approved = event(Fact::Approved(approval));
    assert_eq!(needs(&approved), Needs::Nothing);
    let share = derived(&approved, remembered(&terms, false));
    assert_eq!(share, Derived::default());
}
