//! One counter: a merchant, the driver, Alipay, and a clock that jumps when nobody has anything
//! to do.

use crate::alipay_side::AlipaySide;
use crate::memory_journal::MemoryJournal;
use chassis::clock::{Clock, Steady};
use chassis::health::Health;
use fleet::{Budget, BudgetOptions, Leases, News};
use orchestrator::{Crew, Driver, RecordError, Skew};
use payment::{
    Currency, Event, Fact, Input, MerchantId, Money, Notice, NoticeResult, OrderId, OrderNumber,
    Outcome, PaymentCode, Policy, PolicyNumbers, Proof, Reference, Status, TerminalId, Terms,
    Timestamp, Told,
};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// 2026-11-23T04:00:00Z: noon at Alipay, so that no test meets the cancel window by accident.
pub(crate) const NOON_MS: i64 = 1_795_406_400_000;

pub(crate) struct World {
    pub(crate) driver: Driver<MemoryJournal, AlipaySide>,
    pub(crate) journal: MemoryJournal,
    pub(crate) alipay: AlipaySide,
    pub(crate) leases: Leases,
    pub(crate) health: Health,
    pub(crate) budget: Budget,
    machine: Arc<PausedClock>,
    clock: Arc<Steady>,
    stop: CancellationToken,
}

/// The runtime's paused clock, as a wall clock.
struct PausedClock {
    began: Instant,
    began_ms: i64,
    wrong_by_ms: AtomicI64,
}

impl Clock for PausedClock {
    fn now_ms(&self) -> i64 {
        let wrong_by_ms = self.wrong_by_ms.load(Ordering::Relaxed);
        self.began_ms + wrong_by_ms + i64::try_from(self.began.elapsed().as_millis()).unwrap()
    }

    fn monotonic(&self) -> std::time::Instant {
        Instant::now().into_std()
    }
}

fn machine(began_ms: i64, wrong_by_ms: i64) -> Arc<PausedClock> {
    Arc::new(PausedClock {
        began: Instant::now(),
        began_ms,
        wrong_by_ms: AtomicI64::new(wrong_by_ms),
    })
}

fn plenty() -> Budget {
    Budget::in_process(&BudgetOptions::default())
}

impl World {
    pub(crate) fn new() -> Self {
        Self::beginning_at(NOON_MS)
    }

    pub(crate) fn beginning_at(began_ms: i64) -> Self {
        let machine = machine(began_ms, 0);
        let clock = Arc::new(Steady::of(machine.clone()));
        let journal = MemoryJournal::default();
        Self::over((journal, AlipaySide::default()), machine, clock, plenty())
    }

    /// A worker that may inquire only so often.
    pub(crate) fn with_inquiries_per_second(per_second: u32) -> Self {
        let world = Self::new();
        world.stop.cancel();
        let inquiries_per_second = NonZeroU32::new(per_second).unwrap();
        let options = BudgetOptions {
            inquiries_per_second,
            ..BudgetOptions::default()
        };
        let seams = (world.journal, world.alipay);
        let budget = Budget::in_process(&options);
        Self::over(seams, world.machine, world.clock, budget)
    }

    /// A worker whose machine's clock is wrong, beside a journal whose clock is right.
    pub(crate) fn on_a_machine_wrong_by(ms: i64) -> Self {
        let machine = machine(NOON_MS, ms);
        let clock = Arc::new(Steady::beginning_at(NOON_MS, machine.clone()));
        let journal = MemoryJournal::default();
        journal.set_clock(self::machine(NOON_MS, 0));
        Self::over((journal, AlipaySide::default()), machine, clock, plenty())
    }

    fn over(
        (journal, alipay): (MemoryJournal, AlipaySide),
        machine: Arc<PausedClock>,
        clock: Arc<Steady>,
        budget: Budget,
    ) -> Self {
        let (stop, leases, health) = (
            CancellationToken::new(),
            Leases::in_process(),
            Health::new(),
        );
        let (crew, skew) = (Crew::new(stop.clone()), Skew::default());
        let driver = Driver::new(
            journal.clone(),
            alipay.clone(),
            (leases.clone(), News::in_process(), budget.clone()),
            clock.clone(),
            skew.clone(),
            crew.clone(),
        );
        let check = health.register("orchestrator.clock");
        let keeping = orchestrator::keep_time(journal.clone(), clock.clone(), skew, check, crew);
        tokio::spawn(keeping);
        tokio::spawn(orchestrator::sweep(driver.clone(), |_| true));
        Self {
            driver,
            journal,
            alipay,
            leases,
            health,
            budget,
            machine,
            clock,
            stop,
        }
    }

    /// A process of its own on the same journal and Alipay, with its own view of what it can read.
    pub(crate) fn beside(&self) -> Self {
        let seams = (self.journal.clone(), self.alipay.clone());
        let (machine, clock) = (Arc::clone(&self.machine), Arc::clone(&self.clock));
        Self::over(seams, machine, clock, plenty())
    }

    /// A worker of its own beside this one, which shares nothing with it but journal and Alipay.
    pub(crate) fn another_worker(&self) -> Driver<MemoryJournal, AlipaySide> {
        Driver::new(
            self.journal.clone(),
            self.alipay.clone(),
            (Leases::in_process(), News::in_process(), plenty()),
            self.clock.clone(),
            Skew::default(),
            Crew::new(self.stop.clone()),
        )
    }

    /// Someone sets the clock of the machine.
    pub(crate) fn set_the_machines_clock_by(&self, ms: i64) {
        self.machine.wrong_by_ms.store(ms, Ordering::Relaxed);
    }

    /// A new process on the same journal; the old one is told to stop and forgets its timers.
    pub(crate) fn restarted(self) -> Self {
        self.stop.cancel();
        let seams = (self.journal, self.alipay);
        Self::over(seams, self.machine, self.clock, self.budget)
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
        match self.driver.pay(terms.clone(), code).await {
            // The order does not take it: its receipt says so.
            Ok(()) | Err(RecordError::Refused(_)) => {}
            Err(error) => panic!("{error}"),
        }
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
