//! The workload: merchants at their tills. They scan, wait, ask again, cancel, lose their
//! connection, try the same order at two tills, repeat themselves; and remember what they were told.

use super::auditor::Said;
use super::gateway::{Gateway, Gateways, Problem};
use super::world::{World, pass};
use bus::CommandBody;
use payment::{
    Currency, Delivery, MerchantId, Money, OrderId, OrderNumber, Outcome, PaymentCode, PaymentId,
    Policy, Reference, TerminalId,
};
use sale::NewSale;
use std::sync::Arc;
use std::time::Duration;

/// Whose sales they all are.
pub(crate) const MERCHANT: &str = "corner-shop";

/// How long a till waits for any answer.
const PATIENCE: Duration = Duration::from_secs(50);

/// And how long one that hangs up, at most.
const SHORT_PATIENCE_MS: i64 = 4_000;

/// By then, projectors that are gone are more than an hour behind (X32).
const AN_HOUR_LATER_MS: i64 = 4_000_000;

/// One sale: an order and everything that is tried for it.
pub(crate) struct Sale {
    pub(crate) world: Arc<World>,
    pub(crate) gateways: Gateways,
    merchant: MerchantId,
    order_number: OrderNumber,
    terminal: TerminalId,
    amount: Money,
    policy: Policy,
    code: PaymentCode,
    number: u32,
}

impl Sale {
    /// The sale of this number; `None` where its words are not valid, which they are.
    pub(crate) fn new(world: &Arc<World>, gateways: &Gateways, number: u32) -> Option<Self> {
        let minor = world.dice.between(1, 500_000);
        let codes = payment::CodeFormat::standard();
        Some(Self {
            merchant: MerchantId::parse(MERCHANT).ok()?,
            order_number: OrderNumber::parse(&format!("o{number}")).ok()?,
            terminal: TerminalId::parse(&format!("till-{}", number % 7)).ok()?,
            amount: Money::new(minor, Currency::parse("EUR").ok()?).ok()?,
            policy: world.plan.policy(&world.dice)?,
            code: PaymentCode::parse("281012020262467128", &codes).ok()?,
            world: Arc::clone(world),
            gateways: gateways.clone(),
            number,
        })
    }

    /// Goes through the sale until the merchant has no more to ask.
    pub(crate) async fn go(self: Arc<Self>) {
        if self.world.plan.projector.gone_after_ms.is_some() && self.number % 2 == 1 {
            pass(AN_HOUR_LATER_MS).await;
        }
        pass(self.world.dice.between(0, self.world.plan.spread_ms)).await;
        let unrest = self.world.plan.unrest;
        if self.world.dice.per_mille(unrest / 6) {
            let (here, there) = (Arc::clone(&self), Arc::clone(&self));
            let other = tokio::spawn(async move { there.attempt("x").await });
            here.attempt("a").await;
            let _second_till = other.await;
            return;
        }
        let first = self.attempt("a").await;
        match first {
            Some(Outcome::Paid) => self.after_paid("a").await,
            Some(Outcome::NotPaid) | None if self.world.dice.per_mille(500) => {
                pass(self.world.dice.wait_ms(200_000)).await;
                if self.attempt("b").await == Some(Outcome::Paid) {
                    if self.world.dice.per_mille(300) {
                        self.world.met.x(22);
                        self.cancel("a").await;
                    }
                    self.after_paid("b").await;
                }
            }
            Some(Outcome::NotPaid | Outcome::Pending) | None => {}
        }
    }

    pub(crate) fn order(&self) -> OrderId {
        OrderId::of(&self.merchant, &self.order_number)
    }

    fn reference(&self, letter: &str) -> Option<Reference> {
        Reference::parse(&format!("s{}{letter}", self.number)).ok()
    }

    fn payment(&self, letter: &str) -> Option<PaymentId> {
        let reference = self.reference(letter)?;
        Some(PaymentId::of(&self.merchant, &reference))
    }

    /// The request to pay of this letter, as the till sends it.
    fn request(&self, letter: &str, body: &str) -> Option<NewSale> {
        Some(NewSale {
            merchant: self.merchant.clone(),
            policy: self.policy.clone(),
            reference: self.reference(letter)?,
            order: self.order_number.clone(),
            terminal: self.terminal.clone(),
            amount: self.amount,
            description: String::new(),
            code: self.code.clone(),
            digest: body.to_owned(),
            traceparent: None,
        })
    }

    /// One attempt, from the scan to what the till learns in its patience.
    async fn attempt(&self, letter: &str) -> Option<Outcome> {
        let (world, payment) = (&self.world, self.payment(letter)?);
        world.notes().of(payment);
        let unrest = world.plan.unrest;
        if world.dice.per_mille(unrest / 10) {
            self.cancel(letter).await;
            pass(world.dice.wait_ms(3_000)).await;
        }
        self.post(letter, payment).await?;
        if world.dice.per_mille(100) {
            // The connection is gone; the till asks when it is back: around the last release, or
            // past it (X23).
            let (soonest_ms, latest_ms) = if world.dice.per_mille(500) {
                (37_000, 43_000)
            } else {
                (43_000, 120_000)
            };
            pass(world.dice.between(soonest_ms, latest_ms)).await;
        }
        self.wait(letter, payment).await
    }

