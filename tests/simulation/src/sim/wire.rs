//! The line to Alipay: questions that never arrive or arrive late, answers that get lost or can't
//! be believed, and the notifications that come back on their own.

use super::gateway::Gateways;
use super::process::Process;
use super::temper::{Customer, Notices};
use super::world::{World, pass};
use alipay::{Asked, Within};
use orchestrator::Wire;
use payment::{
    Answer, Approval, Ask, Loss, MerchantId, Notice, NoticeResult, PaymentRequestId, Timestamp,
};
use std::sync::Arc;
use std::time::Duration;

/// One process's line.
#[derive(Clone)]
pub(crate) struct SimWire {
    pub(crate) process: Arc<Process>,
    pub(crate) gateways: Gateways,
}

/// How one question fares.
struct Journey {
    there_ms: i64,
    back_ms: i64,
    arrives: bool,
    answer_lost: bool,
}

impl Wire for SimWire {
    async fn ask(
        &self,
        _merchant: &MerchantId,
        ask: &Ask,
        now: Timestamp,
        within: Within,
    ) -> Asked {
        let world = &self.process.world;
        // A process that is stopped here has looked at its clocks for the last time; nothing it
        // could do would help. Alipay refuses what comes too late.
        let called_at = world.now();
        self.process.gate().await;
        if world.fails(world.plan.wire.unreachable) {
            return silence(Loss::NotSent);
        }
        self.note_sent(ask, called_at);
        let timeout_ms = i64::try_from(within.whole.as_millis()).unwrap_or(i64::MAX);
        let journey = self.journey(ask);
        let in_time = journey.there_ms.saturating_add(journey.back_ms) < timeout_ms;
        if !(journey.arrives && in_time) {
            if journey.arrives {
                let (line, ask, sent) = (self.clone(), ask.clone(), world.send());
                tokio::spawn(async move {
                    pass(journey.there_ms).await;
                    line.arrive(&ask);
                    drop(sent);
                });
            }
            pass(timeout_ms).await;
            self.process.gate().await;
            return silence(Loss::TimedOut);
        }
        pass(journey.there_ms).await;
        let (answer, lost) = self.arrive(ask);
        if lost || journey.answer_lost {
            pass(timeout_ms.saturating_sub(journey.there_ms)).await;
            self.process.gate().await;
            return silence(Loss::TimedOut);
        }
        pass(journey.back_ms).await;
        self.process.gate().await;
        if world.fails(world.plan.wire.disbelieved) {
            return silence(Loss::BadSignature);
        }
        let clock_skew_ms = world.alipay_now().ms_since(now);
        Asked {
            answer,
            clock_skew_ms: Some(clock_skew_ms),
        }
    }
}

fn silence(loss: Loss) -> Asked {
    Asked {
        answer: Answer::Lost(loss),
        clock_skew_ms: None,
    }
}

impl SimWire {
    fn journey(&self, ask: &Ask) -> Journey {
        let world = &self.process.world;
        let faults = &world.plan.wire;
        let mut journey = Journey {
            there_ms: world.dice.between(5, 60),
            back_ms: world.dice.between(5, 60),
            arrives: !world.fails(faults.swallowed),
            answer_lost: world.fails(faults.lost),
        };
        if world.fails(faults.late) {
            journey.there_ms = world.dice.wait_ms(60_000);
        }
        if let Ask::Pay { terms, .. } = ask {
            let mut books = world.books();
            let temper = books.account(world, &terms.payment_request_id).temper;
            journey.there_ms = journey.there_ms.saturating_add(temper.pay_travels_ms);
            journey.arrives &= !temper.swallows_pay;
        }
        journey
    }

