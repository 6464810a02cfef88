//! Two doors on one store, of which one is slow to write: its releases and its refusals wait until
//! they are let go.

use bus::{CommandLog, MemoryLog, Producer, Sealer, SealingKey};
use chassis::clock::{Clock, Standing};
use fleet::News;
use payment::{
    AlipayPaymentId, Answer, Approval, Currency, Event, Fact, Input, MerchantId, Money, Order,
    OrderId, OrderNumber, PayAnswer, PaymentId, Policy, PolicyNumbers, Reference, Refusal,
    TerminalId, Terms, Timestamp, View,
};
use sale::{Identities, Records, Sales};
use std::sync::Arc;
use store::{Append, Error, Histories, NewReceipt, Receipt, ReceiptState, Recorded, Store, Taken};
use tokio::sync::Semaphore;

const T0_MS: i64 = 1_795_000_000_000;

/// The store, of which appends of `Released` and declined receipts wait at a gate.
#[derive(Clone)]
pub(crate) struct Gated {
    store: Store,
    gate: Arc<Semaphore>,
    /// One permit for each write that has come to the gate.
    came: Arc<Semaphore>,
}

impl Histories for Gated {
    async fn load(&self, order: OrderId) -> Result<Order, Error> {
        self.store.load(order).await
    }

    async fn append(&self, append: Append<'_>) -> Result<(), Error> {
        let releases = |event: &Event| event.fact == Fact::Released;
        if append.events.iter().any(releases) {
            self.came.add_permits(1);
            self.gate.acquire().await.unwrap().forget();
        }
        self.store.append(append).await
    }
}

impl Records for Gated {
    async fn payment(
        &self,
        merchant: &MerchantId,
        payment: PaymentId,
    ) -> Result<Option<View>, Error> {
        self.store.payment(merchant, payment).await
    }

    async fn payments(&self, payments: &[PaymentId]) -> Result<Vec<View>, Error> {
        self.store.payments(payments).await
    }

    async fn history(&self, order: OrderId, payment: PaymentId) -> Result<Vec<Recorded>, Error> {
        self.store.history(order, payment, 0).await
    }

    async fn receipt(&self, payment: PaymentId) -> Result<Option<Receipt>, Error> {
        self.store.receipt(payment).await
    }

    async fn take_receipt<F>(&self, new: NewReceipt<F>) -> Result<Taken, Error>
    where
        F: FnOnce(u64) -> Terms + Send,
    {
        self.store.take_receipt(new).await
    }

    async fn decline_receipt(
        &self,
        payment: PaymentId,
        refusal: Refusal,
    ) -> Result<ReceiptState, Error> {
        self.came.add_permits(1);
        self.gate.acquire().await.unwrap().forget();
        self.store.decline_receipt(payment, refusal).await
    }

    async fn join_receipt(&self, payment: PaymentId) -> Result<ReceiptState, Error> {
        self.store.join_receipt(payment).await
    }

    async fn refuse_receipt_alone(&self, payment: PaymentId) -> Result<ReceiptState, Error> {
        self.store.refuse_receipt_alone(payment).await
    }
}

/// A store with one approved payment, a slow door and a quick one.
pub(crate) struct World {
    _dir: tempfile::TempDir,
    pub(crate) store: Store,
    pub(crate) clock: Arc<Standing>,
    pub(crate) slow: Sales<Gated>,
    pub(crate) quick: Sales<Store>,
    pub(crate) terms: Terms,
    gate: Arc<Semaphore>,
    came: Arc<Semaphore>,
    log: Arc<MemoryLog>,
}

impl World {
    pub(crate) async fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).await.unwrap();
        let clock = Arc::new(Standing::at_ms(T0_MS));
        let bytes: [u8; 32] = std::array::from_fn(|place| u8::try_from(place).unwrap());
        let key = SealingKey::from_bytes(&bytes).unwrap();
        let log = Arc::new(MemoryLog::new());
        let producer = Producer::embedded(log.clone(), Sealer::new(key, Vec::new()));
        let (gate, came) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let gated = Gated {
            store: store.clone(),
            gate: Arc::clone(&gate),
            came: Arc::clone(&came),
        };
        let clock_of = || -> Arc<dyn Clock> { clock.clone() };
        let (news, ids) = (News::in_process(), Identities::random());
        let slow = Sales::new(
            gated,
            producer.clone(),
            news.clone(),
            clock_of(),
            ids.clone(),
        );
        let quick = Sales::new(store.clone(), producer, news, clock_of(), ids);
        let world = Self {
            _dir: dir,
            terms: terms(),
            store,
            clock: clock.clone(),
            slow,
            quick,
            gate,
            came,
            log,
        };
        world
            .execute(Input::Pay(Box::new(world.terms.clone())))
            .await;
        let approval = Approval {
            alipay_payment_id: AlipayPaymentId::parse("20261123").unwrap(),
            amount: world.terms.amount,
        };
        world
            .execute(Input::Answer {
                payment: world.payment(),
                begun: 1,
                answer: Answer::Pay(PayAnswer::Approved(approval)),
                clock_skew_ms: 0,
            })
            .await;
        world
    }

    pub(crate) fn payment(&self) -> PaymentId {
        self.terms.payment()
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.clock.now_ms())
    }

    pub(crate) async fn execute(&self, input: Input) {
        let order = self.terms.order();
        store::execute(
            &self.store,
            order,
            input,
            self.now(),
            bus::partition_of(order),
        )
        .await
        .unwrap();
    }

    /// Returns once the slow door's write waits at the gate.
    pub(crate) async fn write_waits(&self) {
        self.came.acquire().await.unwrap().forget();
    }

    /// Lets the slow door's write go on.
    pub(crate) fn let_it_go(&self) {
        self.gate.add_permits(1);
    }

    /// How many commands stand in the log for the order.
    pub(crate) async fn produced(&self) -> usize {
        let partition = bus::partition_of(self.terms.order());
        self.log.read(partition, 0, 10).await.unwrap().len()
    }

    pub(crate) async fn facts(&self) -> Vec<Fact> {
        let (order, payment) = (self.terms.order(), self.payment());
        let events = self.store.history(order, payment, 0).await.unwrap();
        events
            .into_iter()
            .map(|recorded| recorded.event.fact)
            .collect()
    }
}

fn terms() -> Terms {
    let amount = Money::new(1988, Currency::parse("CNY").unwrap()).unwrap();
    Terms {
        merchant: MerchantId::parse("m-1").unwrap(),
        order_number: OrderNumber::parse("o-1").unwrap(),
        reference: Reference::parse("k-1").unwrap(),
        terminal: TerminalId::parse("till-3").unwrap(),
        payment_request_id: payment::mint_payment_request_id(
            Timestamp::from_ms(T0_MS),
            &TerminalId::parse("till-3").unwrap(),
            amount,
            1,
            7,
        ),
        amount,
        description: "o-1".to_owned(),
        accepted_at: Timestamp::from_ms(T0_MS),
        policy: Policy::new(PolicyNumbers::standard()).unwrap(),
    }
}
