//! Alipay's books: what was charged and given back, truly, and what it answers. The truth here is
//! what the auditor compares every told outcome with.

use super::temper::{Customer, Notices, Temper};
use super::world::World;
use payment::{
    AlipayPaymentId, AlipayRefundId, Answer, Approval, Ask, CancelAnswer, IdFault, InquiryAnswer,
    Money, PayAnswer, PaymentRequestId, RefundAnswer, RefundInquiryAnswer, RefundRequestId,
    ResultCode, Terms, Timestamp,
};
use std::collections::BTreeMap;

/// All accounts, by our own key.
#[derive(Default)]
pub(crate) struct Books {
    accounts: BTreeMap<PaymentRequestId, Account>,
    /// Which payment an `paymentId` of Alipay's is.
    by_payment_id: BTreeMap<AlipayPaymentId, PaymentRequestId>,
}

/// One payment at Alipay.
pub(crate) struct Account {
    pub(crate) temper: Temper,
    /// How often each of pay, inquiry, cancel, refund and inquiryRefund was asked.
    asked: [u32; 5],
    /// What left for this key, arrived or not.
    pub(crate) sent: Sent,
    pub(crate) open: Option<Opened>,
}

/// What left for Alipay under one key.
#[derive(Clone, Copy, Default)]
pub(crate) struct Sent {
    pub(crate) pays: u32,
    pub(crate) last_pay_at: Option<Timestamp>,
    pub(crate) inquiries: u32,
    pub(crate) refunds: u32,
    /// When the first of them was let go.
    pub(crate) first_refund: Option<Timestamp>,
    /// When the first cancel left, and how many inquiries had left by then.
    pub(crate) first_cancel: Option<(Timestamp, u32)>,
    /// Whether a cancel was let go after a refund was. One that its worker was stopped with on its
    /// way out may leave later all the same: Alipay refuses it then.
    pub(crate) cancel_after_refund: bool,
}

/// What has arrived.
pub(crate) struct Opened {
    pub(crate) terms: Terms,
    payment_id: AlipayPaymentId,
    arrived_at: Timestamp,
    /// Until when the customer types; `None`: nobody types.
    typing: bool,
    refused: Option<&'static str>,
    charges_more: bool,
    pub(crate) charged_minor: i64,
    pub(crate) returned_minor: i64,
    cancelled: bool,
    /// What each refund was answered; the same again is answered the same (AMS: idempotency).
    refunds: BTreeMap<RefundRequestId, Result<(), &'static str>>,
}

/// The five calls, as places in the arrays above.
const PAY: usize = 0;
const INQUIRY: usize = 1;
const CANCEL: usize = 2;
const REFUND: usize = 3;
const REFUND_INQUIRY: usize = 4;

/// How long after its expiry an unconfirmed payment is closed.
const CLOSED_AFTER_MS: i64 = 600_000;

/// What becomes of one question.
pub(crate) struct Reply {
    /// What Alipay says.
    pub(crate) answer: Answer,
    /// Whether the answer gets lost.
    pub(crate) lost: bool,
    /// A charge that just happened, to be notified.
    pub(crate) charged: bool,
    /// A cancel that just happened.
    pub(crate) cancelled: bool,
}

impl Books {
    /// The account of this key; made when it is first asked for.
    pub(crate) fn account(&mut self, world: &World, id: &PaymentRequestId) -> &mut Account {
        self.accounts.entry(id.clone()).or_insert_with(|| Account {
            temper: Temper::some(&world.dice, &world.plan.wire),
            asked: [0; 5],
            sent: Sent::default(),
            open: None,
        })
    }

    /// Alipay's ledger of one payment.
    pub(crate) fn known(&self, id: &PaymentRequestId) -> Option<&Account> {
        self.accounts.get(id)
    }

    /// The question arrives.
    pub(crate) fn ask(&mut self, world: &World, ask: &Ask) -> Reply {
        let mut reply = self.answer(world, ask);
        if world.fails(world.plan.wire.doubt) {
            reply.answer = doubt(match ask {
                Ask::Pay { .. } => PAY,
                Ask::Inquire { .. } => INQUIRY,
                Ask::Cancel { .. } => CANCEL,
                Ask::Refund { .. } => REFUND,
                Ask::InquireRefund { .. } => REFUND_INQUIRY,
            });
        }
        reply
    }

