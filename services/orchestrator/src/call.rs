//! One call to Alipay: from the intention that was written down to the answer that is written
//! down. A worker that was stopped in between does not call (X12).

use crate::record::{RecordError, Recorder, Written};
use crate::said::said;
use crate::{Journal, Skew, Wire, ask, count};
use alipay::{Asked, Within};
use payment::{
    Answer, Attempt, Call, Input, Loss, Order, OrderId, PaymentCode, PaymentId, Policy, Timestamp,
};
use std::time::{Duration, Instant};

/// A worker that needed longer than this from its decision to the wire was stopped, or its disk
/// was: what it decided on may be over. It says `NotSent`, which is then true.
const STALL_MAX: Duration = Duration::from_secs(2);

/// Between two tries to send anything to Alipay at all.
const CONNECT_AGAIN_AFTER: Duration = Duration::from_millis(200);

/// A call that was written down and not made yet.
pub(crate) struct Intended {
    /// The order's id.
    pub(crate) id: OrderId,
    /// The order with the intention folded in.
    pub(crate) order: Order,
    /// The payment.
    pub(crate) payment: PaymentId,
    /// The number of its `Begun`.
    pub(crate) number: u32,
    /// Which call.
    pub(crate) call: Call,
    /// The scanned code, for the one pay.
    pub(crate) code: Option<PaymentCode>,
    /// When the decision was made, by the clock that no one sets.
    pub(crate) decided: Instant,
}

/// Makes calls.
#[derive(Clone)]
pub(crate) struct Caller<J, W> {
    pub(crate) recorder: Recorder<J>,
    pub(crate) wire: W,
    pub(crate) skew: Skew,
}

impl<J: Journal, W: Wire> Caller<J, W> {
    /// Makes the call and records what it brings.
    pub(crate) async fn make(&self, intended: Intended) -> Result<Written, RecordError> {
        let Intended {
            id,
            order,
            payment,
            number,
            call,
            code,
            decided,
        } = intended;
        let answer = match order.attempt(payment) {
            Some(attempt) => self.exchange(attempt, call, code, decided).await,
            None => Answer::Lost(Loss::NotSent),
        };
        let (said, code) = said(&answer);
        tracing::info!(
            payment.id = %payment, call = count::call_name(call), number,
            answer = said, code, "Alipay was asked"
        );
        let input = Input::Answer {
            payment,
            begun: number,
            answer,
            clock_skew_ms: self.skew.believed_ms(),
        };
        self.recorder.record(id, Some(order), input).await
    }

    /// Asks; again as long as nothing could be sent and there is time, since then not one byte
    /// has left.
    async fn exchange(
        &self,
        attempt: &Attempt,
        call: Call,
        code: Option<PaymentCode>,
        decided: Instant,
    ) -> Answer {
        let Some(ask) = ask::ask(attempt, call, code) else {
            return Answer::Lost(Loss::NotSent);
        };
        let mut asked_before = false;
        loop {
            let spent = self.since(decided);
            if spent > STALL_MAX && !asked_before {
                count::stall();
                return Answer::Lost(Loss::NotSent);
            }
            let now = self.recorder.now();
            let within = within(attempt, call, spent, now);
            if within.begin.is_zero() {
                return Answer::Lost(Loss::NotSent);
            }
            let Asked {
                answer,
                clock_skew_ms,
            } = self
                .wire
                .ask(&attempt.terms.merchant, &ask, now, within)
                .await;
            if let Some(skew_ms) = clock_skew_ms {
                self.skew.measured(skew_ms);
                count::skew(skew_ms);
            }
            let again_at = self.since(decided) + CONNECT_AGAIN_AFTER;
            if answer != Answer::Lost(Loss::NotSent) || again_at > STALL_MAX {
                return answer;
            }
            asked_before = true;
            tokio::time::sleep(CONNECT_AGAIN_AFTER).await;
        }
    }

    fn since(&self, decided: Instant) -> Duration {
        let now = self.recorder.clock.monotonic();
        now.saturating_duration_since(decided)
    }
}

/// How long the call may take from `now`, `spent` after its decision. It begins within the stall
/// limit, and a pay before its close instant. The answer is taken for lost a time-out after the
/// intention, so the call ends by then: never two calls of one payment on the wire.
fn within(attempt: &Attempt, call: Call, spent: Duration, now: Timestamp) -> Within {
    let stalled_in = STALL_MAX.saturating_sub(spent);
    let begin = match call {
        Call::Pay => {
            let closes_in_ms = attempt.terms.close_at().ms_since(now);
            let closes_in = u64::try_from(closes_in_ms).unwrap_or(0);
            stalled_in.min(Duration::from_millis(closes_in))
        }
        Call::Inquire | Call::Cancel | Call::Refund { .. } | Call::InquireRefund { .. } => {
            stalled_in
        }
    };
    Within {
        begin,
        whole: timeout(&attempt.terms.policy, call).saturating_sub(spent),
    }
}

fn timeout(policy: &Policy, call: Call) -> Duration {
    let timeout_ms = match call {
        Call::Pay => policy.pay_timeout_ms(),
        Call::Inquire | Call::Cancel | Call::Refund { .. } | Call::InquireRefund { .. } => {
            policy.call_timeout_ms()
        }
    };
    Duration::from_millis(u64::try_from(timeout_ms).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use payment::{
        Currency, MerchantId, Money, OrderNumber, PaymentRequestId, PolicyNumbers, Reference,
        TerminalId, Terms, decide, evolve,
    };

    fn order() -> Order {
        let terms = Terms {
            merchant: MerchantId::parse("corner-shop").unwrap(),
            order_number: OrderNumber::parse("O-1").unwrap(),
            reference: Reference::parse("R-1").unwrap(),
            terminal: TerminalId::parse("till-1").unwrap(),
            payment_request_id: PaymentRequestId::parse("P-1").unwrap(),
            amount: Money::new(1_280, Currency::parse("EUR").unwrap()).unwrap(),
            description: "Lunch".to_owned(),
            accepted_at: Timestamp::from_ms(0),
            policy: Policy::new(PolicyNumbers::standard()).unwrap(),
        };
        let begun = decide(&Order::default(), Input::Pay(Box::new(terms)), at(0)).unwrap();
        begun.iter().fold(Order::default(), evolve)
    }

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(ms)
    }

    #[test]
    fn case_x12_every_try_begins_within_two_seconds_of_its_decision_and_a_pay_before_its_close() {
        let order = order();
        let attempt = order.attempts.first().unwrap();
        let close_ms = attempt.terms.close_at().as_ms();
        for (call, spent_ms, now_ms, begin_ms) in [
            (Call::Pay, 0, 100, 2_000),
            (Call::Pay, 1_500, 100, 500),
            (Call::Pay, 2_500, 100, 0),
            (Call::Pay, 0, close_ms - 300, 300),
            (Call::Pay, 0, close_ms, 0),
            (Call::Pay, 0, close_ms + 1, 0),
            (Call::Cancel, 0, close_ms + 1, 2_000),
            (Call::Inquire, 1_900, close_ms + 1, 100),
        ] {
            let within = within(attempt, call, Duration::from_millis(spent_ms), at(now_ms));
            let case = format!("{call:?} {spent_ms} {now_ms}");
            assert_eq!(within.begin, Duration::from_millis(begin_ms), "{case}");
            let whole = timeout(&attempt.terms.policy, call);
            assert_eq!(
                within.whole + Duration::from_millis(spent_ms),
                whole,
                "{case}"
            );
        }
    }
}
