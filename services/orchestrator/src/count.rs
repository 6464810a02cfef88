//! What an operator sees of the orchestrator: one counter per thing worth a graph or an alarm.
//! Names and labels only; nothing of a customer or a merchant is ever a label.

use payment::{Alarm, Call, CloseReason, Event, Fact, Proof, Refusal, close_reason_code};

/// Describes every name, and begins those at 0 that an alarm may wait for.
pub(crate) fn begin() {
    for (name, what) in COUNTERS {
        metrics::describe_counter!(name, what);
    }
    for name in [
        "orchestrator_attention_raised_total",
        "orchestrator_receipts_unread_total",
        "orchestrator_journal_unavailable_total",
        "orchestrator_stalls_total",
        "orchestrator_conflicts_total",
        "orchestrator_payments_accepted_total",
        "orchestrator_payments_approved_total",
    ] {
        metrics::counter!(name).increment(0);
    }
    for alarm in [Alarm::AmountMismatch, Alarm::SuccessAfterEnd] {
        metrics::counter!("orchestrator_alarms_total", "alarm" => alarm_name(alarm)).increment(0);
    }
    labelled();
    metrics::describe_gauge!(
        "orchestrator_wake_ups_overdue",
        "Orders that the last sweep found overdue."
    );
    metrics::describe_gauge!(
        "orchestrator_commands_parked",
        "Commands that wait for a worker that can carry them out."
    );
    metrics::gauge!("orchestrator_commands_parked").set(0.0);
    for task in ["lane", "driver"] {
        metrics::counter!("orchestrator_panics_total", "task" => task).increment(0);
    }
    metrics::describe_gauge!(
        "orchestrator_orders_in_hand",
        "Orders that this process drives."
    );
    metrics::describe_gauge!(
        "orchestrator_clock_skew_ms",
        "The distance to Alipay's clock."
    );
}

/// Begins at 0 what is told by label.
fn labelled() {
    for refusal in [
        Refusal::OrderAlreadyPaid,
        Refusal::OrderHasOpenPayment,
        Refusal::ReversalInProgress,
    ] {
        metrics::counter!("orchestrator_payments_refused_total", "code" => refusal.code())
            .increment(0);
    }
    for proof in PROOFS {
        metrics::counter!("orchestrator_payments_ended_total", "proof" => proof).increment(0);
    }
    for reason in CloseReason::ALL {
        let reason = close_reason_code(*reason);
        metrics::counter!("orchestrator_closes_begun_total", "reason" => reason).increment(0);
    }
    for call in CALLS {
        metrics::counter!("orchestrator_calls_begun_total", "call" => call).increment(0);
    }
    for (kind, outcome) in [
        ("pay", "done"),
        ("pay", "refused"),
        ("pay", "dropped"),
        ("pay", "abandoned"),
        ("cancel", "done"),
        ("cancel", "refused"),
        ("notice", "done"),
        ("notice", "refused"),
        ("any", "parked"),
        ("poison", "dead"),
    ] {
        metrics::counter!("orchestrator_commands_total", "kind" => kind, "outcome" => outcome)
            .increment(0);
    }
}

const CALLS: [&str; 5] = ["pay", "inquiry", "cancel", "refund", "refund_inquiry"];

const PROOFS: [&str; 7] = [
    "pay_refused",
    "inquiry_failed",
    "inquiry_cancelled",
    "cancel_succeeded",
    "refund_succeeded",
    "never_sent",
    "never_arrived",
];

