//! The two seams between the driver and the world: the journal and Alipay. Production fills them
//! with `store` and `alipay`, the simulation with seeded twins. Clock, leases and news are
//! `chassis`' and `fleet`'s own.

use crate::Shelf;
use alipay::{Asked, Within};
use payment::{Ask, MerchantId, PaymentId, Refusal, Timestamp};
use std::future::Future;
use store::{Behind, Error, Forgotten, Histories, Receipt, ReceiptState, Store, WakeUp};

/// Where orders are remembered, and what a worker reads besides.
pub trait Journal: Histories + Clone + 'static {
    /// Where commands are put aside.
    type Shelf: Shelf;

    /// The shelf beside this journal.
    fn shelf(&self) -> Self::Shelf;

    /// Now, by the one clock that all workers on this journal share; `None` where there is only
    /// one worker.
    ///
    /// # Errors
    /// `Error::Unavailable`.
    fn shared_clock(&self) -> impl Future<Output = Result<Option<Timestamp>, Error>> + Send;

    /// The orders whose wake-up is `at` or earlier, longest overdue first.
    ///
    /// # Errors
    /// Those of `Store::wake_ups_before`.
    fn wake_ups_before(
        &self,
        at: Timestamp,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<WakeUp>, Error>> + Send;

    /// Requests taken before `before` that no command followed yet (X16), from behind a place on.
    ///
    /// # Errors
    /// Those of `Store::forgotten_receipts`.
    fn forgotten_receipts(
        &self,
        before: Timestamp,
        behind: Behind,
        limit: u32,
    ) -> impl Future<Output = Result<Forgotten, Error>> + Send;

    /// What was answered to the request for this payment.
    ///
    /// # Errors
    /// Those of `Store::receipt`.
    fn receipt(
        &self,
        payment: PaymentId,
    ) -> impl Future<Output = Result<Option<Receipt>, Error>> + Send;

    /// Refuses a request that is still pending; what it returns holds.
    ///
    /// # Errors
    /// Those of `Store::refuse_receipt`.
    fn refuse_receipt(
        &self,
        payment: PaymentId,
    ) -> impl Future<Output = Result<ReceiptState, Error>> + Send;

    /// Declines a request that is still pending; what it returns holds.
    ///
    /// # Errors
    /// Those of `Store::decline_receipt`.
    fn decline_receipt(
        &self,
        payment: PaymentId,
        refusal: Refusal,
    ) -> impl Future<Output = Result<ReceiptState, Error>> + Send;
}

impl Journal for Store {
    type Shelf = Self;

    fn shelf(&self) -> Self {
        self.clone()
    }

    async fn shared_clock(&self) -> Result<Option<Timestamp>, Error> {
        Self::shared_clock(self).await
    }

    async fn wake_ups_before(&self, at: Timestamp, limit: u32) -> Result<Vec<WakeUp>, Error> {
        Self::wake_ups_before(self, at, limit).await
    }

    async fn forgotten_receipts(
        &self,
        before: Timestamp,
        behind: Behind,
        limit: u32,
    ) -> Result<Forgotten, Error> {
        Self::forgotten_receipts(self, before, behind, limit).await
    }

    async fn receipt(&self, payment: PaymentId) -> Result<Option<Receipt>, Error> {
        Self::receipt(self, payment).await
    }

    async fn refuse_receipt(&self, payment: PaymentId) -> Result<ReceiptState, Error> {
        Self::refuse_receipt(self, payment).await
    }

    async fn decline_receipt(
        &self,
        payment: PaymentId,
        refusal: Refusal,
    ) -> Result<ReceiptState, Error> {
        Self::decline_receipt(self, payment, refusal).await
    }
}

/// The line to Alipay. Infallible: whatever breaks is an `Answer::Lost`.
pub trait Wire: Clone + Send + Sync + 'static {
    /// Asks on a merchant's behalf and waits no longer than it may take.
    fn ask(
        &self,
        merchant: &MerchantId,
        ask: &Ask,
        now: Timestamp,
        within: Within,
    ) -> impl Future<Output = Asked> + Send;
}
