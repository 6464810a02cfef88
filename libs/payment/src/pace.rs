//! How long to wait: time-outs, the spacing of inquiries and cancels, the queue's growing waits.

use crate::order::{Attempt, Begun, Closing};
use crate::{Call, Policy, Timestamp};

/// What a worker may need, beyond the call's own time-out, to write down what it brought. Another
/// worker waits this much longer before it takes the call for lost.
const RECORDING_GRACE_MS: i64 = 500;

/// The most doublings of the queue's wait; far beyond any longest wait.
const DOUBLINGS_MAX: u32 = 20;

/// A close-out that is old waits for a sixteenth of its age, so that its order grows ever more slowly.
const AGE_PER_WAIT: i64 = 16;

/// The longest of those waits.
const DAY_MS: i64 = 86_400_000;

/// How long an answer is waited for (A6, A9, A14).
pub(crate) fn timeout_ms(policy: &Policy, call: Call) -> i64 {
    match call {
        Call::Pay => policy.pay_timeout_ms(),
        Call::Inquire | Call::Cancel | Call::Refund { .. } | Call::InquireRefund { .. } => {
            policy.call_timeout_ms()
        }
    }
}

/// From this instant on a call without a recorded answer is taken for lost.
pub(crate) fn lost_at(policy: &Policy, begun: Begun) -> Timestamp {
    begun
        .at
        .plus_ms(timeout_ms(policy, begun.call).saturating_add(RECORDING_GRACE_MS))
}

/// When the next call is owed if this one, begun at `at`, brings nothing.
pub(crate) fn after_begin(attempt: &Attempt, call: Call, at: Timestamp) -> Timestamp {
    let policy = &attempt.terms.policy;
    match call {
        // A6: without a word five seconds after pay was sent, inquire.
        Call::Pay => at.plus_ms(policy.pay_timeout_ms()),
        Call::Inquire | Call::Cancel | Call::Refund { .. } | Call::InquireRefund { .. } => {
            at.plus_ms(policy.inquiry_every_ms())
        }
    }
}

/// The same within a close-out: 5 s between tries for 60 s (A14), then the queue's doubling waits
/// (A15, I3).
pub(crate) fn after_closing_begin(policy: &Policy, closing: &Closing, at: Timestamp) -> Timestamp {
    if !patience_over(policy, closing, at) {
        return at.plus_ms(policy.cancel_every_ms());
    }
    let wait_ms = doubled(policy.queue_first_ms(), closing.queue_tries);
    let age_ms = at.ms_since(closing.began_at);
    let old_ms = (age_ms / AGE_PER_WAIT).min(DAY_MS);
    at.plus_ms(wait_ms.min(policy.queue_longest_ms()).max(old_ms))
}

/// When the next inquiry is owed after this one, begun at `at`, about a payment that had ended.
pub(crate) fn after_recheck(policy: &Policy, rechecks: u32, at: Timestamp) -> Timestamp {
    let wait_ms = doubled(policy.inquiry_every_ms(), rechecks);
    at.plus_ms(wait_ms.min(policy.queue_longest_ms()))
}

fn doubled(first_ms: i64, times: u32) -> i64 {
    let factor = 1_i64
        .checked_shl(times.min(DOUBLINGS_MAX))
        .unwrap_or(i64::MAX);
    first_ms.saturating_mul(factor)
}

/// Whether the close-out has been tried for so long that a person should look (A15).
pub(crate) fn patience_over(policy: &Policy, closing: &Closing, at: Timestamp) -> bool {
    at >= closing.began_at.plus_ms(policy.cancel_patience_ms())
}