const COUNTERS: [(&str, &str); 14] = [
    ("orchestrator_payments_accepted_total", "Payments begun."),
    (
        "orchestrator_payments_refused_total",
        "Payments that a worker declined, since their order does not take them, by code.",
    ),
    (
        "orchestrator_payments_approved_total",
        "Payments that Alipay said are charged.",
    ),
    (
        "orchestrator_payments_ended_total",
        "Payments ended uncharged, by what proves it.",
    ),
    (
        "orchestrator_closes_begun_total",
        "Close-outs begun, by why.",
    ),
    (
        "orchestrator_calls_begun_total",
        "Calls to Alipay written down before they were made.",
    ),
    (
        "orchestrator_attention_raised_total",
        "Reversals without an end that a person should look at.",
    ),
    (
        "orchestrator_alarms_total",
        "What should never happen, by what it is.",
    ),
    (
        "orchestrator_commands_total",
        "Commands worked on, by kind and outcome.",
    ),
    (
        "orchestrator_stalls_total",
        "Calls not made because the worker had stood still.",
    ),
    (
        "orchestrator_receipts_unread_total",
        "Times that a forgotten request could not be read.",
    ),
    (
        "orchestrator_panics_total",
        "Tasks that broke off, by which.",
    ),
    (
        "orchestrator_journal_unavailable_total",
        "Times that the database was away.",
    ),
    (
        "orchestrator_conflicts_total",
        "Decisions on a version that had passed.",
    ),
];

/// Counts what was appended.
pub(crate) fn events(events: &[Event]) {
    for event in events {
        fact(event);
    }
}

fn fact(event: &Event) {
    match &event.fact {
        Fact::Accepted(_) => metrics::counter!("orchestrator_payments_accepted_total").increment(1),
        Fact::Begun { call, .. } => {
            metrics::counter!("orchestrator_calls_begun_total", "call" => call_name(*call))
                .increment(1);
        }
        Fact::Approved(_) => metrics::counter!("orchestrator_payments_approved_total").increment(1),
        Fact::CloseBegun(reason) => {
            let reason = close_reason_code(*reason);
            metrics::counter!("orchestrator_closes_begun_total", "reason" => reason).increment(1);
            tracing::info!(payment.id = %event.payment, reason, "close-out began");
        }
        Fact::Ended(proof) => {
            metrics::counter!("orchestrator_payments_ended_total", "proof" => proof_name(proof))
                .increment(1);
        }
        Fact::AttentionRaised => {
            metrics::counter!("orchestrator_attention_raised_total").increment(1);
            tracing::error!(
                payment.id = %event.payment,
                "the close-out has no end yet; the queue keeps trying, a person should look"
            );
        }
        Fact::Alarmed(alarm) => {
            let alarm = alarm_name(*alarm);
            metrics::counter!("orchestrator_alarms_total", "alarm" => alarm).increment(1);
            tracing::error!(payment.id = %event.payment, alarm, "this should never happen");
        }
        Fact::CancelKept
        | Fact::Answered { .. }
        | Fact::Noticed(_)
        | Fact::Released
        | Fact::Retold
        | Fact::Acknowledged
        | Fact::CancelRequested
        // An operator's command appends it, which no worker hears of.
        | Fact::Resolved(_) => {}
    }
}

/// A payment's order did not take it.
pub(crate) fn declined(refusal: Refusal) {
    metrics::counter!("orchestrator_payments_refused_total", "code" => refusal.code()).increment(1);
}

/// A command was worked on.
pub(crate) fn command(kind: &'static str, outcome: &'static str) {
    metrics::counter!("orchestrator_commands_total", "kind" => kind, "outcome" => outcome)
        .increment(1);
}

/// A call was not made because the worker had been stopped since it wrote its intention.
pub(crate) fn stall() {
    metrics::counter!("orchestrator_stalls_total").increment(1);
}

/// A decision was made on a version that had passed.
pub(crate) fn conflict() {
    metrics::counter!("orchestrator_conflicts_total").increment(1);
}

/// The journal could not be reached.
pub(crate) fn journal_unavailable() {
    metrics::counter!("orchestrator_journal_unavailable_total").increment(1);
}

/// Wake-ups that were found overdue in the last sweep.
pub(crate) fn overdue(orders: usize) {
    let orders = u32::try_from(orders).unwrap_or(u32::MAX);
    metrics::gauge!("orchestrator_wake_ups_overdue").set(f64::from(orders));
}

