//! The auditor knows only what merchants asked, what doors told them and when, and Alipay's ledger.
//! It has never heard of events, versions or workers.

use super::alipay::Account;
use super::gateway::Problem;
use payment::{Delivery, Outcome, PaymentId, Status, Terms, Timestamp, Told};
use std::collections::BTreeMap;

/// What a worker may take from its decision to the wire, and what two clocks may differ.
const STALL_MS: i64 = 2_200;

/// So long after the last release nobody is told `paid` for the first time: until then a release is
/// withdrawn of which nobody was told.
const UNTOLD_MS: i64 = 90_000;

/// What one door told once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Said {
    pub(crate) asked_at: Timestamp,
    pub(crate) told_at: Timestamp,
    pub(crate) told: Told,
    /// When it was first told paid, as the answer's body shows it.
    pub(crate) paid_at: Option<Timestamp>,
}

/// Everything that was asked and told.
#[derive(Default)]
pub(crate) struct Notes {
    payments: BTreeMap<PaymentId, Dossier>,
}

/// What is known of one payment from outside.
#[derive(Clone, Default)]
pub(crate) struct Dossier {
    /// As the merchant asked for it; the newest, if a gateway took it more than once.
    pub(crate) terms: Option<Terms>,
    /// The merchant asked to cancel it, heard or not.
    pub(crate) cancel_asked: bool,
    /// A gateway said that the cancel was taken.
    pub(crate) cancel_taken: bool,
    /// A gateway answered 2xx to its acknowledgement.
    pub(crate) acknowledged: bool,
    /// How often a till hung up while it asked: what was released for it may be taken back at once
    /// (K6b).
    pub(crate) hang_ups: u32,
    /// The merchant may not have confirmed it.
    pub(crate) accepted: bool,
    first_not_paid: Option<Said>,
    first_paid: Option<Said>,
    pub(crate) last: Option<Result<Said, Problem>>,
    wrong: Vec<String>,
}

impl Notes {
    pub(crate) fn of(&mut self, payment: PaymentId) -> &mut Dossier {
        self.payments.entry(payment).or_default()
    }

    /// All payments that were asked for.
    pub(crate) fn payments(&self) -> impl Iterator<Item = (PaymentId, &Dossier)> {
        self.payments.iter().map(|(id, dossier)| (*id, dossier))
    }
}

impl Dossier {
    /// A door told something.
    pub(crate) fn hear(&mut self, said: Result<Said, Problem>) {
        self.last = Some(said);
        let Ok(said) = said else {
            return;
        };
        let Some(terms) = self.terms.clone() else {
            return;
        };
        match said.told.outcome {
            Outcome::Pending => {
                // Gateways keep the shared time to a few milliseconds.
                if said.asked_at > terms.last_release_at().plus_ms(100) {
                    self.blame(format!("promise 1: pending at {}", said.asked_at));
                }
            }
            Outcome::Paid => self.hear_paid(said),
            Outcome::NotPaid => self.hear_not_paid(said),
        }
    }

    fn hear_paid(&mut self, said: Said) {
        if let Some(before) = self.first_not_paid
            && before.told_at < said.asked_at
        {
            let (no, yes) = (before.told_at, said.told_at);
            self.blame(format!("promise 1: not paid at {no}, then paid at {yes}"));
        }
        if let Some(terms) = &self.terms {
            let last_at = match terms.policy.delivery() {
                Delivery::Off => terms.close_at(),
                Delivery::HandedOver | Delivery::Acknowledged { .. } => terms.last_release_at(),
            };
            if said.paid_at.is_none_or(|at| at > last_at.plus_ms(100)) {
                let at = said.paid_at;
                self.blame(format!("decision 8: told paid, released at {at:?}"));
            }
        }
        self.first_paid = self.first_paid.or(Some(said));
        self.compare();
    }

    fn hear_not_paid(&mut self, said: Said) {
        self.first_not_paid = self.first_not_paid.or(Some(said));
        self.compare();
    }

    /// Both can be true only of a sale that the merchant itself took back.
    fn compare(&mut self) {
        let Some(terms) = &self.terms else {
            return;
        };
        let may_change =
            self.cancel_asked || matches!(terms.policy.delivery(), Delivery::Acknowledged { .. });
        if let (Some(yes), Some(no)) = (self.first_paid, self.first_not_paid)
            && !may_change
        {
            let (yes, no) = (yes.told_at, no.told_at);
            self.blame(format!(
                "promise 1: told paid at {yes} and not paid at {no}"
            ));
        }
    }

    fn blame(&mut self, what: String) {
        self.wrong.push(what);
    }

