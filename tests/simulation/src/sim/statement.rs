//! The auditor's look at a merchant's feed and totals, once all is calm. It compares them with what
//! was asked, what doors told and Alipay's ledger; of events it knows the words that a merchant
//! reads.

use super::alipay::Books;
use super::auditor::{Dossier, Notes};
use payment::{Fact, Outcome, PaymentId};
use std::collections::BTreeMap;
use store::{DailyTotals, Recorded};

/// One line of the feed, as a merchant reads it.
pub(crate) struct Line {
    position: i64,
    payment: PaymentId,
    word: Word,
}

/// What a line says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Word {
    Accepted,
    Paid,
    Ended,
    /// On its way to one of these.
    Between,
    /// What is between Alipay and us, and no merchant's business.
    Inner,
}

impl Line {
    pub(crate) fn of(recorded: &Recorded) -> Self {
        Self {
            position: recorded.position,
            payment: recorded.event.payment,
            word: match &recorded.event.fact {
                Fact::Accepted(_) => Word::Accepted,
                Fact::Released => Word::Paid,
                Fact::Ended(_) => Word::Ended,
                Fact::Acknowledged
                | Fact::CancelRequested
                | Fact::CloseBegun(_)
                | Fact::AttentionRaised
                | Fact::Resolved(_) => Word::Between,
                Fact::CancelKept
                | Fact::Begun { .. }
                | Fact::Answered { .. }
                | Fact::Noticed(_)
                | Fact::Approved(_)
                | Fact::Retold
                | Fact::Alarmed(_) => Word::Inner,
            },
        }
    }
}

/// What is wrong with a merchant's feed and totals.
pub(crate) fn faults(
    notes: &Notes,
    books: &Books,
    lines: &[Line],
    totals: &[DailyTotals],
) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut by_payment: BTreeMap<PaymentId, Vec<Word>> = BTreeMap::new();
    let mut before = 0;
    for line in lines {
        if line.position <= before {
            wrong.push(format!("feed: {} stands there twice", line.position));
        }
        before = line.position;
        by_payment.entry(line.payment).or_default().push(line.word);
    }
    for (payment, dossier) in notes.payments() {
        let words = by_payment.remove(&payment).unwrap_or_default();
        let faults = of_payment(dossier, &words).into_iter();
        wrong.extend(faults.map(|fault| format!("{payment}: feed: {fault}")));
    }
    let strangers = by_payment.keys();
    wrong.extend(strangers.map(|payment| format!("{payment}: feed: nobody asked for it")));
    let paid = lines.iter().filter(|line| line.word == Word::Paid).count();
    wrong.extend(of_totals(notes, books, paid, totals));
    wrong
}

/// What the feed lacks, or has too often, by what doors told of a payment.
fn of_payment(dossier: &Dossier, words: &[Word]) -> Vec<String> {
    let count = |word| words.iter().filter(|said| **said == word).count();
    let outcome = match &dossier.last {
        Some(Ok(said)) => Some(said.told.outcome),
        Some(Err(_)) | None => None,
    };
    let mut wrong = Vec::new();
    let mut expect = |word, expected: usize| {
        let found = count(word);
        if found != expected {
            wrong.push(format!("{found} times {word:?}, and not {expected}"));
        }
    };
    expect(Word::Accepted, usize::from(outcome.is_some()));
    expect(Word::Inner, 0);
    // A release that no door lived to tell may stand there too.
    if dossier.ever_told_paid() || count(Word::Paid) > 1 {
        expect(Word::Paid, 1);
    }
    match outcome {
        Some(Outcome::Paid) => expect(Word::Ended, 0),
        // A success after a proven failure ends twice.
        Some(Outcome::NotPaid) if words.last() != Some(&Word::Ended) => {
            wrong.push("told not paid, and it ends otherwise".to_owned());
        }
        Some(Outcome::NotPaid | Outcome::Pending) | None => {}
    }
    wrong
}

/// What the totals have that neither the feed, nor the doors, nor Alipay's ledger has.
fn of_totals(notes: &Notes, books: &Books, paid: usize, totals: &[DailyTotals]) -> Vec<String> {
    let sum = |of: fn(&DailyTotals) -> i128| totals.iter().map(of).sum::<i128>();
    let paid_count = sum(|day| i128::from(day.paid_count));
    let kept_count = paid_count.saturating_sub(sum(|day| i128::from(day.reversed_count)));
    let kept_minor = sum(|day| i128::from(day.paid_minor.saturating_sub(day.reversed_minor)));
    let net_minor = |dossier: &Dossier| {
        let terms = dossier.terms.as_ref()?;
        Some(books.known(&terms.payment_request_id)?.net_minor())
    };
    let all = || notes.payments().map(|(_, dossier)| dossier);
    let sold: i128 = all().map(|dossier| i128::from(dossier.sold())).sum();
    let charged_minor: i128 = all().filter_map(net_minor).map(i128::from).sum();
    let mut wrong = Vec::new();
    if i128::try_from(paid) != Ok(paid_count) {
        wrong.push(format!("totals: {paid_count} paid, {paid} in the feed"));
    }
    if kept_count != sold {
        wrong.push(format!("totals: {kept_count} sold, doors told {sold}"));
    }
    if kept_minor != charged_minor {
        wrong.push(format!(
            "totals: {kept_minor} taken, Alipay's ledger has {charged_minor}"
        ));
    }
    wrong
}
