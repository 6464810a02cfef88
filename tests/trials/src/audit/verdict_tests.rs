//! An auditor that never finds anything is worth nothing: each kind of lie is told to it once.

use super::*;
use crate::audit::history::{Event, Proof};
use crate::audit::ledger::Calls;
use crate::load::Heard;

fn said(status: &str, outcome: &str) -> Said {
    Said::Payment {
        status: status.to_owned(),
        outcome: outcome.to_owned(),
    }
}

fn sale(heard: Vec<Heard>) -> Sale {
    Sale {
        number: 0,
        reference: "r-0".to_owned(),
        order: "order-r-0".to_owned(),
        behavior: "0000",
        cancel_after: None,
        gives_up: false,
        hangs_up: None,
        types_after: None,
        id: Some("p".to_owned()),
        began_us: 0,
        heard,
    }
}

fn heard(asked: Asked, asked_us: u64, said: Said) -> Heard {
    Heard {
        asked,
        gateway: 0,
        asked_us,
        heard_us: asked_us + 10,
        said,
    }
}

fn view(status: &str, outcome: &str) -> View {
    View {
        id: "p".to_owned(),
        status: status.to_owned(),
        outcome: outcome.to_owned(),
        payment_request_id: "k".to_owned(),
        sequence: 3,
    }
}

fn entry(pays: u32, charged_minor: i64, returned_minor: i64) -> Entry {
    Entry {
        payment_request_id: "k".to_owned(),
        order: "order-r-0".to_owned(),
        standing: "paid".into(),
        charged_minor,
        returned_minor,
        calls: Calls {
            pay: pays,
            inquiry: 0,
            cancel: 0,
            refund: 0,
        },
        story: serde_json::Value::Null,
    }
}

fn event(sequence: u64, kind: &str, call: Option<&str>, proof: Option<&str>) -> Event {
    Event {
        sequence,
        at: String::new(),
        kind: kind.to_owned(),
        call: call.map(str::to_owned),
        detail: None,
        proof: proof.map(|kind| Proof {
            kind: kind.to_owned(),
            detail: None,
        }),
    }
}

fn history(view: &View, end: Event) -> History {
    let events = vec![
        event(1, "accepted", None, None),
        event(2, "asked", Some("pay"), None),
        end,
    ];
    History {
        payment: view.clone(),
        events,
    }
}

/// A sold sale that everyone agrees on, and what one change makes of it.
fn sold(change: impl FnOnce(&mut Sale, &mut View, &mut History, &mut Vec<Entry>)) -> Vec<String> {
    let mut sale = sale(vec![heard(Asked::Pay, 0, said("paid", "paid"))]);
    let mut view = view("paid", "paid");
    let mut history = history(&view, event(3, "paid", None, None));
    let mut entries = vec![entry(1, 1_280, 0)];
    change(&mut sale, &mut view, &mut history, &mut entries);
    verdict(&Case {
        sale: &sale,
        known: &Known::Payment(view),
        history: Some(&history),
        entries: &entries,
    })
}

#[test]
fn a_sale_that_all_agree_on_is_not_blamed() {
    assert_eq!(sold(|_, _, _, _| {}), Vec::<String>::new());
    let noticed_late = sold(|_, _, history, _| history.payment.sequence = 4);
    assert_eq!(noticed_late, Vec::<String>::new());
}

#[test]
fn every_lie_is_found() {
    let lies = [
        sold(|sale, _, _, _| {
            sale.heard
                .push(heard(Asked::Look, 9, said("closing", "not_paid")))
        }),
        sold(|sale, _, _, _| {
            sale.heard
                .push(heard(Asked::Pay, 9, Said::Refused("x".into())))
        }),
        sold(|sale, _, _, _| {
            let late = heard(Asked::Look, 47_000_000, said("processing", "pending"));
            sale.heard.insert(1, late);
        }),
        sold(|sale, _, _, _| {
            sale.heard
                .push(heard(Asked::Cancel, 9, said("paid", "paid")))
        }),
        sold(|_, _, _, entries| entries[0].calls.pay = 2),
        sold(|_, _, _, entries| entries[0].returned_minor = 1_280),
        sold(|_, _, _, entries| entries[0].returned_minor = 2_560),
        sold(|_, _, _, entries| entries[0].payment_request_id = "other".into()),
        sold(|_, _, _, entries| entries.push(entry(1, 0, 0))),
        sold(|_, _, _, entries| entries.clear()),
        sold(|_, _, history, _| history.events.truncate(2)),
        sold(|_, _, history, _| history.events[1].kind = "answered".into()),
        sold(|_, _, history, _| history.events[2].sequence = 2),
        sold(|_, _, history, _| history.payment.status = "closing".into()),
        sold(|_, _, history, _| history.payment.sequence = 2),
        sold(|_, _, history, _| {
            history.events[0].kind = "approved".into();
            history.events[1].kind = "approved".into();
        }),
        sold(|_, _, history, _| history.events.insert(2, history.events[1].clone())),
    ];
    for (place, wrong) in lies.iter().enumerate() {
        assert!(!wrong.is_empty(), "lie {place} was not found");
    }
}