    fn answer(&mut self, world: &World, ask: &Ask) -> Reply {
        let now = world.alipay_now();
        match ask {
            Ask::Pay { terms, .. } => self.pay(world, terms, now),
            Ask::Inquire { payment_request_id } => {
                let account = self.account(world, payment_request_id);
                account.reply(INQUIRY, now, |account| {
                    Answer::Inquiry(account.inquiry(now))
                })
            }
            Ask::Cancel { payment_request_id } => {
                let account = self.account(world, payment_request_id);
                account.reply(CANCEL, now, |account| Answer::Cancel(account.cancel(now)))
            }
            Ask::Refund {
                refund_request_id,
                alipay_payment_id,
                amount,
            } => {
                let id = self.by_payment_id.get(alipay_payment_id).cloned();
                let Some(account) = id.and_then(|id| self.accounts.get_mut(&id)) else {
                    return Reply::refund_refused("ORDER_NOT_EXIST");
                };
                account.reply(REFUND, now, |account| {
                    Answer::Refund(account.refund(refund_request_id, *amount))
                })
            }
            Ask::InquireRefund { refund_request_id } => {
                let of = |account: &&mut Account| account.knows_refund(refund_request_id);
                let Some(account) = self.accounts.values_mut().find(of) else {
                    return Reply::refund_not_found();
                };
                account.reply(REFUND_INQUIRY, now, |account| {
                    Answer::RefundInquiry(account.refund_inquiry(refund_request_id))
                })
            }
        }
    }

    fn pay(&mut self, world: &World, terms: &Terms, now: Timestamp) -> Reply {
        if let Some(id) = alipay_payment_id(&terms.payment_request_id) {
            self.by_payment_id
                .insert(id, terms.payment_request_id.clone());
        }
        let account = self.account(world, &terms.payment_request_id);
        account.reply(PAY, now, |account| Answer::Pay(account.pay(terms, now)))
    }

    /// The customer's PIN is typed: charged, unless it is too late. Says whether it was.
    pub(crate) fn typed(&mut self, id: &PaymentRequestId, now: Timestamp) -> bool {
        let open = self.accounts.get_mut(id);
        open.and_then(|account| account.open.as_mut())
            .is_some_and(|open| open.confirm(now))
    }
}

impl Reply {
    fn refund_not_found() -> Self {
        Self {
            answer: Answer::RefundInquiry(RefundInquiryAnswer::NotFound),
            lost: false,
            charged: false,
            cancelled: false,
        }
    }

    fn refund_refused(code: &str) -> Self {
        Self {
            answer: Answer::Refund(RefundAnswer::Refused {
                code: ResultCode::new(code),
            }),
            lost: false,
            charged: false,
            cancelled: false,
        }
    }
}

impl Account {
    /// What is gone from the customer for good.
    pub(crate) fn net_minor(&self) -> i64 {
        self.open.as_ref().map_or(0, |open| {
            open.charged_minor.saturating_sub(open.returned_minor)
        })
    }

    /// Does what is asked, then says so, doubts it or loses the answer.
    fn reply(
        &mut self,
        api: usize,
        now: Timestamp,
        act: impl FnOnce(&mut Self) -> Answer,
    ) -> Reply {
        if let Some(open) = &mut self.open {
            open.ripen(now);
        }
        let before = self.charged_minor();
        let was_cancelled = self.is_cancelled();
        let earlier = self.asked.get(api).copied().unwrap_or(0);
        if let Some(count) = self.asked.get_mut(api) {
            *count = count.saturating_add(1);
        }
        let first = |limits: [u32; 4]| limits.get(api).is_some_and(|limit| earlier < *limit);
        // In doubt means just that: done or not, by turns.
        let doubts = first(self.temper.doubts);
        let idle = doubts && api != PAY && earlier.is_multiple_of(2);
        let answer = if idle { doubt(api) } else { act(self) };
        Reply {
            answer: if doubts { doubt(api) } else { answer },
            lost: first(self.temper.loses),
            charged: self.charged_minor() > before,
            cancelled: self.is_cancelled() && !was_cancelled,
        }
    }

    fn charged_minor(&self) -> i64 {
        self.open.as_ref().map_or(0, |open| open.charged_minor)
    }

