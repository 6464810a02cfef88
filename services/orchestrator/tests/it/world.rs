//! One counter: a merchant, the driver, Alipay, and a clock that jumps when nobody has anything
//! to do.

use crate::alipay_side::AlipaySide;
use crate::memory_journal::MemoryJournal;
use chassis::clock::Clock;
use fleet::{Leases, News};
use orchestrator::{Crew, Driver, Skew};
use payment::{
    Currency, Event, Fact, Input, MerchantId, Money, Notice, NoticeResult, OrderId, OrderNumber,
    Outcome, PaymentCode, Policy, PolicyNumbers, Proof, Reference, Status, TerminalId, Terms,
    Timestamp, Told,
};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// 2026-11-23T04:00:00Z: noon at Alipay, so that no test meets the cancel window by accident.
pub(crate) const NOON_MS: i64 = 1_795_406_400_000;

pub(crate) struct World {
    pub(crate) driver: Driver<MemoryJournal, AlipaySide>,
    pub(crate) journal: MemoryJournal,
    pub(crate) alipay: AlipaySide,
    clock: Arc<PausedClock>,
    stop: CancellationToken,
}

/// The runtime's paused clock, as a wall clock.
struct PausedClock {
    began: Instant,
    began_ms: i64,
}

impl Clock for PausedClock {
    fn now_ms(&self) -> i64 {
        self.began_ms + i64::try_from(self.began.elapsed().as_millis()).unwrap()
    }

    fn monotonic(&self) -> std::time::Instant {
        Instant::now().into_std()
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self::beginning_at(NOON_MS)
    }

    pub(crate) fn beginning_at(began_ms: i64) -> Self {
        let clock = Arc::new(PausedClock {
            began: Instant::now(),
            began_ms,
        });
        let journal = MemoryJournal::default();
        let alipay = AlipaySide::default();
        Self::over(journal, alipay, clock)
    }

    fn over(journal: MemoryJournal, alipay: AlipaySide, clock: Arc<PausedClock>) -> Self {
        let stop = CancellationToken::new();
        let driver = Driver::new(
            journal.clone(),
            alipay.clone(),
            (Leases::in_process(), News::in_process()),
            clock.clone(),
            Skew::default(),
            Crew::new(stop.clone()),
        );
        let world = Self {
            driver,
            journal,
            alipay,
            clock,
            stop,
        };
        tokio::spawn(orchestrator::sweep(world.driver.clone()));
        world
    }

    /// A new process on the same journal; the old one is told to stop and forgets its timers.
    pub(crate) fn restarted(self) -> Self {
        self.stop.cancel();
        Self::over(self.journal, self.alipay, self.clock)
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.clock.now_ms())
    }

    pub(crate) fn terms(&self, order: &str, reference: &str) -> Terms {
        self.terms_with(
            order,
            reference,
            Policy::new(PolicyNumbers::standard()).unwrap(),
        )
    }

    pub(crate) fn terms_with(&self, order: &str, reference: &str, policy: Policy) -> Terms {
        let currency = Currency::parse("EUR").unwrap();
        Terms {
            merchant: MerchantId::parse("corner-shop").unwrap(),
            order_number: OrderNumber::parse(order).unwrap(),
            reference: Reference::parse(reference).unwrap(),
            terminal: TerminalId::parse("till-1").unwrap(),
            payment_request_id: payment::PaymentRequestId::parse(&format!("prid-{reference}"))
                .unwrap(),
            amount: Money::new(1_280, currency).unwrap(),
            description: "Lunch".to_owned(),
            accepted_at: self.now(),
            policy,
        }
    }

    /// The till scans a code; returns at once.
    pub(crate) async fn pay(&self, terms: &Terms) {
        let code =
            PaymentCode::parse("281012020262467128", &payment::CodeFormat::standard()).unwrap();
        self.driver.pay(terms.clone(), code).await.unwrap();
    }

    pub(crate) async fn take_in(&self, order: OrderId, input: Input) {
        self.driver.take_in(order, input).await.unwrap();
    }

    pub(crate) async fn notify_paid(&self, terms: &Terms, amount: Money) {
        let approval = crate::alipay_side::approval(amount);
        let notice = Notice {
            result: NoticeResult::Paid(approval),
        };
        let payment = terms.payment();
        self.take_in(terms.order(), Input::Notice { payment, notice })
            .await;
    }

    /// What a door says now. It writes first what doors owe before they tell.
    pub(crate) fn ask_at_the_door(&self, terms: &Terms) -> Told {
        if let Some(owed) = payment::owed_before_telling(&self.view(terms), self.now()) {
            self.journal.take_in(terms.order(), owed, self.now());
        }
        payment::told(&self.view(terms), self.now())
    }

    /// What any door would say now, without handing anything over.
    pub(crate) fn told(&self, terms: &Terms) -> (Status, Outcome) {
        let told = payment::told(&self.view(terms), self.now());
        (told.status, told.outcome)
    }

    fn view(&self, terms: &Terms) -> payment::View {
        let history = self.journal.events(terms.order());
        let order = history
            .iter()
            .fold(payment::Order::default(), payment::evolve);
        let payment::Seen::Payment(view) = payment::view(&order, terms.payment()) else {
            panic!("there is no such payment");
        };
        *view
    }

    pub(crate) fn events(&self, terms: &Terms) -> Vec<Event> {
        let mut events = self.journal.events(terms.order());
        events.retain(|event| event.payment == terms.payment());
        events
    }

    pub(crate) fn happened(&self, terms: &Terms, is_it: impl Fn(&Fact) -> bool) -> usize {
        let events = self.events(terms);
        events.iter().filter(|event| is_it(&event.fact)).count()
    }

    pub(crate) fn proof(&self, terms: &Terms) -> Option<Proof> {
        let events = self.events(terms);
        events.into_iter().rev().find_map(|event| {
            let Fact::Ended(proof) = event.fact else {
                return None;
            };
            Some(proof)
        })
    }

    pub(crate) async fn pass(&self, wait: Duration) {
        tokio::time::sleep(wait).await;
    }

    pub(crate) async fn pass_s(&self, seconds: u64) {
        self.pass(Duration::from_secs(seconds)).await;
    }
}
