//! Alipay as these tests need it: it keeps a ledger, and loses, delays or falsifies what it is
//! told to. Its real protocol is the simulator's.

use alipay::{Asked, Within};
use orchestrator::Wire;
use payment::{
    AlipayPaymentId, AlipayRefundId, Answer, Approval, Ask, CancelAnswer, InquiryAnswer, Loss,
    MerchantId, Money, PayAnswer, PaymentRequestId, RefundAnswer, RefundInquiryAnswer, ResultCode,
    Timestamp,
};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What Alipay does with one call.
#[derive(Clone, Debug)]
pub(crate) enum Reaction {
    /// Does it and answers.
    Answers,
    /// Does it; the answer is lost.
    DoesButLoses,
    /// Hears nothing of it.
    NeverHears,
    /// Hears and does it this much later, when nobody waits for the answer any more.
    HearsAfter(Duration),
    /// Says this and does nothing.
    Says(Answer),
    /// Does it, and says this.
    DoesAndSays(Answer),
    /// There is no connection, at once.
    Unreachable,
}

/// One of Alipay's four APIs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Api {
    Pay,
    Inquiry,
    Cancel,
    Refund,
    RefundInquiry,
}

/// What Alipay holds of one payment.
#[derive(Clone, Default, Debug)]
pub(crate) struct Account {
    pub(crate) amount: Option<Money>,
    pub(crate) charged: bool,
    pub(crate) cancelled: bool,
    pub(crate) refunded: bool,
    /// The customer still types the PIN.
    pub(crate) typing: bool,
}

#[derive(Clone, Default)]
pub(crate) struct AlipaySide(Arc<Mutex<Books>>);

#[derive(Default)]
struct Books {
    accounts: HashMap<PaymentRequestId, Account>,
    scripts: HashMap<Api, VecDeque<Reaction>>,
    always: HashMap<Api, Reaction>,
    calls: Vec<(Api, Timestamp)>,
    typing: bool,
    clock_ahead_ms: i64,
}

impl AlipaySide {
    /// The next call of this API meets this reaction; later ones the next in line.
    pub(crate) fn next(&self, api: Api, reaction: Reaction) {
        let mut books = self.0.lock().unwrap();
        books.scripts.entry(api).or_default().push_back(reaction);
    }

    /// Whatever is not scripted meets this reaction from now on.
    pub(crate) fn always(&self, api: Api, reaction: Reaction) {
        self.0.lock().unwrap().always.insert(api, reaction);
    }

    /// New payments wait for the customer's PIN.
    pub(crate) fn customers_type_pins(&self) {
        self.0.lock().unwrap().typing = true;
    }

    /// Its clock is so far ahead of ours.
    pub(crate) fn clock_is_ahead_by(&self, ms: i64) {
        self.0.lock().unwrap().clock_ahead_ms = ms;
    }

    /// The customer confirms: charged, unless it was cancelled.
    pub(crate) fn customer_confirms(&self) {
        for account in self.0.lock().unwrap().accounts.values_mut() {
            account.typing = false;
            account.charged = !account.cancelled;
        }
    }

    /// Whether any customer is out of money, all given back counted.
    pub(crate) fn customers_charged(&self) -> usize {
        let books = self.0.lock().unwrap();
        let out = |a: &&Account| a.charged && !a.cancelled && !a.refunded;
        books.accounts.values().filter(out).count()
    }

    /// How often this API was called.
    pub(crate) fn calls(&self, api: Api) -> usize {
        self.called_at(api).len()
    }

    /// When this API was called.
    pub(crate) fn called_at(&self, api: Api) -> Vec<Timestamp> {
        let books = self.0.lock().unwrap();
        let calls = books.calls.iter().filter(|(called, _)| *called == api);
        calls.map(|(_, at)| *at).collect()
    }

