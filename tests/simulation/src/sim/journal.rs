//! The journal as one process reaches it: slow, away for a while, silent about what it has written,
//! or full of conflicts.

use super::process::Process;
use super::world::{World, pass};
use orchestrator::{Journal, MemoryShelf};
use payment::{
    Call, CloseReason, Event, Fact, MerchantId, Order, OrderId, PaymentId, Refusal, Stage, Terms,
    Timestamp, View,
};
use sale::Records;
use std::sync::Arc;
use store::{
    Append, Behind, Corruption, Error, Forgotten, Histories, NewReceipt, Receipt, ReceiptState,
    Recorded, Taken, WakeUp,
};

/// One process's way to the journal.
#[derive(Clone)]
pub(crate) struct SimJournal(pub(crate) Arc<Process>);

/// An append that holds positions; whoever lets go of it before its end has written nothing.
struct Open {
    by: Arc<Process>,
    first: i64,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.by.world.rows().timeline.end(self.first);
    }
}

fn away() -> Error {
    Error::Unavailable(std::io::Error::other("the journal is away").into())
}

impl SimJournal {
    fn world(&self) -> &World {
        &self.0.world
    }

    /// The way there: it may take long, and lead nowhere.
    pub(crate) async fn reach(&self) -> Result<(), Error> {
        self.0.gate().await;
        let world = self.world();
        world.tarry(world.plan.journal.slow_ms).await;
        self.0.gate().await;
        if world.journal_is_away() || world.fails(world.plan.journal.away) {
            return Err(away());
        }
        Ok(())
    }

    /// Whether this process can read what stands of this order.
    fn can_read(&self, order: OrderId) -> Result<(), Error> {
        if self.0.is_old && self.world().rows().is_newer(order) {
            return Err(Error::Newer(Corruption {
                place: order.to_string(),
                reason: "a later release wrote it".to_owned(),
            }));
        }
        Ok(())
    }

    /// Now and then what a process of the later release writes can't be read by the earlier.
    fn note_newer(&self, order: OrderId) {
        let world = self.world();
        if world.plan.mixed && !self.0.is_old && world.fails_aside(100) {
            world.rows().mark_newer(order);
        }
    }

    /// The way back: a process that is stopped or killed now does not learn what it did.
    pub(crate) async fn back<T>(&self, result: T) -> Result<T, Error> {
        let unheard = self.world().fails(self.world().plan.journal.unheard);
        self.0.gate().await;
        if unheard { Err(away()) } else { Ok(result) }
    }

    /// An append from its first write to its commit. In some worlds that takes a while, and others
    /// overtake it.
    async fn commit(&self, append: &Append<'_>) -> Result<(), Error> {
        let world = self.world();
        let first = world.rows().timeline.begin(&self.0, append.events.len());
        let open = Open {
            by: Arc::clone(&self.0),
            first,
        };
        if world.fails_aside(world.plan.commit_late) {
            pass(world.side_dice.wait_ms(world.plan.commit_ms)).await;
            self.0.gate().await;
        }
        let now = world.now();
        let appended = world.rows().append(append, first, &world.met, now);
        drop(open);
        appended
    }

    /// Which hard case a conflict is.
    fn note_conflict(&self, append: &Append<'_>) {
        let now = self.world().rows().order(append.order);
        let met = &self.world().met;
        for event in append.events {
            let Some(attempt) = now.attempt(event.payment) else {
                continue;
            };
            let approved = matches!(attempt.stage, Stage::Approved | Stage::Paid { .. });
            match &event.fact {
                Fact::Approved(_) if approved => met.x(6),
                Fact::Begun {
                    call: Call::Cancel, ..
                } => met.x(13),
                Fact::Released if matches!(attempt.stage, Stage::Closing(_)) => met.x(24),
                Fact::CloseBegun(CloseReason::Undelivered) if approved => met.x(24),
                Fact::Begun { .. }
                | Fact::Approved(_)
                | Fact::Released
                | Fact::CloseBegun(_)
                | Fact::Accepted(_)
                | Fact::CancelKept
                | Fact::Answered { .. }
                | Fact::Noticed(_)
                | Fact::Retold
                | Fact::Acknowledged
                | Fact::CancelRequested
                | Fact::Ended(_)
                | Fact::AttentionRaised
                | Fact::Resolved(_)
                | Fact::Alarmed(_) => {}
            }
        }
    }

    /// A close-out that no worker began, since none runs: a door wrote it before it said `not_paid`.
    fn note_lapse(&self, append: &Append<'_>) {
        let lapse = |event: &Event| {
            event.fact == Fact::CloseBegun(CloseReason::NoResult)
                || event.fact == Fact::CloseBegun(CloseReason::Undelivered)
        };
        if append.events.iter().any(lapse) && !self.world().any_worker_runs() {
            self.world().met.x(25);
        }
    }
}

impl Histories for SimJournal {
    async fn load(&self, order: OrderId) -> Result<Order, Error> {
        self.reach().await?;
        self.can_read(order)?;
        let loaded = self.world().rows().order(order);
        self.0.gate().await;
        Ok(loaded)
    }