    /// What is wrong with it at the end, when everything is at rest.
    pub(crate) fn verdict(&self, ledger: Option<&Account>) -> Vec<String> {
        let mut wrong = self.wrong.clone();
        let net_minor = ledger.map_or(0, Account::net_minor);
        let sent = ledger.map(|account| account.sent).unwrap_or_default();
        match &self.last {
            Some(Ok(said)) => wrong.extend(disagreement(said, net_minor, self.asked_minor())),
            // Never begun: 404, 409 and 503 for ever.
            Some(Err(problem)) => {
                if sent.pays > 0 || net_minor != 0 {
                    wrong.push(format!("promise 4: told {problem:?}, yet a pay was sent"));
                }
                if self.accepted && matches!(problem, Problem::Unknown | Problem::AskAgain) {
                    wrong.push(format!("promise 4: accepted, then {problem:?}"));
                }
            }
            None => wrong.push("nobody ever looked".to_owned()),
        }
        if self.cancel_taken && self.sold() {
            wrong.push("rule K5: a cancel was taken, and the sale stands".to_owned());
        }
        if self.acknowledged && !self.cancel_asked && !self.sold() {
            wrong.push("rule K6b: acknowledged by 2xx, and the sale was reversed".to_owned());
        }
        if net_minor < 0 {
            wrong.push(format!("more was given back than charged: {net_minor}"));
        }
        if let (Some(terms), Some(ledger)) = (&self.terms, ledger) {
            wrong.extend(self.calls(terms, ledger));
        }
        wrong
    }

    /// What Alipay saw leave for it that should not have.
    fn calls(&self, terms: &Terms, ledger: &Account) -> Vec<String> {
        let mut wrong = Vec::new();
        let sent = ledger.sent;
        if sent.pays > 1 {
            let pays = sent.pays;
            wrong.push(format!("decision 2: {pays} pays sent under one key"));
        }
        let latest_pay_at = terms.last_begin_at().plus_ms(STALL_MS);
        if sent.last_pay_at.is_some_and(|at| at > latest_pay_at) {
            wrong.push("decision 3: a pay was sent after the last begin".to_owned());
        }
        if sent.cancel_after_refund {
            wrong.push("decision 6: a cancel after a refund".to_owned());
        }
        let odd = ledger.temper.other_amount || ledger.temper.lies;
        if let Some((at, inquiries)) = sent.first_cancel
            && !self.cancel_asked
            && self.hang_ups == 0
            && !odd
            && at < terms.close_at().plus_ms(-STALL_MS)
            && inquiries < terms.policy.inquiries_max()
        {
            wrong.push(format!(
                "rule A10: cancelled at {at}, after {inquiries} inquiries"
            ));
        }
        wrong
    }

    fn asked_minor(&self) -> i64 {
        self.terms
            .as_ref()
            .map_or(0, |terms| terms.amount.amount_minor())
    }

    /// What is wrong where every release must have been told, or taken back: it stands as paid, and
    /// its only till had hung up (K6b). Where two did, each door may count on the other's (ADR 44).
    pub(crate) fn untold(&self) -> Option<String> {
        let (Some(terms), Some(said)) = (&self.terms, self.first_paid) else {
            return None;
        };
        let latest_at = terms.last_release_at().plus_ms(UNTOLD_MS);
        let by_itself = terms.policy.delivery() == Delivery::Off;
        let counted_on = self.hang_ups > 1;
        (self.sold() && !by_itself && !counted_on && said.told_at > latest_at).then(|| {
            let at = said.told_at;
            format!("rule K6b: paid, and nobody was told before {at}")
        })
    }

    /// Whether any door ever told it paid.
    pub(crate) fn ever_told_paid(&self) -> bool {
        self.first_paid.is_some()
    }

    /// Whether it counts as sold in the end.
    pub(crate) fn sold(&self) -> bool {
        matches!(&self.last, Some(Ok(said)) if said.told.outcome == Outcome::Paid)
    }
}

fn disagreement(said: &Said, net_minor: i64, asked_minor: i64) -> Option<String> {
    let status = said.told.status;
    match said.told.outcome {
        Outcome::Paid if net_minor != asked_minor => Some(format!(
            "promise 3: told paid, and the customer is charged {net_minor} of {asked_minor}"
        )),
        Outcome::NotPaid if net_minor != 0 => Some(format!(
            "promise 3: told {}, and the customer is charged {net_minor}",
            status.code()
        )),
        Outcome::NotPaid if matches!(status, Status::Closing | Status::NeedsAttention) => {
            Some(format!("it never ends: {}", status.code()))
        }
        Outcome::Pending => Some("it is pending for ever".to_owned()),
        Outcome::Paid | Outcome::NotPaid => None,
    }
}
