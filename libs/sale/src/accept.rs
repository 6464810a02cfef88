//! Accepting a request to pay: its receipt, an early no where the order is taken, its command.
//! After this the merchant only waits.

use crate::{Error, Records, Sales, Snapshot};
use bus::CommandBody;
use payment::{
    Input, MerchantId, Money, OrderNumber, PaymentCode, PaymentId, Policy, Reference, TerminalId,
    Terms, decide, mint_payment_request_id,
};
use store::{NewReceipt, Receipt, ReceiptState, Taken};

/// A second try with another random part; that both meet a used id can't happen.
const MINTS_MAX: u32 = 3;

/// A merchant's request to pay, and the key it came under.
#[derive(Clone, Debug)]
pub struct NewSale {
    /// The merchant.
    pub merchant: MerchantId,
    /// The policy that the merchant sells on.
    pub policy: Policy,
    /// The merchant's name of this attempt: its `Idempotency-Key`.
    pub reference: Reference,
    /// The merchant's number of the order.
    pub order: OrderNumber,
    /// The till.
    pub terminal: TerminalId,
    /// The amount to pay.
    pub amount: Money,
    /// What the customer reads in the wallet.
    pub description: String,
    /// The scanned code.
    pub code: PaymentCode,
    /// A digest of the request: another digest under the same key is another request (X18).
    pub digest: String,
    /// The W3C trace context that the request came in.
    pub traceparent: Option<String>,
}

impl NewSale {
    /// The payment that the request is about.
    pub fn payment(&self) -> PaymentId {
        PaymentId::of(&self.merchant, &self.reference)
    }
}

/// Whether the command is on the bus.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Produced {
    Surely,
    /// By this door or another: the payment has to be read.
    Perhaps,
}

impl<R: Records> Sales<R> {
    /// Accepts the request, or finds what became of it. When this returns, its payment can be
    /// waited for; where it was accepted just now, it is known as it was a moment before that. A
    /// caller that goes away takes nothing back: receipt, refusal and command are finished,
    /// and `turn` is held for as long.
    ///
    /// # Errors
    /// [`Error::Busy`] and [`Error::NotTaken`] where the merchant should send the very same request
    /// again, [`Error::KeyReused`], [`Error::Refused`]; otherwise what failed.
    pub async fn accept<T: Send + 'static>(
        &self,
        sale: NewSale,
        turn: T,
    ) -> Result<Option<Snapshot>, Error> {
        let sales = self.clone();
        self.to_its_end(async move {
            let taken = sales.take(&sale).await;
            drop(turn);
            taken
        })
        .await
    }

    async fn take(&self, sale: &NewSale) -> Result<Option<Snapshot>, Error> {
        let (receipt, is_new) = match self.receipt(sale).await? {
            Taken::New(receipt) => (receipt, true),
            Taken::Repeat(receipt) if receipt.digest == sale.digest => (receipt, false),
            // X18: the key belongs to the first request it came with.
            Taken::Repeat(_) => return Err(Error::KeyReused),
        };
        let payment = receipt.terms.payment();
        let state = match receipt.state {
            // Another door may be at it: a door that produces besides says so first.
            ReceiptState::Pending | ReceiptState::Refused if !is_new => {
                let joined = self.records.join_receipt(payment).await;
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
            ReceiptState::Refused => Err(Error::NotTaken),
            ReceiptState::Pending => self.begin(sale, receipt, is_new).await,
        }
    }

    async fn begin(
        &self,
        sale: &NewSale,
        receipt: Receipt,
        is_new: bool,
    ) -> Result<Option<Snapshot>, Error> {
        if !self.refuse_early(&receipt.terms).await? {
            return Ok(None);
        }
        let taken = is_new.then(|| Snapshot::taken(receipt.terms.clone(), self.now()));
        let produced = self.command(sale, receipt.terms).await?;
        Ok(taken.filter(|_| produced == Produced::Surely))
    }

    async fn receipt(&self, sale: &NewSale) -> Result<Taken, Error> {
        for _ in 0..MINTS_MAX {
            let new = NewReceipt {
                merchant: sale.merchant.clone(),
                reference: sale.reference.clone(),
                terminal: sale.terminal.clone(),
                digest: sale.digest.clone(),
                make_terms: |sequence| self.terms(sale, sequence),
            };
            match self.records.take_receipt(new).await {
                Ok(taken) => return Ok(taken),
                Err(store::Error::RequestIdTaken) => {
                    tracing::warn!("minted a paymentRequestId that was used before");
                }
                Err(error) => return Err(untouched(error)),
            }
        }
        Err(store::Error::RequestIdTaken.into())
    }

    fn terms(&self, sale: &NewSale, sequence: u64) -> Terms {
        let accepted_at = self.now();
        let (_, random) = self.identities.next().as_u64_pair();
        Terms {
            merchant: sale.merchant.clone(),
            order_number: sale.order.clone(),
            reference: sale.reference.clone(),
            terminal: sale.terminal.clone(),
            payment_request_id: mint_payment_request_id(
                accepted_at,
                &sale.terminal,
                sale.amount,
                sequence,
                random,
            ),
            amount: sale.amount,
            description: sale.description.clone(),
            accepted_at,
            policy: sale.policy.clone(),
        }
    }

    /// Says no at once where the order can't take the payment, and writes that no into the receipt,
    /// so that a late copy of the request hears it too and never pays (X19, X20, decision 12).
    /// Returns whether the payment may be commanded; not so where another copy was quicker.
    async fn refuse_early(&self, terms: &Terms) -> Result<bool, Error> {
        let before = self.records.load(terms.order()).await?;
        let input = Input::Pay(Box::new(terms.clone()));
        let Err(refusal) = decide(&before, input, self.now()) else {
            return Ok(true);
        };
        let payment = terms.payment();
        match self.records.decline_receipt(payment, refusal).await? {
            ReceiptState::Declined(refusal) => {
                self.news.tell(payment);
                Err(refusal.into())
            }
            ReceiptState::Accepted | ReceiptState::Pending => Ok(false),
            ReceiptState::Refused => Err(Error::NotTaken),
        }
    }

    /// The command, or nothing at all: when it can't be produced the receipt is refused before a
    /// 503 leaves, and the second to come obeys (decision 11, X15). A door that is not alone does
    /// not refuse: if no door's command comes, the sweep ends the request as not paid (X16).
    async fn command(&self, sale: &NewSale, terms: Terms) -> Result<Produced, Error> {
        let (order, payment) = (terms.order(), terms.payment());
        let body = CommandBody::Pay {
            terms: Box::new(terms),
            code: sale.code.clone(),
        };
        let traceparent = sale.traceparent.clone();
        if self
            .produce(order, payment, traceparent, body)
            .await
            .is_ok()
        {
            return Ok(Produced::Surely);
        }
        match self.records.refuse_receipt_alone(payment).await? {
            // The record was written all the same and a worker has worked on it, or another door
            // is at it.
            ReceiptState::Accepted | ReceiptState::Pending => Ok(Produced::Perhaps),
            ReceiptState::Declined(refusal) => Err(refusal.into()),
            ReceiptState::Refused => {
                self.news.tell(payment);
                Err(Error::NotTaken)
            }
        }
    }
}

/// What is said where this request has written nothing yet.
fn untouched(error: store::Error) -> Error {
    match error {
        store::Error::Busy(_) => Error::Busy(error),
        store::Error::Conflict
        | store::Error::ReceiptRefused
        | store::Error::RequestIdTaken
        | store::Error::Unavailable(_)
        | store::Error::Newer(_)
        | store::Error::Corrupt(_) => error.into(),
    }
}
