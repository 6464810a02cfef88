//! What an attempt was accepted on. Recorded in its first event and never changed.

use crate::{
    MerchantId, Money, OrderId, OrderNumber, PaymentId, PaymentRequestId, Policy, Reference,
    TerminalId, Timestamp,
};

/// The terms of one attempt. The payment code is not among them (decision 2).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Terms {
    /// Whose sale it is.
    pub merchant: MerchantId,
    /// The merchant's number of the order.
    pub order_number: OrderNumber,
    /// The merchant's name of the attempt.
    pub reference: Reference,
    /// Where the code was scanned.
    pub terminal: TerminalId,
    /// Alipay's key of the attempt (D1).
    pub payment_request_id: PaymentRequestId,
    /// What is to be paid.
    pub amount: Money,
    /// What the customer reads in the wallet; at most 256 characters.
    pub description: String,
    /// `T0`: when the gateway took the request (decision 3).
    pub accepted_at: Timestamp,
    /// The numbers that govern it.
    pub policy: Policy,
}

impl Terms {
    /// The attempt's own id.
    pub fn payment(&self) -> PaymentId {
        PaymentId::of(&self.merchant, &self.reference)
    }

    /// The order it belongs to.
    pub fn order(&self) -> OrderId {
        OrderId::of(&self.merchant, &self.order_number)
    }

    /// Past this instant a pay that was not begun is never sent.
    pub fn last_begin_at(&self) -> Timestamp {
        self.accepted_at.plus_ms(self.policy.last_begin_ms())
    }

    /// From this instant on there is no approval any more: the close-out begins. Also Alipay's
    /// `paymentExpiryTime`.
    pub fn close_at(&self) -> Timestamp {
        self.accepted_at.plus_ms(self.policy.close_ms())
    }

    /// Past this instant nothing is released: every door says `not_paid`.
    pub fn last_release_at(&self) -> Timestamp {
        self.accepted_at.plus_ms(self.policy.last_release_ms())
    }

    /// When the merchant gives up waiting.
    pub fn merchant_timeout_at(&self) -> Timestamp {
        self.accepted_at.plus_ms(self.policy.merchant_timeout_ms())
    }

    /// From this instant on an ORDER_NOT_EXIST proves that the pay never arrived (decision 4).
    /// `clock_skew_ms` is the measured distance to Alipay's clock, of either sign.
    pub fn provable_absence_at(&self, clock_skew_ms: i64) -> Timestamp {
        let margin_ms = self.policy.not_exist_margin_ms();
        self.close_at()
            .plus_ms(margin_ms.saturating_add(clock_skew_ms.saturating_abs()))
    }

    /// The end of Alipay's cancel window: by default 00:15 UTC+8 on the day after (AMS 5).
    pub fn cancel_window_ends_at(&self) -> Timestamp {
        const DAY_MS: i64 = 86_400_000;
        const UTC_PLUS_8_MS: i64 = 28_800_000;
        let local_ms = self.accepted_at.as_ms().saturating_add(UTC_PLUS_8_MS);
        let next_midnight_ms = local_ms
            .div_euclid(DAY_MS)
            .saturating_add(1)
            .saturating_mul(DAY_MS)
            .saturating_sub(UTC_PLUS_8_MS);
        Timestamp::from_ms(next_midnight_ms).plus_ms(self.policy.cancel_window_past_midnight_ms())
    }
}