/// Orders that this process has in hand: driven now, or asleep until their instant.
pub(crate) fn in_hand(orders: usize) {
    let orders = u32::try_from(orders).unwrap_or(u32::MAX);
    metrics::gauge!("orchestrator_orders_in_hand").set(f64::from(orders));
}

/// Commands that wait for a worker that can read them.
pub(crate) fn parked(commands: usize) {
    let commands = u32::try_from(commands).unwrap_or(u32::MAX);
    metrics::gauge!("orchestrator_commands_parked").set(f64::from(commands));
}

/// A task broke off; what it did is done again.
pub(crate) fn panicked(task: &'static str) {
    metrics::counter!("orchestrator_panics_total", "task" => task).increment(1);
}

/// The measured distance to Alipay's clock.
pub(crate) fn skew(skew_ms: i64) {
    // An i32 of milliseconds is 24 days; farther away is the same to an operator.
    let bounded_ms = skew_ms.clamp(i64::from(i32::MIN), i64::from(i32::MAX));
    let skew_ms = i32::try_from(bounded_ms).unwrap_or_default();
    metrics::gauge!("orchestrator_clock_skew_ms").set(f64::from(skew_ms));
}

/// The label of a call.
pub(crate) fn call_name(call: Call) -> &'static str {
    match call {
        Call::Pay => "pay",
        Call::Inquire => "inquiry",
        Call::Cancel => "cancel",
        Call::Refund { .. } => "refund",
        Call::InquireRefund { .. } => "refund_inquiry",
    }
}

fn alarm_name(alarm: Alarm) -> &'static str {
    match alarm {
        Alarm::AmountMismatch => "amount_mismatch",
        Alarm::SuccessAfterEnd => "success_after_end",
    }
}

fn proof_name(proof: &Proof) -> &'static str {
    match proof {
        Proof::PayRefused { .. } => "pay_refused",
        Proof::InquiryFailed { .. } => "inquiry_failed",
        Proof::InquiryCancelled => "inquiry_cancelled",
        Proof::CancelSucceeded => "cancel_succeeded",
        Proof::RefundSucceeded { .. } => "refund_succeeded",
        Proof::NeverSent(_) => "never_sent",
        Proof::NeverArrived => "never_arrived",
    }
}

#[cfg(test)]
mod tests {
    use super::{CALLS, PROOFS, call_name, proof_name};
    use chassis::metrics::{Metrics, counters_lacking};
    use payment::{AlipayRefundId, Call, NeverSent, Proof, RefundRequestId, ResultCode};

    #[test]
    fn every_counter_of_the_orchestrator_that_the_page_names_begins_at_0_and_is_described() {
        let page = include_str!("../../../docs/operations.md");
        let told = Metrics::of_work(super::begin);
        let lacking = counters_lacking(&told, page, "orchestrator_");
        assert_eq!(lacking, [""; 0], "{told}");
    }

    #[test]
    fn every_call_and_every_proof_begins_at_0() {
        let id = RefundRequestId::parse("R1").unwrap();
        let number = 1;
        let calls = [
            Call::Pay,
            Call::Inquire,
            Call::Cancel,
            Call::Refund { number, id },
            Call::InquireRefund { number, id },
        ];
        assert_eq!(calls.map(call_name), CALLS);
        let code = || ResultCode::new("RISK_REJECT");
        let refund_id = AlipayRefundId::parse("2026").unwrap();
        let proofs = [
            Proof::PayRefused { code: code() },
            Proof::InquiryFailed { code: code() },
            Proof::InquiryCancelled,
            Proof::CancelSucceeded,
            Proof::RefundSucceeded { refund_id },
            Proof::NeverSent(NeverSent::TooLate),
            Proof::NeverArrived,
        ];
        assert_eq!(proofs.map(|proof| proof_name(&proof)), PROOFS);
    }
}
