//! The loop: what is owed? Make that call, or sleep until that instant, or rest. There is no
//! recovery code: after a crash the sweep asks the same question.

use crate::call::{Caller, Intended};
use crate::record::{RecordError, Recorder, Written};
use crate::{Crew, Journal, Skew, Wire};
use chassis::clock::Clock;
use fleet::{Leases, News};
use payment::{Call, Fact, Input, Order, OrderId, PaymentCode, PaymentId, Terms, Timestamp, Todo};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Drives orders: takes inputs in, and does what they then owe.
#[derive(Clone)]
pub struct Driver<J, W> {
    caller: Caller<J, W>,
    crew: Crew,
}

impl<J: Journal, W: Wire> Driver<J, W> {
    /// A driver over these seams.
    pub fn new(
        journal: J,
        wire: W,
        fleet: (Leases, News),
        clock: Arc<dyn Clock>,
        skew: Skew,
        crew: Crew,
    ) -> Self {
        let (leases, news) = fleet;
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
            if let Err(error) = driver.caller.make(intended).await {
                tracing::error!(payment.id = %payment, %error, "the answer to pay was not recorded");
            }
            driver.wake(order);
        });
        Ok(())
    }

    /// Drives one order until it owes nothing, or the process stops.
    pub(crate) async fn drive(self, id: OrderId, bell: Arc<Notify>) {
        loop {
            self.crew.looking(id);
            match self.step(id, &bell).await {
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

    async fn step(&self, id: OrderId, bell: &Notify) -> Result<Step, RecordError> {
        let order = self.recorder().load(id).await?;
        match payment::due(&order, self.recorder().now()) {
            Todo::Call { payment, call } => {
                self.call(id, order, payment, call).await?;
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

    async fn call(
        &self,
        id: OrderId,
        order: Order,
        payment: PaymentId,
        call: Call,
    ) -> Result<(), RecordError> {
        let decided: Instant = self.recorder().clock.monotonic();
        let Some(written) = self.recorder().begin(id, order, payment, call).await? else {
            return Ok(());
        };
        let Some((number, call)) = begun(&written, payment) else {
            return Ok(());
        };
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