    /// Posts, again after a 503, and sometimes ten times at once. `None`: given up.
    async fn post(&self, letter: &str, payment: PaymentId) -> Option<()> {
        let world = &self.world;
        if world.dice.per_mille(world.plan.unrest / 10) {
            world.met.x(17);
            let copies = (0..9).map(|_| self.post_once(letter, payment, "body"));
            let other = self.post_once(letter, payment, "another body");
            futures_util::future::join(futures_util::future::join_all(copies), other).await;
        }
        for _ in 0..4 {
            match self.post_once(letter, payment, "body").await {
                Some(Ok(())) => return Some(()),
                Some(Err(Problem::Declined | Problem::KeyReused | Problem::Unknown)) => {
                    return None;
                }
                Some(Err(Problem::AskAgain)) | None => {}
            }
            if world.dice.per_mille(300) {
                return None;
            }
            pass(world.dice.wait_ms(10_000)).await;
        }
        None
    }

    async fn post_once(
        &self,
        letter: &str,
        payment: PaymentId,
        body: &str,
    ) -> Option<Result<(), Problem>> {
        let gateway = self.gateways.some(&self.world.dice);
        let request = self.request(letter, body)?;
        let answer = tokio::time::timeout(self.patience(), gateway.pay(request)).await;
        let answer = answer.ok()?;
        let mut notes = self.world.notes();
        let dossier = notes.of(payment);
        match answer {
            Ok(()) => dossier.accepted = true,
            Err(problem) => dossier.hear(Err(problem)),
        }
        drop(notes);
        Some(answer)
    }

    /// Asks until the outcome is final or patience is over; sometimes cancels in between.
    async fn wait(&self, letter: &str, payment: PaymentId) -> Option<Outcome> {
        let world = &self.world;
        let until = world.now().plus_ms(50_000);
        let cancels = world.dice.per_mille(world.plan.unrest / 4);
        let cancel_at = world.now().plus_ms(world.dice.wait_ms(50_000));
        let mut cancelled = false;
        loop {
            if cancels && !cancelled && world.now() >= cancel_at {
                cancelled = true;
                self.cancel(letter).await;
            }
            match self.look(payment).await {
                Some(Ok(said)) if said.told.outcome != Outcome::Pending => {
                    return Some(said.told.outcome);
                }
                Some(Err(Problem::Declined | Problem::Unknown)) => return None,
                // It hung up; and sometimes nobody comes back to ask.
                None if world.plan.hang_ups > 0 && world.fails_aside(300) => return None,
                Some(Ok(_) | Err(Problem::AskAgain | Problem::KeyReused)) | None => {}
            }
            if world.now() > until {
                return None;
            }
            pass(world.dice.between(100, 4_000)).await;
        }
    }

    /// Asks a door once.
    pub(crate) async fn look(&self, payment: PaymentId) -> Option<Result<Said, Problem>> {
        let gateway = self.gateways.some(&self.world.dice);
        let asking = gateway.tell(&self.merchant, payment);
        let Ok(said) = tokio::time::timeout(self.patience(), asking).await else {
            self.world.notes().of(payment).hang_ups += 1;
            return None;
        };
        self.hear(payment, said);
        Some(said)
    }

    /// How long the till keeps this connection: some hang up before any answer can come (K6b).
    fn patience(&self) -> Duration {
        let world = &self.world;
        if !world.fails_aside(world.plan.hang_ups) {
            return PATIENCE;
        }
        let ms = world.side_dice.wait_ms(SHORT_PATIENCE_MS);
        Duration::from_millis(u64::try_from(ms).unwrap_or(0))
    }

    fn hear(&self, payment: PaymentId, said: Result<Said, Problem>) {
        // The terms are what the answer's body shows of them.
        let terms = self
            .world
            .rows()
            .receipt(payment)
            .map(|receipt| receipt.terms.clone());
        let mut notes = self.world.notes();
        let dossier = notes.of(payment);
        dossier.terms = terms;
        dossier.hear(said);
    }

    async fn after_paid(&self, letter: &str) {
        let world = &self.world;
        let Some(payment) = self.payment(letter) else {
            return;
        };
        if matches!(self.policy.delivery(), Delivery::Acknowledged { .. })
            && world.dice.per_mille(700)
        {
            let gateway = self.gateways.some(&world.dice);
            let acknowledging = gateway.acknowledge(&self.merchant, payment);
            if let Ok(Ok(())) = tokio::time::timeout(self.patience(), acknowledging).await {
                world.notes().of(payment).acknowledged = true;
            }
        }
        if world.dice.per_mille(world.plan.unrest / 3) {
            pass(world.dice.wait_ms(1_500_000)).await;
            self.cancel(letter).await;
        }
    }

    /// Cancels, known to the gateway or not (B2).
    async fn cancel(&self, letter: &str) {
        let Some(payment) = self.payment(letter) else {
            return;
        };
        self.world.notes().of(payment).cancel_asked = true;
        let gateway: Arc<Gateway> = self.gateways.some(&self.world.dice);
        let cancelling = gateway.produce(self.order(), payment, CommandBody::Cancel);
        if let Ok(true) = tokio::time::timeout(self.patience(), cancelling).await {
            self.world.notes().of(payment).cancel_taken = true;
        }
    }

    /// Every payment of this sale that anyone asked for.
    pub(crate) fn payments(&self) -> impl Iterator<Item = PaymentId> + '_ {
        ["a", "b", "x"]
            .into_iter()
            .filter_map(|letter| self.payment(letter))
    }
}