    fn react(&self, ask: &Ask, now: Timestamp) -> Reaction {
        let api = match ask {
            Ask::Pay { .. } => Api::Pay,
            Ask::Inquire { .. } => Api::Inquiry,
            Ask::Cancel { .. } => Api::Cancel,
            Ask::Refund { .. } => Api::Refund,
            Ask::InquireRefund { .. } => Api::RefundInquiry,
        };
        let mut books = self.0.lock().unwrap();
        books.calls.push((api, now));
        let scripted = books.scripts.get_mut(&api).and_then(VecDeque::pop_front);
        let always = books.always.get(&api).cloned();
        scripted.or(always).unwrap_or(Reaction::Answers)
    }

    fn act(&self, ask: &Ask) -> Answer {
        let mut books = self.0.lock().unwrap();
        let typing = books.typing;
        match ask {
            Ask::Pay { terms, .. } => {
                let account = books
                    .accounts
                    .entry(terms.payment_request_id.clone())
                    .or_default();
                account.amount = Some(terms.amount);
                account.typing = typing;
                account.charged = !typing && !account.cancelled;
                if typing {
                    let code = ResultCode::new("PAYMENT_IN_PROCESS");
                    return Answer::Pay(PayAnswer::InDoubt { code });
                }
                Answer::Pay(PayAnswer::Approved(approval(terms.amount)))
            }
            Ask::Inquire { payment_request_id } => {
                Answer::Inquiry(match books.accounts.get(payment_request_id) {
                    None => InquiryAnswer::NotFound,
                    Some(account) if account.cancelled => InquiryAnswer::Cancelled,
                    Some(account) if account.charged => {
                        InquiryAnswer::Paid(approval(account.amount.unwrap()))
                    }
                    Some(_) => InquiryAnswer::Processing,
                })
            }
            Ask::Cancel { payment_request_id } => {
                Answer::Cancel(match books.accounts.get_mut(payment_request_id) {
                    None => CancelAnswer::NotFound,
                    Some(account) => {
                        account.cancelled = true;
                        CancelAnswer::Cancelled
                    }
                })
            }
            Ask::InquireRefund { .. } => {
                let mut all = books.accounts.values();
                let refunded = all.find(|account| account.refunded);
                Answer::RefundInquiry(refunded.map_or(RefundInquiryAnswer::NotFound, |account| {
                    RefundInquiryAnswer::Refunded {
                        refund_id: AlipayRefundId::parse("R-1").unwrap(),
                        amount: account.amount.unwrap(),
                    }
                }))
            }
            Ask::Refund { amount, .. } => {
                for account in books.accounts.values_mut() {
                    account.refunded = account.charged;
                }
                Answer::Refund(RefundAnswer::Refunded {
                    refund_id: AlipayRefundId::parse("R-1").unwrap(),
                    amount: *amount,
                })
            }
        }
    }
}

/// Alipay's word that this was charged.
pub(crate) fn approval(amount: Money) -> Approval {
    Approval {
        alipay_payment_id: AlipayPaymentId::parse("2026112319074101000700000077771").unwrap(),
        amount,
    }
}

impl Wire for AlipaySide {
    async fn ask(
        &self,
        _merchant: &MerchantId,
        ask: &Ask,
        now: Timestamp,
        within: Within,
    ) -> Asked {
        let answer = match self.react(ask, now) {
            Reaction::Answers => {
                tokio::time::sleep(Duration::from_millis(80)).await;
                self.act(ask)
            }
            Reaction::DoesButLoses => {
                self.act(ask);
                tokio::time::sleep(within.whole).await;
                Answer::Lost(Loss::TimedOut)
            }
            Reaction::NeverHears => {
                tokio::time::sleep(within.whole).await;
                Answer::Lost(Loss::TimedOut)
            }
            Reaction::HearsAfter(delay) => {
                let (alipay, ask) = (self.clone(), ask.clone());
                tokio::spawn(async move {
                    tokio::time::sleep(delay).await;
                    alipay.act(&ask);
                });
                tokio::time::sleep(within.whole).await;
                Answer::Lost(Loss::TimedOut)
            }
            Reaction::Says(answer) => answer,
            Reaction::DoesAndSays(answer) => {
                self.act(ask);
                answer
            }
            Reaction::Unreachable => Answer::Lost(Loss::NotSent),
        };
        Asked {
            answer,
            clock_skew_ms: Some(self.0.lock().unwrap().clock_ahead_ms),
        }
    }
}
