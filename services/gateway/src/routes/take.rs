//! Taking a request to pay: its receipt, an early no where the order is taken, its command. After
//! this the merchant only waits.

use super::produce::produce;
use crate::found::Found;
use crate::merchants::Merchant;
use crate::pay_request::PayRequest;
use crate::problem::{Code, Problem};
use crate::state::State;
use bus::CommandBody;
use payment::{
    Event, Fact, Input, Order, PaymentId, Reference, Refusal, Terms, Timestamp, Todo, decide, due,
    evolve, mint_payment_request_id,
};
use store::{Append, NewReceipt, Receipt, ReceiptState, Taken};
use uuid::Uuid;

/// A second try with another random part; that both meet a used id can't happen.
const MINTS_MAX: u32 = 3;

/// Each conflict means that someone else got on with the order.
const DECISIONS_MAX: u32 = 16;

/// A request to pay, from whom, and under which key.
pub(super) struct Taking<'a> {
    pub(super) state: &'a State,
    pub(super) merchant: &'a Merchant,
    pub(super) reference: Reference,
    pub(super) request: PayRequest,
    pub(super) traceparent: Option<String>,
}

impl Taking<'_> {
    /// The payment that it is about.
    pub(super) fn payment(&self) -> PaymentId {
        PaymentId::of(&self.merchant.id, &self.reference)
    }

    /// Takes the request, or finds what became of it. When this returns, its payment can be
    /// waited for; where it was taken just now, it is known as it was a moment before that.
    pub(super) async fn take(&self) -> Result<Option<Found>, Problem> {
        let (receipt, is_new) = match self.receipt().await? {
            Taken::New(receipt) => (receipt, true),
            Taken::Repeat(receipt) => (self.same(receipt)?, false),
        };
        let payment = receipt.terms.payment();
        let state = match receipt.state {
            // Another door may be at it: whoever produces besides says so first.
            ReceiptState::Pending | ReceiptState::Refused if !is_new => {
                let joined = self.state.store.join_receipt(payment).await;
                joined.map_err(untouched)?
            }
            ReceiptState::Pending
            | ReceiptState::Refused
            | ReceiptState::Accepted
            | ReceiptState::Declined(_) => receipt.state,
        };
        match state {
            ReceiptState::Accepted => Ok(None),
            ReceiptState::Declined(refusal) => Err(refusal.into()),
            ReceiptState::Refused => Err(Problem::not_taken()),
            ReceiptState::Pending => {
                self.refused_early(&receipt.terms).await?;
                let taken = is_new.then(|| Found::taken(receipt.terms.clone(), self.state.now()));
                let produced = self.command(receipt.terms).await?;
                Ok(taken.filter(|_| produced == Produced::Surely))
            }
        }
    }

    async fn receipt(&self) -> Result<Taken, Problem> {
        let digest = self.request.digest();
        for _ in 0..MINTS_MAX {
            let new = NewReceipt {
                merchant: self.merchant.id.clone(),
                reference: self.reference.clone(),
                terminal: self.request.terminal.clone(),
                digest: digest.clone(),
                make_terms: |sequence| self.terms(sequence),
            };
            match self.state.store.take_receipt(new).await {
                Ok(taken) => return Ok(taken),
                Err(store::Error::RequestIdTaken) => {
                    tracing::warn!("minted a paymentRequestId that was used before");
                }
                Err(error) => return Err(untouched(error)),
            }
        }
        Err(Problem::internal(&store::Error::RequestIdTaken))
    }

    fn terms(&self, sequence: u64) -> Terms {
        let accepted_at = self.state.now();
        let (_, random) = Uuid::new_v4().as_u64_pair();
        let PayRequest {
            order,
            terminal,
            amount,
            description,
            code: _,
        } = &self.request;
        Terms {
            merchant: self.merchant.id.clone(),
            order_number: order.clone(),
            reference: self.reference.clone(),
            terminal: terminal.clone(),
            payment_request_id: mint_payment_request_id(
                accepted_at,
                terminal,
                *amount,
                sequence,
                random,
            ),
            amount: *amount,
            description: description.clone(),
            accepted_at,
            policy: self.merchant.policy.clone(),
        }
    }

    /// X18: the key belongs to the first request it came with.
    fn same(&self, receipt: Receipt) -> Result<Receipt, Problem> {
        if receipt.digest == self.request.digest() {
            return Ok(receipt);
        }
        Err(Problem::new(
            Code::IdempotencyKeyReused,
            "This Idempotency-Key came before with another body. Repeat that body to learn its \
             outcome, or use a new key for a new attempt (a fresh code is a new attempt).",
        ))
    }

    /// Says no at once where the order can't take the payment, and writes that no down, so that a
    /// late copy of the request hears it too and never pays (X19, X20, decision 12).
    async fn refused_early(&self, terms: &Terms) -> Result<(), Problem> {
        let order_id = terms.order();
        for _ in 0..DECISIONS_MAX {
            let order = self.state.store.load(order_id).await?;
            let now = self.state.now();
            let events = decide(&order, Input::Pay(Box::new(terms.clone())), now)?;
            let Some(refusal) = refusal_in(&events) else {
                return Ok(());
            };
            let expected_version = order.version;
            let after = events.iter().fold(order, evolve);
            let append = Append {
                order: order_id,
                expected_version,
                events: &events,
                after: &after,
                wake_at: wake_at(&after, now),
                partition: bus::partition_of(order_id),
            };
            match self.state.store.append(append).await {
                Ok(()) => return Err(refusal.into()),
                Err(store::Error::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(store::Error::Conflict.into())
    }

    /// The command, or nothing at all: when it can't be produced the receipt is refused before a
    /// 503 leaves, and whoever is second obeys (decision 11, X15). A door that is not alone does
    /// not refuse: if nobody's command comes, the sweep ends the request as not paid (X16).
    async fn command(&self, terms: Terms) -> Result<Produced, Problem> {
        let payment = terms.payment();
        let body = CommandBody::Pay {
            terms: Box::new(terms.clone()),
            code: self.request.code.clone(),
        };
        let produced = produce(self.state, &terms, self.traceparent.clone(), body).await;
        if produced.is_ok() {
            return Ok(Produced::Surely);
        }
        match self.state.store.refuse_receipt_alone(payment).await? {
            // The record was written all the same and someone has worked on it, or another door
            // is at it.
            ReceiptState::Accepted | ReceiptState::Pending => Ok(Produced::Perhaps),
            ReceiptState::Declined(refusal) => Err(refusal.into()),
            ReceiptState::Refused => {
                self.state.news.tell(payment);
                Err(Problem::not_taken())
            }
        }
    }
}

/// Whether the command is on the bus.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Produced {
    Surely,
    /// By this door or another: the payment has to be read.
    Perhaps,
}

/// What is said where this request has written nothing yet.
fn untouched(error: store::Error) -> Problem {
    match error {
        store::Error::Busy(_) => {
            tracing::warn!(%error, "a request was turned away: its receipt could not be written");
            Problem::busy()
        }
        store::Error::Conflict
        | store::Error::ReceiptRefused
        | store::Error::RequestIdTaken
        | store::Error::Unavailable(_)
        | store::Error::Corrupt(_) => error.into(),
    }
}

fn refusal_in(events: &[Event]) -> Option<Refusal> {
    events.iter().find_map(|event| match event.fact {
        Fact::Refused(refusal) => Some(refusal),
        Fact::Accepted(_)
        | Fact::CancelKept
        | Fact::Begun { .. }
        | Fact::Answered { .. }
        | Fact::Noticed(_)
        | Fact::Approved(_)
        | Fact::Released
        | Fact::Acknowledged
        | Fact::CancelRequested
        | Fact::CloseBegun(_)
        | Fact::Ended(_)
        | Fact::AttentionRaised
        | Fact::Alarmed(_) => None,
    })
}

/// The order's other payments go on owing what they owed.
fn wake_at(order: &Order, now: Timestamp) -> Option<Timestamp> {
    match due(order, now) {
        Todo::Call { .. } => Some(now),
        Todo::WakeAt(at) => Some(at),
        Todo::Rest => None,
    }
}
