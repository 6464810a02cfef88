//! The loop: what is owed? Make that call, or sleep until that instant, or rest. There is no
//! recovery code: after a crash the sweep asks the same question.

use crate::call::{Caller, Intended};
use crate::record::{RecordError, Recorder, Written};
use crate::{Crew, Journal, Skew, Wire};
use chassis::clock::Clock;
use fleet::{Budget, Leases, News, Permit};
use payment::{Call, Fact, Input, Order, OrderId, PaymentCode, PaymentId, Terms, Timestamp, Todo};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// How long an inquiry waits for budget before its order is looked at again. It loses nothing: a
/// place in the budget's queue goes by deadline.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Drives orders: takes inputs in, and does what they then owe.
#[derive(Clone)]
pub struct Driver<J, W> {
    caller: Caller<J, W>,
    budget: Budget,
    crew: Crew,
}

impl<J: Journal, W: Wire> Driver<J, W> {
    /// A driver over these seams.
    pub fn new(
        journal: J,
        wire: W,
        fleet: (Leases, News, Budget),
        clock: Arc<dyn Clock>,
        skew: Skew,
        crew: Crew,
    ) -> Self {
        let (leases, news, budget) = fleet;
        let recorder = Recorder {
            journal,
            leases,
            news,
            clock,
        };
        Self {
            caller: Caller {
                recorder,
                wire,
                skew,
            },
            budget,
            crew,
        }
    }

    /// Has someone look what this order owes.
    pub fn wake(&self, order: OrderId) {
        self.crew.wake(self, order);
    }

    /// Everyone at work under this driver.
    pub fn crew(&self) -> &Crew {
        &self.crew
    }

    pub(crate) fn recorder(&self) -> &Recorder<J> {
        &self.caller.recorder
    }

    /// Takes an input in, and has someone look what is owed after it.
    ///
    /// # Errors
    /// [`RecordError`]; waiting would not help.
    pub async fn take_in(&self, order: OrderId, input: Input) -> Result<(), RecordError> {
        let written = self.recorder().record(order, None, input).await?;
        if !written.events.is_empty() {
            self.wake(order);
        }
        Ok(())
    }

    /// Takes the merchant's command in. When this returns, the payment exists and its pay is
    /// written down, or never will be; the code is needed no more than for the one call that
    /// goes on from here (decision 2).
    ///
    /// # Errors
    /// [`RecordError`]; waiting would not help.
    pub async fn pay(&self, terms: Terms, code: PaymentCode) -> Result<(), RecordError> {
        let order = terms.order();
        let payment = terms.payment();
        let decided = self.recorder().clock.monotonic();
        let input = Input::Pay(Box::new(terms));
        let written = self.recorder().record(order, None, input).await?;
        let Some((number, Call::Pay)) = begun(&written, payment) else {
            self.wake(order);
            return Ok(());
        };
        let intended = Intended {
            id: order,
            order: written.order,
            payment,
            number,
            call: Call::Pay,
            code: Some(code),
            decided,
        };
        let driver = self.clone();
        self.crew.spawn(async move {
            match driver.caller.make(intended).await {
                Ok(written) => driver.crew.wake_knowing(&driver, order, Some(written.order)),
                Err(error) => {
                    tracing::error!(payment.id = %payment, %error, "the answer to pay was not recorded");
                    driver.wake(order);
                }
            }
        });
        Ok(())
    }

    /// Drives one order until it owes nothing, or the process stops. As `known` it may have been
    /// overtaken: then what is decided on it comes to a conflict, as on one that was just read.
    pub(crate) async fn drive(self, id: OrderId, bell: Arc<Notify>, mut known: Option<Order>) {
        loop {
            self.crew.looking(id);
            match self.step(id, &bell, known.take()).await {
                Ok(Step::Again) => {}
                Ok(Step::Rest) if !self.crew.leave(id) => {}
                Ok(Step::Rest) => return,
                Err(error) => {
                    tracing::error!(order.id = %id, %error, "the order can't be driven");
                    self.crew.leave(id);
                    return;
                }
            }
            if self.crew.is_stopping() {
                self.crew.leave(id);
                return;
            }
        }
    }

    async fn step(
        &self,
        id: OrderId,
        bell: &Notify,
        known: Option<Order>,
    ) -> Result<Step, RecordError> {
        let order = match known {
            Some(known) => known,
            None => self.recorder().load(id).await?,
        };
        match payment::due(&order, self.recorder().now()) {
            Todo::Call {
                payment,
                call: Call::Inquire,
            } => {
                // Before the intention is written down: what waits here is nobody's call yet.
                if let Some(permit) = self.may_inquire(&order, payment, bell).await {
                    self.call(id, order, (payment, Call::Inquire), Some(permit))
                        .await?;
                }
                Ok(Step::Again)
            }
            // These never wait for budget (decision 17).
            Todo::Call {
                payment,
                call: call @ (Call::Pay | Call::Cancel | Call::Refund { .. }),
            } => {
                self.call(id, order, (payment, call), None).await?;
                Ok(Step::Again)
            }
            Todo::WakeAt(at) => {
                tokio::select! {
                    // In this order, so that a simulated run can be run again.
                    biased;
                    () = tokio::time::sleep(self.until(at)) => {}
                    () = bell.notified() => {}
                    () = self.crew.stopping() => {}
                }
                Ok(Step::Again)
            }
            Todo::Rest => Ok(Step::Rest),
        }
    }

    /// Leave to inquire; nothing if something else may be owed by now: something came in, the
    /// close instant passed, or it took long. The attempt that closes next is served first.
    async fn may_inquire(
        &self,
        order: &Order,
        payment: PaymentId,
        bell: &Notify,
    ) -> Option<Permit> {
        let close_at = order.attempt(payment)?.terms.close_at();
        let patience = match self.until(close_at) {
            Duration::ZERO => LOOK_AGAIN,
            left => left.min(LOOK_AGAIN),
        };
        tokio::select! {
            // In this order, so that a simulated run can be run again.
            biased;
            permit = self.budget.acquire(close_at) => Some(permit),
            () = bell.notified() => None,
            () = self.crew.stopping() => None,
            () = tokio::time::sleep(patience) => None,
        }
    }

    async fn call(
        &self,
        id: OrderId,
        order: Order,
        (payment, call): (PaymentId, Call),
        permit: Option<Permit>,
    ) -> Result<(), RecordError> {
        let decided: Instant = self.recorder().clock.monotonic();
        let Some(written) = self.recorder().begin(id, order, payment, call).await? else {
            return Ok(());
        };
        let Some((number, call)) = begun(&written, payment) else {
            return Ok(());
        };
        // Not before: one that someone else made meanwhile costs nothing.
        if let Some(permit) = permit {
            permit.spend();
        }
        let intended = Intended {
            id,
            order: written.order,
            payment,
            number,
            call,
            code: None,
            decided,
        };
        self.caller.make(intended).await?;
        Ok(())
    }

    fn until(&self, at: Timestamp) -> Duration {
        let wait_ms = at.ms_since(self.recorder().now());
        Duration::from_millis(u64::try_from(wait_ms).unwrap_or(0))
    }
}

/// What a look at an order came to.
enum Step {
    /// Look again.
    Again,
    /// It owes nothing.
    Rest,
}

/// The call that these very events begin.
fn begun(written: &Written, payment: PaymentId) -> Option<(u32, Call)> {
    written.events.iter().find_map(|event| match &event.fact {
        Fact::Begun { number, call } if event.payment == payment => Some((*number, *call)),
        Fact::Begun { .. }
        | Fact::Accepted(_)
        | Fact::Refused(_)
        | Fact::CancelKept
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
