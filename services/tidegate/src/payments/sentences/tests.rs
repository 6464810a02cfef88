//! Stories as an operator reads them.

use super::sentences;
use payment::{
    Answer, Call, CancelAnswer, CloseReason, Currency, Event, Fact, Loss, MerchantId, Money,
    OrderNumber, PaymentRequestId, Policy, PolicyNumbers, Proof, Reference, TerminalId, Terms,
    Timestamp,
};
use store::Entry;

/// 2026-11-28T12:00:00Z.
const NOON_MS: i64 = 1_795_867_200_000;

fn terms() -> Terms {
    Terms {
        merchant: MerchantId::parse("corner-shop").unwrap(),
        order_number: OrderNumber::parse("O-1").unwrap(),
        reference: Reference::parse("R-1").unwrap(),
        terminal: TerminalId::parse("till-1").unwrap(),
        payment_request_id: PaymentRequestId::parse("P-1").unwrap(),
        amount: Money::new(1_280, Currency::parse("CNY").unwrap()).unwrap(),
        description: "Lunch".to_owned(),
        accepted_at: Timestamp::from_ms(NOON_MS),
        policy: Policy::new(PolicyNumbers::standard()).unwrap(),
    }
}

fn entries(facts: Vec<(i64, Result<Fact, &str>)>) -> Vec<Entry> {
    let payment = terms().payment();
    let entries = (1..).zip(facts).map(|(version, (ms, fact))| {
        let at = Timestamp::from_ms(NOON_MS + ms);
        let event = fact.map(|fact| Event { payment, at, fact });
        Entry {
            version,
            at,
            event: event.map_err(str::to_owned),
        }
    });
    entries.collect()
}

fn begun(number: u32, call: Call) -> Result<Fact, &'static str> {
    Ok(Fact::Begun { number, call })
}

fn answered(number: u32, answer: Answer) -> Result<Fact, &'static str> {
    Ok(Fact::Answered { number, answer })
}

#[test]
fn a_lost_answer_and_its_close_out_read_as_a_story() {
    let story = entries(vec![
        (50, Ok(Fact::Accepted(Box::new(terms())))),
        (50, begun(1, Call::Pay)),
        (5_050, answered(1, Answer::Lost(Loss::TimedOut))),
        (38_000, Ok(Fact::CloseBegun(CloseReason::NoResult))),
        (38_000, begun(2, Call::Cancel)),
        (38_092, answered(2, Answer::Cancel(CancelAnswer::Cancelled))),
        (38_092, Ok(Fact::Ended(Proof::CancelSucceeded))),
    ]);
    assert_eq!(
        sentences(&story, Some(&terms())),
        [
            "On 2026-11-28, by UTC:",
            "At 12:00:00.000 the gateway took the request.",
            "At 12:00:00.050 a worker took the payment on.",
            "At 12:00:00.050 a worker asked Alipay to pay CNY 12.80; no answer came for 5.0 s.",
            "At 12:00:38.000 the close-out began because Alipay had given no result in time; from \
             here on the merchant is told not paid.",
            "At 12:00:38.000 a worker asked Alipay to cancel the payment; after 92 ms Alipay said \
             that it is cancelled.",
            "At 12:00:38.092 the payment ended unpaid, proven: Alipay cancelled it.",
        ]
    );
}

#[test]
fn a_call_without_an_answer_and_an_event_of_a_newer_release_stand_in_their_places() {
    let story = entries(vec![
        (50, Ok(Fact::Accepted(Box::new(terms())))),
        (60, begun(1, Call::Pay)),
        (70, Err("schema version 9 is not known to this release")),
        (43_200_000, Ok(Fact::AttentionRaised)),
    ]);
    let told = sentences(&story, None);
    assert!(
        told[2].ends_with("; no answer is recorded yet."),
        "{told:?}"
    );
    assert!(
        told[3].contains("can't read, a newer one may (schema version 9"),
        "{told:?}"
    );
    assert_eq!(told[4], "On 2026-11-29, by UTC:");
    assert_eq!(told.len(), 6);
}

#[test]
fn an_answer_whose_question_can_not_be_read_is_told_all_the_same() {
    let story = entries(vec![
        (50, Err("it is not JSON")),
        (90, answered(1, Answer::Lost(Loss::Closed))),
    ]);
    let told = sentences(&story, None).join("\n");
    assert!(
        told.contains("call 1 was answered: the connection ended without"),
        "{told}"
    );
}
