//! The loop: what is owed? Make that call, or sleep until that instant, or rest. There is no
//! recovery code: after a crash the sweep asks the same question.

use crate::call::{Caller, Intended};
use crate::crew::Summons;
use crate::record::{RecordError, Recorder, Written};
use crate::unread::Unread;
use crate::{Crew, Journal, Skew, Wire};
use chassis::clock::Clock;
use fleet::{Budget, Leases, News, Permit};
use payment::{Call, Fact, Input, Order, OrderId, PaymentCode, PaymentId, Terms, Timestamp, Todo};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// How long an inquiry waits for budget with its order in hand.
const SOON: Duration = Duration::from_millis(250);

/// How long it waits without before the order is looked at again, where nothing else is owed
/// before. It loses nothing, since a place in the budget's queue goes by deadline. Not shorter: after
/// an outage very many may wait.
const LOOK_AGAIN_MS: i64 = 120_000;

/// An inquiry of a close-out has no deadline of its own. This long after it is owed it goes before
/// the sales that began meanwhile, and not earlier: their tills are waiting.
const CLOSING_WAITS_MS: i64 = 60_000;

/// Drives orders: takes inputs in, and does what they then owe.
#[derive(Clone)]
pub struct Driver<J, W> {
    caller: Caller<J, W>,
    budget: Budget,
    crew: Crew,
    unread: Unread,
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
            unread: Unread::default(),
        }
    }

    /// Has someone look what this order owes.
    pub fn wake(&self, order: OrderId) {
        self.crew.summon(self, order, Summons::News);
    }

    /// The same of an order that waits past its instant: in its turn, and not if someone here has
    /// it in hand.
    pub(crate) fn resume(&self, order: OrderId) {
        if self.unread.has_order(order) {
            return;
        }
        self.crew.summon(self, order, Summons::Overdue);
    }

    /// Everyone at work under this driver.
    pub fn crew(&self) -> &Crew {
        &self.crew
    }

    /// What this process can't read.
    pub(crate) fn unread(&self) -> &Unread {
        &self.unread
    }

    /// Where commands are put aside.
    pub(crate) fn shelf(&self) -> J::Shelf {
        self.recorder().journal.shelf()
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
        let written = self.recorder().take(order, payment, input).await?;
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
            let summons = match driver.caller.make(intended).await {
                Ok(written) => Summons::Wrote(written.order),
                Err(error) => {
                    tracing::error!(payment.id = %payment, %error, "the answer to pay was not recorded");
                    Summons::News
                }
            };
            driver.crew.summon(&driver, order, summons);
        });
        Ok(())
    }

    /// Drives one order until it owes nothing, or the process stops. Very many may wait, so what a
    /// driver that waits holds is small: it has let the order go, and what calls is on the heap.
    pub(crate) async fn drive(self, id: OrderId, bell: Arc<Notify>, summons: Summons) {
        let (mut known, mut turn) = match summons {
            Summons::News => (None, None),
            Summons::Wrote(order) => (Some(order), None),
            Summons::Overdue => {
                let turn = self.unless_rung(self.crew.first_look(), &bell).await;
                (None, turn.flatten())
            }
        };
        let mut permit = None;
        while !self.crew.is_stopping() {
            let order = match known.take() {
                // Whoever rang since it was written, rang for what it does not hold.
                Some(known) => Ok(known),
                None => {
                    self.crew.looking(id);
                    Box::pin(self.recorder().load(id)).await
                }
            };
            drop(turn.take());
            let looked = match order {
                Ok(order) => Box::pin(self.act(id, order, permit.take())).await,
                Err(error) => Err(error),
            };
            match looked {
                Ok(Look::Again) => {}
                Ok(Look::WakeAt(at)) => {
                    self.crew.asleep(id);
                    let instant = tokio::time::sleep(self.until(at));
                    self.unless_rung(instant, &bell).await;
                }
                Ok(Look::Budget { deadline, look_by }) => {
                    let served = self.budget.acquire(deadline);
                    let served = tokio::time::timeout(self.until(look_by), served);
                    permit = self.unless_rung(served, &bell).await.and_then(Result::ok);
                }
                Ok(Look::Rest) if !self.crew.leave(id) => {}
                Ok(Look::Rest) => return,
                Err(error) => {
                    self.leave_alone(id, &error);
                    break;
                }
            }
        }
        self.crew.quit(id);
    }

    /// The order can't be driven by this process.
    pub(crate) fn leave_alone(&self, id: OrderId, error: &RecordError) {
        if !matches!(error, RecordError::Newer(_)) {
            tracing::error!(order.id = %id, %error, "the order can't be driven");
        } else if self.unread.order(id) {
            tracing::warn!(order.id = %id, %error, "the order is left to a process of a later release");
        }
    }

    /// Does what is owed and can be done at once.
    async fn act(
        &self,
        id: OrderId,
        order: Order,
        permit: Option<Permit>,
    ) -> Result<Look, RecordError> {
        let now = self.recorder().now();
        let (payment, call) = match payment::due(&order, now) {
            Todo::Call { payment, call } => (payment, call),
            Todo::WakeAt(at) => return Ok(Look::WakeAt(at)),
            Todo::Rest => return Ok(Look::Rest),
        };
        let permit = match (call, permit) {
            (Call::Inquire, None) => {
                // Before the intention is written down: what waits here is nobody's call yet.
                let deadline = deadline(&order, payment, now);
                let served = tokio::time::timeout(SOON, self.budget.acquire(deadline)).await;
                let Ok(permit) = served else {
                    let look_by = look_by(order, payment, now);
                    return Ok(Look::Budget { deadline, look_by });
                };
                Some(permit)
            }
            (Call::Inquire, permit) => permit,
            // These never wait for budget (decision 17).
            (Call::Pay | Call::Cancel | Call::Refund { .. } | Call::InquireRefund { .. }, _) => {
                None
            }
        };
        self.call(id, order, (payment, call), permit).await?;
        Ok(Look::Again)
    }

    /// What comes first: this, or something else to look for (`None`).
    async fn unless_rung<T>(&self, first: impl Future<Output = T>, bell: &Notify) -> Option<T> {
        tokio::select! {
            // In this order, so that a simulated run can be run again.
            biased;
            came = first => Some(came),
            () = bell.notified() => None,
            () = self.crew.stopping() => None,
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
enum Look {
    /// A call was made or overtaken.
    Again,
    /// Nothing before this instant.
    WakeAt(Timestamp),
    /// An inquiry that waits for budget.
    Budget {
        /// Its place in the queue.
        deadline: Timestamp,
        /// By when something else may be owed.
        look_by: Timestamp,
    },
    /// It owes nothing.
    Rest,
}

/// Where an inquiry stands in the budget's queue; the nearest is served first.
fn deadline(order: &Order, payment: PaymentId, now: Timestamp) -> Timestamp {
    order.attempt(payment).map_or(now, |attempt| {
        let close_at = attempt.terms.close_at();
        if now < close_at {
            close_at
        } else {
            attempt.next_call_at.plus_ms(CLOSING_WAITS_MS)
        }
    })
}

/// When to look again at an order of which an inquiry waits for budget: when this attempt closes, or
/// another owes something, which waits for no budget.
fn look_by(mut order: Order, payment: PaymentId, now: Timestamp) -> Timestamp {
    let close_at = order
        .attempt(payment)
        .map(|attempt| attempt.terms.close_at());
    order
        .attempts
        .retain(|attempt| attempt.terms.payment() != payment);
    let others = match payment::due(&order, now) {
        Todo::WakeAt(at) => Some(at),
        // Another inquiry, which waits as well.
        Todo::Call { .. } | Todo::Rest => None,
    };
    let nearest = close_at
        .filter(|at| *at > now)
        .into_iter()
        .chain(others)
        .min();
    nearest.map_or_else(
        || now.plus_ms(LOOK_AGAIN_MS),
        |at| at.min(now.plus_ms(LOOK_AGAIN_MS)),
    )
}

/// The call that these very events begin.
fn begun(written: &Written, payment: PaymentId) -> Option<(u32, Call)> {
    written.events.iter().find_map(|event| match &event.fact {
        Fact::Begun { number, call } if event.payment == payment => Some((*number, *call)),
        Fact::Begun { .. }
        | Fact::Accepted(_)
        | Fact::CancelKept
        | Fact::Answered { .. }
        | Fact::Noticed(_)
        | Fact::Approved(_)
        | Fact::Released
        | Fact::Retold
        | Fact::Acknowledged
        | Fact::CancelRequested
        | Fact::CloseBegun(_)
        | Fact::Ended(_)
        | Fact::AttentionRaised
        | Fact::Resolved(_)
        | Fact::Alarmed(_) => None,
    })
}
