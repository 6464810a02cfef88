//! A gateway process: it takes requests to pay, says how payments stand, and takes Alipay's
//! notifications in. Its HTTP is not here; what it writes and in which order is the real gateway's.

use super::auditor::Said;
use super::dice::Dice;
use super::journal::SimJournal;
use super::log::SimLog;
use super::process::Process;
use super::rows::Rows;
use bus::{Command, CommandBody, Doorbell, Producer, Sealer};
use payment::{
    Charged, Fact, Input, Notice, OrderId, Outcome, PaymentCode, PaymentId, PaymentRequestId, Seen,
    Standing, Terms, Timestamp, Told, View, owed_before_telling,
};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use store::{Append, Error, Histories, Receipt, ReceiptState, TakeInError};
use uuid::Uuid;

/// So far behind is a projector in X32.
const HOUR_MS: i64 = 3_600_000;

/// The gateways that are there now.
#[derive(Clone)]
pub(crate) struct Gateways(Arc<Mutex<Vec<Arc<Gateway>>>>);

impl Gateways {
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    pub(crate) fn set(&self, place: usize, gateway: Arc<Gateway>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match all.get_mut(place) {
            Some(seat) => *seat = gateway,
            None => all.push(gateway),
        }
    }

    pub(crate) fn at(&self, place: usize) -> Option<Arc<Gateway>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(place).cloned()
    }

    /// Some gateway, as a load balancer picks one.
    pub(crate) fn some(&self, dice: &Dice) -> Arc<Gateway> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = dice.below(all.len());
        match all.get(place) {
            Some(gateway) => Arc::clone(gateway),
            None => unreachable!("a world has gateways before anyone asks"),
        }
    }
}

/// One gateway process.
pub(crate) struct Gateway {
    pub(crate) process: Arc<Process>,
    journal: SimJournal,
    producer: Producer,
    bell_given: AtomicBool,
}

/// What a door may answer other than the payment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Problem {
    /// 503: ask again.
    AskAgain,
    /// 409: the order is taken.
    Declined,
    /// 404.
    Unknown,
    /// 422: another body under the same key.
    KeyReused,
}

impl Gateway {
    pub(crate) fn start(process: Arc<Process>, sealer: Sealer) -> Arc<Self> {
        let log = Arc::new(SimLog(Arc::clone(&process)));
        Arc::new(Self {
            journal: SimJournal(Arc::clone(&process)),
            producer: Producer::embedded(log, sealer),
            bell_given: AtomicBool::new(false),
            process,
        })
    }

    /// The bell, for one worker: several would be woken in an order that no seed tells. The others
    /// look by themselves.
    pub(crate) fn doorbell(&self) -> Option<Doorbell> {
        let given = self.bell_given.swap(true, Ordering::Relaxed);
        (!given).then(|| self.producer.doorbell())
    }

    /// `POST /v1/payments`, without waiting. `make` is called with the gateway's own time.
    pub(crate) async fn pay(
        &self,
        digest: &str,
        code: &PaymentCode,
        make: impl Fn(Timestamp) -> Terms,
    ) -> Result<(), Problem> {
        self.journal.reach().await.map_err(|_| Problem::AskAgain)?;
        let world = &self.process.world;
        let new = Receipt {
            terms: make(self.process.now()),
            digest: digest.to_owned(),
            state: ReceiptState::Pending,
        };
        let (receipt, is_new) = world.rows().take_receipt(new);
        let receipt = self.journal.back(receipt).await;
        let receipt = receipt.map_err(|_| Problem::AskAgain)?;
        if receipt.digest != digest {
            world.met.x(18);
            return Err(Problem::KeyReused);
        }
        let payment = receipt.terms.payment();
        let state = match receipt.state {
            ReceiptState::Pending | ReceiptState::Refused if !is_new => {
                self.change(|rows| rows.join_receipt(payment)).await?
            }
            ReceiptState::Pending
            | ReceiptState::Refused
            | ReceiptState::Accepted
            | ReceiptState::Declined(_) => receipt.state,
        };
        match state {
            ReceiptState::Accepted => Ok(()),
            ReceiptState::Declined(_) => Err(Problem::Declined),
            ReceiptState::Refused => Err(Problem::AskAgain),
            ReceiptState::Pending => {
                if !is_new {
                    world.met.x(16);
                }
                self.refused_early(&receipt.terms).await?;
                self.command(receipt.terms, code).await
            }
        }
    }

    async fn refused_early(&self, terms: &Terms) -> Result<(), Problem> {
        let id = terms.order();
        for _ in 0..16 {
            let order = self.journal.load(id).await.map_err(|_| Problem::AskAgain)?;
            let now = self.process.now();
            let input = Input::Pay(Box::new(terms.clone()));
            let Ok(events) = payment::decide(&order, input, now) else {
                return Ok(());
            };
            let refused = |fact: &Fact| matches!(fact, Fact::Refused(_));
            if !events.iter().any(|event| refused(&event.fact)) {
                return Ok(());
            }
            let expected_version = order.version;
            let after = events.iter().fold(order, payment::evolve);
            let append = Append {
                order: id,
                expected_version,
                events: &events,
                after: &after,
                wake_at: match payment::due(&after, now) {
                    payment::Todo::Call { .. } => Some(now),
                    payment::Todo::WakeAt(at) => Some(at),
                    payment::Todo::Rest => None,
                },
                partition: bus::partition_of(id),
            };
            match self.journal.append(append).await {
                Ok(()) => return Err(Problem::Declined),
                Err(Error::Conflict) => {}
                Err(_) => return Err(Problem::AskAgain),
            }
        }
        Err(Problem::AskAgain)
    }