    fn is_cancelled(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.cancelled)
    }

    fn approval(&self, open: &Opened) -> Approval {
        let asked_for = open.terms.amount;
        let amount = Money::new(open.charged_minor, asked_for.currency()).unwrap_or(asked_for);
        Approval {
            alipay_payment_id: open.payment_id.clone(),
            amount,
        }
    }

    /// What a notification of the charge says.
    pub(crate) fn notified(&self) -> Option<Approval> {
        let open = self.open.as_ref()?;
        (open.charged_minor > 0).then(|| self.approval(open))
    }

    fn pay(&mut self, terms: &Terms, now: Timestamp) -> PayAnswer {
        let in_process = || PayAnswer::InDoubt {
            code: ResultCode::new("PAYMENT_IN_PROCESS"),
        };
        let refused = |code: &str| PayAnswer::Refused {
            code: ResultCode::new(code),
        };
        // paymentExpiryTime is the close instant: Alipay itself refuses a late pay.
        if now > terms.close_at() {
            return refused("EXPIRED_CODE");
        }
        let Some(payment_id) = alipay_payment_id(&terms.payment_request_id) else {
            return refused("PARAM_ILLEGAL");
        };
        let (typing, lacks) = match self.temper.customer {
            Customer::Confirms => (false, None),
            Customer::TypesFor(_) | Customer::Dithers | Customer::ConfirmsOnCancel => (true, None),
            Customer::Lacks(code) => (false, Some(code)),
        };
        let mut open = Opened {
            terms: terms.clone(),
            payment_id,
            arrived_at: now,
            typing,
            refused: lacks,
            charges_more: self.temper.other_amount,
            charged_minor: 0,
            returned_minor: 0,
            cancelled: false,
            refunds: BTreeMap::new(),
        };
        if let Some(code) = lacks {
            self.open = Some(open);
            return refused(code);
        }
        if typing {
            self.open = Some(open);
            return in_process();
        }
        open.charge();
        let approval = self.approval(&open);
        self.open = Some(open);
        if self.temper.lies {
            return refused("USER_BALANCE_NOT_ENOUGH");
        }
        PayAnswer::Approved(approval)
    }

    fn inquiry(&self, now: Timestamp) -> InquiryAnswer {
        let asked = self.asked.get(INQUIRY).copied().unwrap_or(0);
        if asked <= self.temper.refuses_inquiries {
            return InquiryAnswer::Refused {
                code: ResultCode::new("SYSTEM_ERROR"),
            };
        }
        let Some(open) = &self.open else {
            return InquiryAnswer::NotFound;
        };
        if now < open.arrived_at.plus_ms(self.temper.unknown_for_ms) {
            return InquiryAnswer::NotFound;
        }
        if open.cancelled {
            return InquiryAnswer::Cancelled;
        }
        if let Some(code) = open.refused {
            return InquiryAnswer::Failed {
                code: ResultCode::new(code),
            };
        }
        if open.charged_minor > 0 {
            return InquiryAnswer::Paid(self.approval(open));
        }
        InquiryAnswer::Processing
    }

    fn cancel(&mut self, now: Timestamp) -> CancelAnswer {
        let asked = self.asked.get(CANCEL).copied().unwrap_or(0);
        let (temper, confirms) = (
            self.temper,
            self.temper.customer == Customer::ConfirmsOnCancel,
        );
        let Some(open) = &mut self.open else {
            return CancelAnswer::NotFound;
        };
        if confirms && open.typing {
            open.confirm(now);
        }
        if open.cancelled {
            return CancelAnswer::Cancelled;
        }
        if temper.window_over || now >= open.terms.cancel_window_ends_at() {
            return CancelAnswer::WindowOver;
        }
        if asked <= temper.refuses_cancels || open.returned_minor > 0 {
            return CancelAnswer::Refused {
                code: ResultCode::new("ORDER_STATUS_INVALID"),
            };
        }
        open.cancelled = true;
        open.typing = false;
        open.returned_minor = open.charged_minor;
        CancelAnswer::Cancelled
    }

    fn knows_refund(&self, id: &RefundRequestId) -> bool {
        let open = self.open.as_ref();
        open.is_some_and(|open| open.refunds.contains_key(id))
    }

    fn refund_inquiry(&mut self, id: &RefundRequestId) -> RefundInquiryAnswer {
        let Some(open) = &self.open else {
            return RefundInquiryAnswer::NotFound;
        };
        let amount = Money::new(open.charged_minor, open.terms.amount.currency());
        match (open.refunds.get(id), amount, refund_id(id)) {
            (None, _, _) => RefundInquiryAnswer::NotFound,
            (Some(Ok(())), Ok(amount), Ok(refund_id)) => {
                RefundInquiryAnswer::Refunded { refund_id, amount }
            }
            (Some(_), _, _) => RefundInquiryAnswer::Failed,
        }
    }

    fn refund(&mut self, id: &RefundRequestId, amount: Money) -> RefundAnswer {
        let asked = self.asked.get(REFUND).copied().unwrap_or(0);
        let refused = |code: &str| {
            let final_f = code == "MERCHANT_BALANCE_NOT_ENOUGH";
            let code = ResultCode::new(code);
            if final_f {
                RefundAnswer::NoEffect { code }
            } else {
                RefundAnswer::Refused { code }
            }
        };
        let hides_until = self
            .temper
            .refuses_refunds
            .saturating_add(self.temper.hides_refunds);
        let hides = asked <= hides_until;
        let refuses = asked <= self.temper.refuses_refunds;
        let Some(open) = &mut self.open else {
            return refused("ORDER_NOT_EXIST");
        };
        let settled = open.refunds.get(id).copied();
        let settled = settled.unwrap_or_else(|| open.refund(refuses));
        open.refunds.insert(*id, settled);
        if let Err(code) = settled {
            return refused(code);
        }
        // It took effect, and is answered F (A16).
        if hides {
            return refused("PROCESS_FAIL");
        }
        match refund_id(id) {
            Ok(refund_id) => RefundAnswer::Refunded { refund_id, amount },
            Err(_) => refused("PROCESS_FAIL"),
        }
    }

    /// How much later a charge is notified, each time.
    pub(crate) fn notices_of_charge(&self) -> Vec<i64> {
        match self.temper.notices {
            Notices::Usual => vec![80],
            Notices::Twice => vec![50, 60],
            Notices::Late(ms) => vec![ms],
            Notices::Never | Notices::AfterCancel => Vec::new(),
        }
    }
}

