//! A payment as a door finds it: its own view, or, before its first event, its receipt.

use crate::problem::{Code, Problem};
use crate::state::State;
use payment::{
    Charged, Input, MerchantId, Outcome, PaymentId, Refusal, Seen, Standing, Terms, Timestamp,
    Told, View, owed_before_telling, told,
};
use store::{Receipt, ReceiptState, TakeInError};

/// A payment, and whether its history has begun.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Found {
    pub(crate) view: View,
    /// The instant it is told for. A later one could make `not_paid` of what another door has
    /// released meanwhile.
    pub(crate) at: Timestamp,
    /// Its receipt was taken; no event yet.
    pub(crate) waiting: bool,
}

impl Found {
    /// What every door says of it.
    pub(crate) fn told(&self) -> Told {
        let told = told(&self.view, self.at);
        match told.outcome {
            Outcome::Pending if self.waiting => Told::accepted(),
            Outcome::Pending | Outcome::Paid | Outcome::NotPaid => told,
        }
    }

    /// Changes whenever what is told changes, with or without an event.
    pub(crate) fn etag(&self) -> String {
        let told = self.told();
        let (status, outcome) = (told.status.code(), told.outcome.code());
        format!("\"{}-{status}-{outcome}\"", self.view.version)
    }

    /// A request that was taken and has no event yet. Past its last release it is told not paid
    /// like any other (X25): its command is long too old to be begun.
    pub(crate) fn taken(terms: Terms, at: Timestamp) -> Self {
        Self {
            at,
            view: View {
                standing: Standing::Processing,
                charged: Charged::NotSeen,
                alipay_payment_id: None,
                released_at: None,
                changed_at: terms.accepted_at,
                version: 0,
                terms,
            },
            waiting: true,
        }
    }
}

/// The merchant's payment, to be looked at: an approval stays unreleased, but what the clock alone
/// would tell is written down before it is told.
///
/// A refused command is an answer too, and the same at every door (decision 12).
pub(crate) async fn look(
    state: &State,
    merchant: &MerchantId,
    payment: PaymentId,
) -> Result<Found, Problem> {
    let found = read(state, merchant, payment).await?;
    match owed_before_telling(&found.view, found.at) {
        Some(lapse @ Input::Lapse { .. }) if !found.waiting => write(state, found, lapse).await,
        Some(_) | None => Ok(found),
    }
}

/// The merchant's payment, to be handed over: where it is about to be told `paid`, that is written
/// first (decision 8). The reversal of an undelivered approval needs the same version, so one of
/// the two wins, and whatever won is what is told (X24).
pub(crate) async fn hand_over(
    state: &State,
    merchant: &MerchantId,
    payment: PaymentId,
) -> Result<Found, Problem> {
    let found = read(state, merchant, payment).await?;
    tellable(state, found).await
}

/// As [`hand_over`], for a payment that was just read.
pub(crate) async fn tellable(state: &State, found: Found) -> Result<Found, Problem> {
    match owed_before_telling(&found.view, found.at) {
        Some(input) if !found.waiting => write(state, found, input).await,
        Some(_) | None => Ok(found),
    }
}

/// Writes what a door owes before it may tell. What it wrote, or else whatever won, is what is told.
async fn write(state: &State, found: Found, input: Input) -> Result<Found, Problem> {
    let (merchant, payment) = (
        found.view.terms.merchant.clone(),
        found.view.terms.payment(),
    );
    let order = found.view.terms.order();
    let partition = bus::partition_of(order);
    match store::take_in(&state.store, order, input, found.at, partition).await {
        Ok(taken) => {
            if !taken.events.is_empty() {
                state.news.tell(payment);
            }
            if let Seen::Payment(view) = payment::view(&taken.order, payment) {
                return Ok(Found {
                    view: *view,
                    at: found.at,
                    waiting: false,
                });
            }
        }
        Err(TakeInError::Refused(refusal)) => {
            tracing::info!(payment.id = %payment, %refusal, "a door came second");
        }
        Err(TakeInError::Store(error)) => return Err(error.into()),
    }
    let again = read(state, &merchant, payment).await?;
    Ok(Found {
        at: found.at,
        ..again
    })
}

async fn read(state: &State, merchant: &MerchantId, payment: PaymentId) -> Result<Found, Problem> {
    let at = state.now();
    if let Some(view) = state.store.payment(merchant, payment).await? {
        return Ok(Found {
            view,
            at,
            waiting: false,
        });
    }
    let receipt = state.store.receipt(payment).await?;
    let receipt = receipt.filter(|receipt| receipt.terms.merchant == *merchant);
    match receipt {
        None => Err(Problem::from(Refusal::UnknownPayment)),
        Some(receipt) => of_receipt(state, merchant, receipt, at).await,
    }
}

async fn of_receipt(
    state: &State,
    merchant: &MerchantId,
    receipt: Receipt,
    at: Timestamp,
) -> Result<Found, Problem> {
    match receipt.state {
        ReceiptState::Pending => Ok(Found::taken(receipt.terms, at)),
        // Accepted between the two reads: the view is there now.
        ReceiptState::Accepted => {
            let payment = receipt.terms.payment();
            let view = state.store.payment(merchant, payment).await?;
            let view = view.ok_or_else(|| {
                Problem::internal(&format!("payment {payment} was accepted, yet has no view"))
            })?;
            Ok(Found {
                view,
                at,
                waiting: false,
            })
        }
        ReceiptState::Refused => Err(Problem::not_taken()),
        ReceiptState::Declined(refusal) => Err(Problem::from(refusal)),
    }
}

/// The merchant's payment id out of a path; anything that is not an id names no payment.
pub(crate) fn payment_id(text: &str) -> Result<PaymentId, Problem> {
    let uuid = uuid::Uuid::try_parse(text).map_err(|_| {
        Problem::new(
            Code::PaymentNotFound,
            "No payment of yours has this id. Ids look like \
             5f0c6e0e-8d0c-5d7a-9d3f-0e6f6f1f2a3b; find one with GET /v1/payments?reference=….",
        )
    })?;
    Ok(PaymentId::from_uuid(uuid))
}