    async fn command(&self, terms: Terms, code: &PaymentCode) -> Result<(), Problem> {
        let (order, payment) = (terms.order(), terms.payment());
        let body = CommandBody::Pay {
            terms: Box::new(terms),
            code: code.clone(),
        };
        if self.produce(order, payment, body).await {
            return Ok(());
        }
        let refuse = |rows: &mut Rows| rows.refuse_receipt(payment, true);
        match self.change(refuse).await? {
            ReceiptState::Accepted | ReceiptState::Pending => Ok(()),
            ReceiptState::Declined(_) => Err(Problem::Declined),
            ReceiptState::Refused => Err(Problem::AskAgain),
        }
    }

    async fn change(
        &self,
        change: impl FnOnce(&mut Rows) -> ReceiptState,
    ) -> Result<ReceiptState, Problem> {
        self.journal.reach().await.map_err(|_| Problem::AskAgain)?;
        let state = change(&mut self.process.world.rows());
        let state = self.journal.back(state).await;
        state.map_err(|_| Problem::AskAgain)
    }

    /// Puts a command on the bus; whether it is known to be there.
    pub(crate) async fn produce(
        &self,
        order: OrderId,
        payment: PaymentId,
        body: CommandBody,
    ) -> bool {
        let (high, low) = (self.process.world.dice.between(0, i64::MAX), payment);
        let command = Command {
            id: Uuid::new_v5(&low.as_uuid(), &high.to_be_bytes()),
            order,
            payment,
            produced_at: self.process.now(),
            traceparent: None,
            body,
        };
        self.producer.produce(&command).await.is_ok()
    }

    /// `GET /v1/payments/{id}`: how it stands, once what must be written first is written.
    pub(crate) async fn tell(&self, order: OrderId, payment: PaymentId) -> Result<Said, Problem> {
        let asked_at = self.process.world.now();
        let at = self.process.now();
        let (told, paid_at) = match self.seen(order, payment).await? {
            Seen::Payment(view) => match owed_before_telling(&view, at) {
                None => (payment::told(&view, at), view.released_at),
                Some(input) => self.write(order, payment, at, input).await?,
            },
            Seen::Refused(_) => return Err(Problem::Declined),
            Seen::Unknown => (self.taken(payment, at).await?, None),
        };
        self.process.gate().await;
        let world = &self.process.world;
        let told_at = world.now();
        if told.outcome != Outcome::Pending && world.lists_are_behind_by_ms() > HOUR_MS {
            world.met.x(32);
        }
        Ok(Said {
            asked_at,
            told_at,
            told,
            paid_at,
        })
    }

    async fn seen(&self, order: OrderId, payment: PaymentId) -> Result<Seen, Problem> {
        let order = self.journal.load(order).await;
        let order = order.map_err(|_| Problem::AskAgain)?;
        Ok(payment::view(&order, payment))
    }

    async fn write(
        &self,
        order: OrderId,
        payment: PaymentId,
        at: Timestamp,
        input: Input,
    ) -> Result<(Told, Option<Timestamp>), Problem> {
        let lapse = matches!(input, Input::Lapse { .. });
        let partition = bus::partition_of(order);
        match store::take_in(&self.journal, order, input, at, partition).await {
            Ok(taken) if lapse && !taken.events.is_empty() => {
                if !self.process.world.any_worker_runs() {
                    self.process.world.met.x(25);
                }
            }
            Ok(_) | Err(TakeInError::Refused(_)) => {}
            Err(TakeInError::Store(_)) => return Err(Problem::AskAgain),
        }
        match self.seen(order, payment).await? {
            Seen::Payment(view) => Ok((payment::told(&view, at), view.released_at)),
            Seen::Refused(_) => Err(Problem::Declined),
            Seen::Unknown => Err(Problem::Unknown),
        }
    }

    /// Taken, and nothing happened yet: past its last release it is told not paid like any other.
    async fn taken(&self, payment: PaymentId, at: Timestamp) -> Result<Told, Problem> {
        self.journal.reach().await.map_err(|_| Problem::AskAgain)?;
        let receipt = self.process.world.rows().receipt(payment).cloned();
        let receipt = receipt.ok_or(Problem::Unknown)?;
        match receipt.state {
            ReceiptState::Pending | ReceiptState::Accepted => {
                let told = payment::told(&waiting(receipt.terms), at);
                match told.outcome {
                    Outcome::Pending => Ok(Told::accepted()),
                    Outcome::Paid | Outcome::NotPaid => Ok(told),
                }
            }
            ReceiptState::Refused => Err(Problem::AskAgain),
            ReceiptState::Declined(_) => Err(Problem::Declined),
        }
    }

    /// `notifyPayment`, its signature verified: whether Alipay may forget it.
    pub(crate) async fn notified(&self, id: &PaymentRequestId, notice: Notice) -> bool {
        if self.journal.reach().await.is_err() {
            return false;
        }
        let Some((order, payment)) = self.process.world.rows().locate(id) else {
            return false;
        };
        self.produce(order, payment, CommandBody::Notice(notice))
            .await
    }
}

/// A request that was taken and has no event yet.
fn waiting(terms: Terms) -> View {
    View {
        standing: Standing::Processing,
        charged: Charged::NotSeen,
        alipay_payment_id: None,
        released_at: None,
        changed_at: terms.accepted_at,
        version: 0,
        terms,
    }
}
