//! What is wrong with one sale, by what its till heard, its view, its history and the ledger. Pure.

use super::history::History;
use super::ledger::Entry;
use super::{Known, View};
use crate::load::{AMOUNT_MINOR, Asked, Said, Sale};

/// From the moment a gateway answered, by then the outcome is final: the last release (43 s), and
/// what a busy machine's processes may be late by.
const FINAL_WITHIN_US: u64 = 46_000_000;

/// From the moment a payment is taken to the last at which `paid` may be said of it.
const LAST_RELEASE_US: u64 = 43_000_000;

/// How late an answer that was said in time may be heard on a busy machine.
const LATE_BY_AT_MOST_US: u64 = 1_000_000;

/// Everything known of one sale.
pub(super) struct Case<'a> {
    pub(super) sale: &'a Sale,
    pub(super) known: &'a Known,
    pub(super) history: Option<&'a History>,
    pub(super) entries: &'a [Entry],
}

/// What is wrong; nothing if all agree.
pub(super) fn verdict(case: &Case) -> Vec<String> {
    let mut wrong = told_against_itself(case.sale);
    wrong.extend(told_too_late(case.sale));
    wrong.extend(paid_too_late(case.sale));
    wrong.extend(sent_too_often(case.entries));
    match case.known {
        Known::Payment(view) => {
            wrong.extend(told_against_view(case.sale, view));
            wrong.extend(charged_against_view(case.entries, view));
            match case.history {
                Some(history) => wrong.extend(history_against_all(case, view, history)),
                None => wrong.push("promise 4: it has a view and no history".to_owned()),
            }
        }
        Known::TurnedDown(_) | Known::Nothing => wrong.extend(never_taken(case)),
        Known::Unanswered => wrong.push(unanswered(case.entries)),
    }
    wrong
}

/// Promise 1: once told, an outcome holds, unless the merchant itself takes a paid sale back.
fn told_against_itself(sale: &Sale) -> Vec<String> {
    let told = |outcome: &str| {
        let mut heard = sale.heard.iter();
        heard.any(|heard| heard.said.outcome() == Some(outcome))
    };
    let refused = sale.heard.iter().find_map(|heard| match &heard.said {
        Said::Refused(code) => Some(code),
        Said::Payment { .. } | Said::AskAgain(_) | Said::Broken(_) => None,
    });
    let mut wrong = Vec::new();
    if told("paid") && told("not_paid") && !sale.cancel_was_asked() {
        wrong.push("promise 1: told paid and not_paid".to_owned());
    }
    if let Some(code) = refused
        && told("paid")
    {
        wrong.push(format!("both refused ({code}) and sold"));
    }
    wrong
}

/// Promise 1: asked after the last release, no door says `pending`.
fn told_too_late(sale: &Sale) -> Option<String> {
    let taken = sale.heard.iter();
    let taken = taken.filter(|heard| heard.asked == Asked::Pay && heard.said.outcome().is_some());
    let taken_us = taken.map(|heard| heard.heard_us).min()?;
    let late_us = taken_us.saturating_add(FINAL_WITHIN_US);
    let mut heard = sale.heard.iter();
    let late =
        heard.find(|heard| heard.asked_us > late_us && heard.said.outcome() == Some("pending"))?;
    let after_s = late.asked_us.saturating_sub(taken_us) / 1_000_000;
    Some(format!(
        "promise 1: still pending {after_s} s after it was taken"
    ))
}

/// Decision 8: who waits over the last release is not told `paid` after it. Who asks later may be: the
/// sale was released in time then, and stands.
fn paid_too_late(sale: &Sale) -> Option<String> {
    let taken = sale.heard.iter();
    let taken = taken.filter(|heard| heard.asked == Asked::Pay && heard.said.outcome().is_some());
    let taken_us = taken.map(|heard| heard.heard_us).min()?;
    let final_us = taken_us.saturating_add(LAST_RELEASE_US);
    let mut heard = sale.heard.iter();
    let first = heard.find(|heard| heard.said.outcome() == Some("paid"))?;
    let late =
        first.asked_us < final_us && first.heard_us > final_us.saturating_add(LATE_BY_AT_MOST_US);
    let after_ms = first.heard_us.saturating_sub(taken_us) / 1_000;
    late.then(|| format!("decision 8: told paid {after_ms} ms after it was taken"))
}

/// Decision 2: no key is paid with twice, and an order is never charged twice.
fn sent_too_often(entries: &[Entry]) -> Vec<String> {
    let mut wrong = Vec::new();
    for entry in entries {
        if entry.calls.pay > 1 {
            let (pays, key) = (entry.calls.pay, &entry.payment_request_id);
            wrong.push(format!(
                "decision 2: pay was called {pays} times with {key}"
            ));
        }
        if entry.net_minor() < 0 {
            wrong.push("more was given back than was charged".to_owned());
        }
    }
    // Each of these sales has an order of its own and one key.
    if entries.len() > 1 {
        let keys = entries.len();
        wrong.push(format!("promise 4: one sale was sent under {keys} keys"));
    }
    wrong
}