    /// Alipay's ledger counts what leaves for it, arrived or not.
    fn note_sent(&self, ask: &Ask, called_at: Timestamp) {
        let world = &self.process.world;
        let id = match ask {
            Ask::Pay { terms, .. } => Some(terms.payment_request_id.clone()),
            Ask::Inquire { payment_request_id } | Ask::Cancel { payment_request_id } => {
                Some(payment_request_id.clone())
            }
            // Alipay's paymentId is our key with a letter before it.
            Ask::Refund {
                alipay_payment_id, ..
            } => alipay_payment_id
                .as_str()
                .get(1..)
                .and_then(|text| PaymentRequestId::parse(text).ok()),
            Ask::InquireRefund { .. } => None,
        };
        let Some(id) = id else {
            return;
        };
        let mut books = world.books();
        let sent = &mut books.account(world, &id).sent;
        match ask {
            Ask::Pay { .. } => {
                sent.pays = sent.pays.saturating_add(1);
                sent.last_pay_at = Some(called_at);
            }
            Ask::Inquire { .. } => sent.inquiries = sent.inquiries.saturating_add(1),
            Ask::Cancel { .. } => {
                sent.first_cancel = sent.first_cancel.or(Some((called_at, sent.inquiries)));
                let refunded = sent.first_refund;
                sent.cancel_after_refund |= refunded.is_some_and(|at| called_at > at);
            }
            Ask::Refund { .. } => {
                sent.refunds = sent.refunds.saturating_add(1);
                sent.first_refund = sent.first_refund.or(Some(called_at));
            }
            Ask::InquireRefund { .. } => {}
        }
    }

    /// The question is at Alipay. What it sets in motion goes on whatever becomes of us.
    fn arrive(&self, ask: &Ask) -> (Answer, bool) {
        let world = &self.process.world;
        let reply = world.books().ask(world, ask);
        if let Ask::Pay { terms, .. } = ask {
            let id = &terms.payment_request_id;
            self.type_pin(id);
            if reply.charged {
                self.notify_charge(id);
            }
        }
        if let Ask::Cancel { payment_request_id } = ask
            && (reply.cancelled || reply.charged)
        {
            let temper = world.books().account(world, payment_request_id).temper;
            if temper.notices == Notices::AfterCancel {
                self.notify(payment_request_id, 500);
            }
        }
        (reply.answer, reply.lost)
    }

    fn type_pin(&self, id: &PaymentRequestId) {
        let world = &self.process.world;
        let Customer::TypesFor(ms) = world.books().account(world, id).temper.customer else {
            return;
        };
        let (line, id, sent) = (self.clone(), id.clone(), world.send());
        tokio::spawn(async move {
            pass(ms).await;
            let world = &line.process.world;
            let charged = world.books().typed(&id, world.alipay_now());
            if charged {
                line.notify_charge(&id);
            }
            drop(sent);
        });
    }

    fn notify_charge(&self, id: &PaymentRequestId) {
        let notices = self
            .process
            .world
            .books()
            .known(id)
            .map(super::alipay::Account::notices_of_charge);
        for ms in notices.unwrap_or_default() {
            self.notify(id, ms);
        }
    }

    /// Alipay sends a notification, and again until a gateway says that it is durable.
    fn notify(&self, id: &PaymentRequestId, after_ms: i64) {
        let (gateways, id) = (self.gateways.clone(), id.clone());
        let world = Arc::clone(&self.process.world);
        let sent = world.send();
        tokio::spawn(async move {
            let _sent = sent;
            let said = world.books().known(&id).and_then(|account| {
                let approval = account.notified()?;
                Some((approval, account.temper.lies))
            });
            let Some((approval, lies)) = said else {
                return;
            };
            if !lies && world.fails(world.plan.wire.notice_lost) {
                return;
            }
            pass(after_ms).await;
            if world.fails(world.plan.wire.notice_late) {
                pass(world.dice.wait_ms(900_000)).await;
            }
            send(&world, &gateways, &id, approval).await;
        });
    }
}

/// Alipay's waits between its tries, in seconds; the last is repeated.
const AGAIN_S: [i64; 4] = [2, 15, 60, 180];

async fn send(world: &World, gateways: &Gateways, id: &PaymentRequestId, approval: Approval) {
    for wait_s in AGAIN_S.into_iter().chain([300; 20]) {
        let notice = Notice {
            result: NoticeResult::Paid(approval.clone()),
        };
        let gateway = gateways.some(&world.dice);
        let patience = Duration::from_secs(10);
        let heard = tokio::time::timeout(patience, gateway.notified(id, notice)).await;
        if matches!(heard, Ok(true)) {
            return;
        }
        pass(wait_s.saturating_mul(1_000)).await;
    }
}
