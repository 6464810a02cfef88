//! A gateway process: the shipped merchant's side over this world's seams. Its HTTP is not here, and
//! neither is any decision of its own.

use super::auditor::Said;
use super::dice::Dice;
use super::journal::SimJournal;
use super::log::SimLog;
use super::process::Process;
use bus::{CommandBody, Doorbell, Producer, Sealer};
use fleet::News;
use payment::{MerchantId, Notice, OrderId, Outcome, PaymentId, PaymentRequestId, Refusal};
use sale::{Error, Identities, NewSale, Sales};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
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
    sales: Sales<SimJournal>,
    doorbell: Doorbell,
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

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(Refusal::UnknownPayment) => Self::Unknown,
            Error::Refused(_) => Self::Declined,
            Error::KeyReused => Self::KeyReused,
            Error::NotTaken
            | Error::Busy(_)
            | Error::Store(_)
            | Error::Bus(_)
            | Error::TaskEnded(_)
            | Error::OutcomeUnknown
            | Error::ViewMissing(_) => Self::AskAgain,
            Error::NotAcknowledgeable(_) => Self::Declined,
        }
    }
}

impl Gateway {
    pub(crate) fn start(process: Arc<Process>, sealer: Sealer) -> Arc<Self> {
        let log = Arc::new(SimLog(Arc::clone(&process)));
        let journal = SimJournal(Arc::clone(&process));
        let producer = Producer::embedded(log, sealer);
        let doorbell = producer.doorbell();
        let world = Arc::clone(&process.world);
        let sales = Sales::new(
            journal.clone(),
            producer,
            News::in_process(),
            Arc::<chassis::clock::Steady>::clone(&process.clock),
            Identities::from(move || {
                let part = || u64::try_from(world.dice.between(0, i64::MAX)).unwrap_or(0);
                Uuid::from_u64_pair(part(), part())
            }),
        );
        Arc::new(Self {
            journal,
            sales,
            doorbell,
            bell_given: AtomicBool::new(false),
            process,
        })
    }

    /// The bell, for one worker: several would be woken in an order that no seed tells. The others
    /// look by themselves.
    pub(crate) fn doorbell(&self) -> Option<Doorbell> {
        let given = self.bell_given.swap(true, Ordering::Relaxed);
        (!given).then(|| self.doorbell.clone())
    }

    /// `POST /v1/payments`, without waiting.
    pub(crate) async fn pay(&self, sale: NewSale) -> Result<(), Problem> {
        let accepted = self.sales.accept(sale, ()).await;
        if matches!(accepted, Err(Error::KeyReused)) {
            self.process.world.met.x(18);
        }
        accepted.map(|_known| ()).map_err(Problem::from)
    }

    /// Puts a command on the bus; whether it is known to be there.
    pub(crate) async fn produce(
        &self,
        order: OrderId,
        payment: PaymentId,
        body: CommandBody,
    ) -> bool {
        let produced = self.sales.produce(order, payment, None, body).await;
        produced.is_ok()
    }

    /// `POST /v1/payments/{id}/acknowledgement`.
    pub(crate) async fn acknowledge(
        &self,
        merchant: &MerchantId,
        payment: PaymentId,
    ) -> Result<(), Problem> {
        self.sales.acknowledge(merchant, payment).await?;
        self.process.gate().await;
        Ok(())
    }

    /// `GET /v1/payments/{id}`: how it stands, once what must be written first is written.
    pub(crate) async fn tell(
        &self,
        merchant: &MerchantId,
        payment: PaymentId,
    ) -> Result<Said, Problem> {
        let asked_at = self.process.world.now();
        let snapshot = self.sales.hand_over(merchant, payment).await?;
        self.process.gate().await;
        let world = &self.process.world;
        let (told, told_at) = (snapshot.told(), world.now());
        if told.outcome != Outcome::Pending && world.lists_are_behind_by_ms() > HOUR_MS {
            world.met.x(32);
        }
        Ok(Said {
            asked_at,
            told_at,
            told,
            paid_at: snapshot.view.released_at,
        })
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