    async fn append(&self, append: Append<'_>) -> Result<(), Error> {
        self.reach().await?;
        if self.world().fails(self.world().plan.journal.conflict) {
            return Err(Error::Conflict);
        }
        let appended = self.commit(&append).await;
        match appended {
            Ok(()) => {
                let begun = |event: &Event| matches!(event.fact, Fact::Begun { .. });
                let stops = self.world().plan.journal.stops;
                self.note_lapse(&append);
                self.note_newer(append.order);
                if append.events.iter().any(begun) && self.world().fails(stops) {
                    self.0.stop_for(self.world().dice.wait_ms(90_000));
                    self.world().met.x(12);
                }
            }
            Err(Error::Conflict) => self.note_conflict(&append),
            Err(
                Error::ReceiptRefused
                | Error::RequestIdTaken
                | Error::Newer(_)
                | Error::Corrupt(_)
                | Error::Busy(_)
                | Error::Unavailable(_),
            ) => {}
        }
        self.back(appended).await?
    }
}

impl Journal for SimJournal {
    type Shelf = MemoryShelf;

    // Every record here can be read; what dies is buried here.
    fn shelf(&self) -> MemoryShelf {
        self.world().rows().shelf.clone()
    }

    async fn shared_clock(&self) -> Result<Option<Timestamp>, Error> {
        self.reach().await?;
        Ok(Some(self.world().now()))
    }

    async fn wake_ups_before(&self, at: Timestamp, limit: u32) -> Result<Vec<WakeUp>, Error> {
        self.reach().await?;
        let world = self.world();
        if world.fails(world.plan.journal.wake_ups_missed) {
            return Ok(Vec::new());
        }
        Ok(world.rows().wake_ups_before(at, limit))
    }

    async fn forgotten_receipts(
        &self,
        before: Timestamp,
        _behind: Behind,
        limit: u32,
    ) -> Result<Forgotten, Error> {
        self.reach().await?;
        Ok(Forgotten {
            receipts: self.world().rows().forgotten(before, limit),
            ..Forgotten::default()
        })
    }

    async fn receipt(&self, payment: PaymentId) -> Result<Option<Receipt>, Error> {
        self.reach().await?;
        Ok(self.world().rows().receipt(payment).cloned())
    }

    async fn refuse_receipt(&self, payment: PaymentId) -> Result<ReceiptState, Error> {
        self.reach().await?;
        let state = self.world().rows().refuse_receipt(payment, false);
        self.back(state).await
    }

    async fn decline_receipt(
        &self,
        payment: PaymentId,
        refusal: Refusal,
    ) -> Result<ReceiptState, Error> {
        self.decline(payment, refusal).await
    }
}

impl SimJournal {
    async fn decline(&self, payment: PaymentId, refusal: Refusal) -> Result<ReceiptState, Error> {
        self.reach().await?;
        let world = self.world();
        let state = world.rows().decline_receipt(payment, refusal, &world.met);
        self.back(state).await
    }
}

impl Records for SimJournal {
    async fn decline_receipt(
        &self,
        payment: PaymentId,
        refusal: Refusal,
    ) -> Result<ReceiptState, Error> {
        self.decline(payment, refusal).await
    }

    async fn payment(
        &self,
        merchant: &MerchantId,
        payment: PaymentId,
    ) -> Result<Option<View>, Error> {
        self.reach().await?;
        let view = self.world().rows().view(merchant, payment);
        if let Some(view) = &view {
            self.can_read(view.terms.order())?;
        }
        self.0.gate().await;
        Ok(view)
    }

    async fn payments(&self, payments: &[PaymentId]) -> Result<Vec<View>, Error> {
        self.reach().await?;
        let world = self.world();
        let rows = world.rows();
        let views = payments.iter().filter_map(|payment| {
            let merchant = rows.receipt(*payment)?.terms.merchant.clone();
            rows.view(&merchant, *payment)
        });
        Ok(views.collect())
    }

    async fn history(&self, order: OrderId, payment: PaymentId) -> Result<Vec<Recorded>, Error> {
        self.reach().await?;
        let all = self.world().rows().events_after(0, usize::MAX);
        let of_payment =
            |recorded: &Recorded| recorded.order == order && recorded.event.payment == payment;
        Ok(all.into_iter().filter(of_payment).collect())
    }

    async fn receipt(&self, payment: PaymentId) -> Result<Option<Receipt>, Error> {
        Journal::receipt(self, payment).await
    }

    async fn take_receipt<F>(&self, new: NewReceipt<F>) -> Result<Taken, Error>
    where
        F: FnOnce(u64) -> Terms + Send,
    {
        self.reach().await?;
        let taken = self.world().rows().take_receipt(new);
        self.back(taken).await
    }

    async fn join_receipt(&self, payment: PaymentId) -> Result<ReceiptState, Error> {
        self.reach().await?;
        let state = self.world().rows().join_receipt(payment);
        if state == ReceiptState::Pending {
            self.world().met.x(16);
        }
        self.back(state).await
    }

    async fn refuse_receipt_alone(&self, payment: PaymentId) -> Result<ReceiptState, Error> {
        self.reach().await?;
        let state = self.world().rows().refuse_receipt(payment, true);
        self.back(state).await
    }
}
