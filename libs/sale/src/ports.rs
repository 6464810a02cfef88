//! What the merchant's side needs of the store. The store is the real one; the simulation has its
//! own.

use payment::{MerchantId, OrderId, PaymentId, Refusal, Terms, View};
use std::future::Future;
use store::{Error, Histories, NewReceipt, Receipt, ReceiptState, Recorded, Store, Taken};

/// Where requests, payments and their histories are remembered.
pub trait Records: Histories + Clone + 'static {
    /// The payment as it stands; `None` if there is none, or if it is another merchant's.
    ///
    /// # Errors
    /// Those of [`Store::payment`].
    fn payment(
        &self,
        merchant: &MerchantId,
        payment: PaymentId,
    ) -> impl Future<Output = Result<Option<View>, Error>> + Send;

    /// These payments as they stand; one that is not there, or can't be read, is left out.
    ///
    /// # Errors
    /// Those of [`Store::payments`].
    fn payments(
        &self,
        payments: &[PaymentId],
    ) -> impl Future<Output = Result<Vec<View>, Error>> + Send;

    /// The payment's events, oldest first.
    ///
    /// # Errors
    /// Those of [`Store::history`].
    fn history(
        &self,
        order: OrderId,
        payment: PaymentId,
    ) -> impl Future<Output = Result<Vec<Recorded>, Error>> + Send;

    /// What is known of this payment's request.
    ///
    /// # Errors
    /// Those of [`Store::receipt`].
    fn receipt(
        &self,
        payment: PaymentId,
    ) -> impl Future<Output = Result<Option<Receipt>, Error>> + Send;

    /// Takes a request to pay, or says what became of the one before under this key.
    ///
    /// # Errors
    /// Those of [`Store::take_receipt`].
    fn take_receipt<F>(
        &self,
        new: NewReceipt<F>,
    ) -> impl Future<Output = Result<Taken, Error>> + Send
    where
        F: FnOnce(u64) -> Terms + Send;

    /// Declines a pending request: its order takes no payment.
    ///
    /// # Errors
    /// Those of [`Store::decline_receipt`].
    fn decline_receipt(
        &self,
        payment: PaymentId,
        refusal: Refusal,
    ) -> impl Future<Output = Result<ReceiptState, Error>> + Send;

    /// Joins a pending request whose command is to be produced again.
    ///
    /// # Errors
    /// Those of [`Store::join_receipt`].
    fn join_receipt(
        &self,
        payment: PaymentId,
    ) -> impl Future<Output = Result<ReceiptState, Error>> + Send;

    /// Refuses a pending request, unless another door joined it.
    ///
    /// # Errors
    /// Those of [`Store::refuse_receipt_alone`].
    fn refuse_receipt_alone(
        &self,
        payment: PaymentId,
    ) -> impl Future<Output = Result<ReceiptState, Error>> + Send;
}

impl Records for Store {
    async fn payment(
        &self,
        merchant: &MerchantId,
        payment: PaymentId,
    ) -> Result<Option<View>, Error> {
        Self::payment(self, merchant, payment).await
    }

    async fn payments(&self, payments: &[PaymentId]) -> Result<Vec<View>, Error> {
        Self::payments(self, payments).await
    }

    async fn history(&self, order: OrderId, payment: PaymentId) -> Result<Vec<Recorded>, Error> {
        Self::history(self, order, payment, 0).await
    }

    async fn receipt(&self, payment: PaymentId) -> Result<Option<Receipt>, Error> {
        Self::receipt(self, payment).await
    }

    async fn take_receipt<F>(&self, new: NewReceipt<F>) -> Result<Taken, Error>
    where
        F: FnOnce(u64) -> Terms + Send,
    {
        Self::take_receipt(self, new).await
    }

    async fn decline_receipt(
        &self,
        payment: PaymentId,
        refusal: Refusal,
    ) -> Result<ReceiptState, Error> {
        Self::decline_receipt(self, payment, refusal).await
    }

    async fn join_receipt(&self, payment: PaymentId) -> Result<ReceiptState, Error> {
        Self::join_receipt(self, payment).await
    }

    async fn refuse_receipt_alone(&self, payment: PaymentId) -> Result<ReceiptState, Error> {
        Self::refuse_receipt_alone(self, payment).await
    }
}