impl Opened {
    /// A payment that nobody confirmed is closed some time after its expiry.
    fn ripen(&mut self, now: Timestamp) {
        if self.typing && now > self.terms.close_at().plus_ms(CLOSED_AFTER_MS) {
            self.typing = false;
            self.refused = Some("ORDER_IS_CLOSED");
        }
    }

    fn charge(&mut self) {
        self.typing = false;
        let more_minor = if self.charges_more { 100 } else { 0 };
        let minor = self.terms.amount.amount_minor();
        self.charged_minor = minor.saturating_add(more_minor);
    }

    /// A refund that was not asked for before.
    fn refund(&mut self, refuses: bool) -> Result<(), &'static str> {
        if self.cancelled || self.charged_minor == 0 {
            return Err("ORDER_STATUS_INVALID");
        }
        if refuses {
            return Err("MERCHANT_BALANCE_NOT_ENOUGH");
        }
        if self.returned_minor > 0 {
            return Err("REFUND_AMOUNT_EXCEED");
        }
        self.returned_minor = self.charged_minor;
        Ok(())
    }

    fn confirm(&mut self, now: Timestamp) -> bool {
        let may = self.typing && !self.cancelled && now <= self.terms.close_at();
        if may {
            self.charge();
        }
        may
    }
}

fn refund_id(id: &RefundRequestId) -> Result<AlipayRefundId, IdFault> {
    AlipayRefundId::parse(&format!("R{id}"))
}

fn doubt(api: usize) -> Answer {
    let code = ResultCode::new("UNKNOWN_EXCEPTION");
    match api {
        PAY => Answer::Pay(PayAnswer::InDoubt { code }),
        INQUIRY => Answer::Inquiry(InquiryAnswer::InDoubt { code }),
        CANCEL => Answer::Cancel(CancelAnswer::InDoubt { code }),
        REFUND => Answer::Refund(RefundAnswer::InDoubt { code }),
        _ => Answer::RefundInquiry(RefundInquiryAnswer::InDoubt { code }),
    }
}

fn alipay_payment_id(id: &PaymentRequestId) -> Option<AlipayPaymentId> {
    AlipayPaymentId::parse(&format!("A{}", id.as_str())).ok()
}
