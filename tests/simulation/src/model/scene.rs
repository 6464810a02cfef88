//! What one run of the model holds fixed: the terms of both attempts, the clock's slack, and how
//! many things may go wrong.

use payment::{
    AlipayPaymentId, AlipayRefundId, Approval, Currency, Delivery, MerchantId, Money, OrderNumber,
    PaymentId, PaymentRequestId, Policy, PolicyNumbers, Profile, Reference, ResultCode, TerminalId,
    Terms, Timestamp,
};

/// 2026-11-23T04:00:00Z: noon at Alipay, far from any end of a cancel window.
const NOON_MS: i64 = 1_795_406_400_000;

/// The next midnight at Alipay (UTC+8).
const MIDNIGHT_MS: i64 = NOON_MS + 43_200_000;

/// Which of the order's two attempts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Which {
    /// The one that came first.
    First,
    /// The other one.
    Second,
}

impl Which {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::First, Self::Second];
}

/// What may go wrong in a run; every single mishap takes one off `budget`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mishaps {
    /// How many in one run, in any order and any mixture.
    pub budget: u8,
    /// Workers and doors crash, are stopped, are all away.
    pub processes: bool,
    /// Requests and answers are lost or late.
    pub wire: bool,
    /// Alipay answers U, refuses what it should do, names another amount.
    pub words: bool,
    /// Commands and notifications come twice.
    pub repeats: bool,
    /// Alipay charges what it had signed as failed (X5).
    pub lies: bool,
    /// Tills hang up while `Released` is written for them (K6b).
    pub hang_ups: bool,
}

impl Mishaps {
    /// None at all.
    pub const NONE: Self = Self {
        budget: 0,
        processes: false,
        wire: false,
        words: false,
        repeats: false,
        lies: false,
        hang_ups: false,
    };
}

/// How a scene differs from the others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Setting {
    /// When an approval counts as delivered.
    pub delivery: Delivery,
    /// When the second attempt is made, after the first; `None`: there is no second.
    pub second_after_ms: Option<i64>,
    /// How often the merchant cancels each attempt.
    pub cancels: [u8; 2],
    /// When the cancel window of the first attempt ends, after its `T0`, if that is soon.
    pub window_ends_after_ms: Option<i64>,
    /// What may go wrong.
    pub mishaps: Mishaps,
}

/// A run's fixed part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Scene {
    /// The terms of both attempts.
    pub terms: [Terms; 2],
    /// Their ids, which are costly to derive.
    pub payments: [PaymentId; 2],
    /// How it differs from other scenes.
    pub setting: Setting,
    /// Alipay's word for the charge.
    pub approval: Approval,
    /// The same with another amount.
    pub wrong_approval: Approval,
    /// Alipay's name of any refund.
    pub refund_id: AlipayRefundId,
    /// Any code that decides nothing by itself.
    pub code: ResultCode,
}

impl Scene {
    /// A scene of this setting.
    ///
    /// # Errors
    /// When a number is out of the policy's bounds, or a name is not one.
    pub fn new(setting: Setting) -> anyhow::Result<Self> {
        let policy = Policy::under(Profile::Trial, numbers(setting.delivery))
            .map_err(|faults| anyhow::anyhow!("the policy does not hold: {faults:?}"))?;
        let began_ms = setting
            .window_ends_after_ms
            .map_or(NOON_MS, |ms| MIDNIGHT_MS - ms);
        let second_ms = began_ms + setting.second_after_ms.unwrap_or(0);
        let terms = [
            terms("R-1", began_ms, policy.clone())?,
            terms("R-2", second_ms, policy)?,
        ];
        let payments = terms.each_ref().map(Terms::payment);
        Ok(Self {
            payments,
            terms,
            setting,
            approval: approval(1_280)?,
            wrong_approval: approval(1_281)?,
            refund_id: AlipayRefundId::parse("RF-1")?,
            code: ResultCode::new("PROCESS_FAIL"),
        })
    }

    /// The terms of one attempt.
    pub fn terms(&self, which: Which) -> &Terms {
        let [first, second] = &self.terms;
        match which {
            Which::First => first,
            Which::Second => second,
        }
    }

    /// The id of one attempt.
    pub fn payment(&self, which: Which) -> PaymentId {
        let [first, second] = self.payments;
        match which {
            Which::First => first,
            Which::Second => second,
        }
    }

    /// Which attempt this is.
    pub fn which(&self, payment: PaymentId) -> Which {
        let [first, _] = self.payments;
        if payment == first {
            Which::First
        } else {
            Which::Second
        }
    }

    /// Whether a pay that is still on its way can be charged at this instant. Alipay's clock may
    /// be behind ours by anything less than the margin, so it accepts that much past the expiry.
    pub fn can_land(&self, which: Which, now: Timestamp) -> bool {
        now < self.terms(which).provable_absence_at(0)
    }
}

/// Few steps, and instants that coincide where nothing depends on their order.
fn numbers(delivery: Delivery) -> PolicyNumbers {
    PolicyNumbers {
        last_begin_ms: 1_000,
        close_ms: 10_000,
        last_release_ms: 13_500,
        merchant_timeout_ms: 18_000,
        transit_margin_ms: 3_000,
        pay_timeout_ms: 4_500,
        call_timeout_ms: 3_000,
        inquiry_every_ms: 30_000,
        inquiries_max: 10,
        cancel_every_ms: 10_000,
        cancel_patience_ms: 15_000,
        queue_first_ms: 3_600_000,
        queue_longest_ms: 3_600_000,
        not_exist_margin_ms: 10_000,
        cancel_window_past_midnight_ms: 0,
        delivery,
    }
}

fn terms(reference: &str, accepted_ms: i64, policy: Policy) -> anyhow::Result<Terms> {
    Ok(Terms {
        merchant: MerchantId::parse("m")?,
        order_number: OrderNumber::parse("O")?,
        reference: Reference::parse(reference)?,
        terminal: TerminalId::parse("t")?,
        payment_request_id: PaymentRequestId::parse(&format!("P-{reference}"))?,
        amount: approval(1_280)?.amount,
        description: String::new(),
        accepted_at: Timestamp::from_ms(accepted_ms),
        policy,
    })
}

fn approval(amount_minor: i64) -> anyhow::Result<Approval> {
    Ok(Approval {
        alipay_payment_id: AlipayPaymentId::parse("A")?,
        amount: Money::new(amount_minor, Currency::parse("CNY")?)?,
    })
}