#[test]
fn a_sale_that_ended_unpaid_needs_proof_and_an_uncharged_customer() {
    let view = view("cancelled", "not_paid");
    let told = sale(vec![heard(Asked::Pay, 0, said("closing", "not_paid"))]);
    let judge = |proof: Option<&str>, entries: &[Entry]| {
        let history = history(&view, event(3, "ended", None, proof));
        verdict(&Case {
            sale: &told,
            known: &Known::Payment(view.clone()),
            history: Some(&history),
            entries,
        })
    };
    let back = [entry(1, 1_280, 1_280)];
    assert_eq!(judge(Some("cancel_succeeded"), &back), Vec::<String>::new());
    assert!(!judge(None, &back).is_empty());
    assert!(!judge(Some("never_sent"), &back).is_empty());
    assert!(!judge(Some("cancel_succeeded"), &[entry(1, 1_280, 0)]).is_empty());
}

#[test]
fn what_was_turned_down_may_not_be_charged_and_what_was_taken_may_not_be_lost() {
    let judge = |said: Said, entries: &[Entry]| {
        verdict(&Case {
            sale: &sale(vec![heard(Asked::Pay, 0, said)]),
            known: &Known::Nothing,
            history: None,
            entries,
        })
    };
    let again = || Said::AskAgain("request_not_taken".to_owned());
    assert_eq!(judge(again(), &[]), Vec::<String>::new());
    assert!(!judge(again(), &[entry(1, 0, 0)]).is_empty());
    assert!(!judge(said("accepted", "pending"), &[]).is_empty());
}

#[test]
fn what_was_refused_at_every_asking_may_not_be_sold() {
    let again = |code: &str| heard(Asked::Pay, 0, Said::AskAgain(code.to_owned()));
    let (away, busy) = (again("request_not_taken"), again("gateway_busy"));
    let paid = heard(Asked::Pay, 9, said("paid", "paid"));
    let judge = |heard: Vec<Heard>| told_against_view(&sale(heard), &view("paid", "paid"));
    assert!(!judge(vec![away.clone(), away.clone()]).is_empty());
    assert!(!judge(vec![away.clone(), busy.clone()]).is_empty());
    assert!(judge(vec![away.clone(), again("service_unavailable")]).is_empty());
    assert!(judge(vec![away, paid.clone()]).is_empty());
    assert!(judge(vec![busy, paid]).is_empty());
}

#[test]
fn a_paid_sale_whose_cancel_was_taken_is_not_at_rest_yet() {
    let paid = Known::Payment(view("paid", "paid"));
    let mut asked = sale(vec![heard(Asked::Pay, 0, said("paid", "paid"))]);
    assert!(crate::audit::at_rest(&paid, &asked));
    asked
        .heard
        .push(heard(Asked::Cancel, 9, said("paid", "paid")));
    assert!(!crate::audit::at_rest(&paid, &asked));
    let back = Known::Payment(view("reversed", "not_paid"));
    assert!(crate::audit::at_rest(&back, &asked));
}

#[test]
fn a_sale_of_which_no_gateway_can_be_asked_any_more_is_wrong_and_says_what_was_charged() {
    let told = verdict(&Case {
        sale: &sale(Vec::new()),
        known: &Known::Unanswered,
        history: None,
        entries: &[entry(1, AMOUNT_MINOR, 0)],
    });
    let what = "promise 4: no gateway answers any more, and the customer is charged 1280";
    assert_eq!(told, [what]);
}

#[test]
fn a_cancelled_payment_is_a_reversed_one_once_its_charge_is_notified_and_only_then() {
    let cancelled = view("cancelled", "not_paid");
    let read_later = |told: Option<&str>| {
        let payment = View {
            sequence: 4,
            ..view("reversed", "not_paid")
        };
        let mut late = event(4, "notified", None, None);
        late.detail = told.map(str::to_owned);
        let events = vec![late];
        let history = History { payment, events };
        later(&cancelled, &history) == history.payment
    };
    assert!(read_later(Some("charged")));
    assert!(!read_later(Some("closed")));
    assert!(!read_later(None));
}