fn told_against_view(sale: &Sale, view: &View) -> Vec<String> {
    let mut wrong = Vec::new();
    if sale.was_turned_away() && view.outcome == "paid" {
        wrong.push("decision 11: turned away for good, and sold".to_owned());
    }
    if sale.was_left() && view.outcome == "paid" {
        wrong.push("rule K6b: its till had hung up, and it is paid with nobody told".to_owned());
    }
    if !view.is_final() {
        wrong.push(format!("promise 4: it is not final: {}", view.status));
    }
    let last = sale.heard.iter().rev().find(|heard| heard.said.is_final());
    match last.map(|heard| &heard.said) {
        Some(Said::Payment { outcome, .. })
            if *outcome != view.outcome && !(outcome == "paid" && sale.cancel_was_asked()) =>
        {
            wrong.push(format!(
                "promise 1: told {outcome}, and it is {}",
                view.outcome
            ));
        }
        Some(Said::Refused(code)) if view.outcome == "paid" => {
            wrong.push(format!("refused ({code}), and it is sold"));
        }
        Some(_) | None => {}
    }
    if sale.cancel_was_taken() && view.outcome == "paid" {
        wrong.push("rule K5: a cancel was taken, and the sale stands".to_owned());
    }
    wrong
}

/// Promise 3, in both directions.
fn charged_against_view(entries: &[Entry], view: &View) -> Vec<String> {
    let mut wrong = Vec::new();
    let net_minor: i64 = entries.iter().map(Entry::net_minor).sum();
    let due_minor = if view.outcome == "paid" {
        AMOUNT_MINOR
    } else {
        0
    };
    if net_minor != due_minor {
        let outcome = &view.outcome;
        wrong.push(format!(
            "promise 3: {outcome}, and the customer is charged {net_minor}"
        ));
    }
    let mut strangers = entries.iter();
    if strangers.any(|entry| entry.payment_request_id != view.payment_request_id) {
        wrong.push("rule D1: Alipay knows it under another key".to_owned());
    }
    wrong
}

fn history_against_all(case: &Case, view: &View, history: &History) -> Vec<String> {
    let mut wrong = Vec::new();
    let (told, followed) = (&view.outcome, history.outcome());
    if history.payment != later(view, history) {
        wrong.push("one view and another, after the end".to_owned());
    }
    if told != followed {
        wrong.push(format!("its view says {told}, its history {followed}"));
    }
    if !history.is_in_order() {
        wrong.push("its events are out of order".to_owned());
    }
    let begun = history.pays_begun();
    if begun > 1 {
        wrong.push(format!("decision 2: a pay was begun {begun} times"));
    }
    if history.approvals() > 1 {
        wrong.push("rule H3: one result was taken in twice".to_owned());
    }
    let arrived = case.entries.iter().any(|entry| entry.calls.pay > 0);
    if arrived && begun == 0 {
        wrong.push("decision 1: a pay was sent that was never written down".to_owned());
    }
    if view.is_final() && told == "not_paid" {
        match history.proof() {
            None => wrong.push("promise 2: it ended without proof".to_owned()),
            Some(proof) if proof.kind == "never_sent" && arrived => {
                wrong.push("promise 2: proven never sent, and Alipay was asked".to_owned());
            }
            Some(_) => {}
        }
    }
    wrong
}

/// The view as it should stand when the history was read: a notification may come between the two. One
/// that tells of a charge makes known that the cancel gave it back.
fn later(view: &View, history: &History) -> View {
    let mut later = view.clone();
    later.sequence = view.sequence.max(history.payment.sequence);
    let mut events = history.events.iter();
    let told_of_charge = events.any(|event| {
        event.sequence > view.sequence
            && event.kind == "notified"
            && event.detail.as_deref() == Some("charged")
    });
    if told_of_charge && view.status == "cancelled" {
        "reversed".clone_into(&mut later.status);
    }
    later
}

/// Promise 4: what a merchant was told of exists; what does not exist is not charged.
fn never_taken(case: &Case) -> Vec<String> {
    let mut wrong = Vec::new();
    if case.sale.was_taken() {
        wrong.push(format!("promise 4: taken, and now {:?}", case.known));
    }
    if !case.entries.is_empty() {
        wrong.push(format!("{:?}, and Alipay was asked to pay", case.known));
    }
    wrong
}

/// Promise 4: every sale has an end that can be asked for.
fn unanswered(entries: &[Entry]) -> String {
    let net_minor: i64 = entries.iter().map(Entry::net_minor).sum();
    format!("promise 4: no gateway answers any more, and the customer is charged {net_minor}")
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
