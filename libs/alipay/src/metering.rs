//! How the calls to Alipay went, for the operator's graphs.

use crate::signature::SignatureFault;
use payment::{Answer, Loss};
use std::time::Duration;

/// Describes each name; what an alarm may wait for begins at 0.
pub(crate) fn begin() {
    metrics::describe_counter!(
        "alipay_calls_total",
        "Calls to Alipay, by what came of them."
    );
    metrics::describe_counter!(
        "alipay_unsent_again_total",
        "Calls sent over a fresh connection, since the kept one was closed before a byte left."
    );
    metrics::counter!("alipay_unsent_again_total").increment(0);
    metrics::describe_counter!(
        "alipay_answers_unbelieved_total",
        "Answers that are not believed, by what their signature lacks."
    );
    for why in ["unsigned", "badly_signed"] {
        metrics::counter!("alipay_answers_unbelieved_total", "why" => why).increment(0);
    }
    metrics::describe_histogram!("alipay_call_seconds", "How long calls to Alipay took.");
    for api in ["pay", "inquiryPayment", "cancel", "refund"] {
        for outcome in ["answered", "bad_signature", "not_sent", "closed"] {
            metrics::counter!("alipay_calls_total", "api" => api, "outcome" => outcome)
                .increment(0);
        }
    }
}

/// Counts one call and how long it took.
pub(crate) fn call(api: &'static str, answer: &Answer, took: Duration) {
    let outcome = match answer {
        Answer::Pay(_)
        | Answer::Inquiry(_)
        | Answer::Cancel(_)
        | Answer::Refund(_)
        | Answer::RefundInquiry(_) => "answered",
        Answer::Lost(loss) => name(*loss),
    };
    metrics::counter!("alipay_calls_total", "api" => api, "outcome" => outcome).increment(1);
    metrics::histogram!("alipay_call_seconds", "api" => api).record(took.as_secs_f64());
}

/// Counts a call that goes out over a fresh connection, since the kept one was closed before a byte
/// of it was written.
pub(crate) fn unsent_again() {
    metrics::counter!("alipay_unsent_again_total").increment(1);
}

/// Counts an answer that is not believed: without a signature, or with one that does not fit.
pub(crate) fn unbelieved(why: SignatureFault) {
    let why = match why {
        SignatureFault::Missing => "unsigned",
        SignatureFault::Unreadable
        | SignatureFault::OtherAlgorithm
        | SignatureFault::NoInstant
        | SignatureFault::Wrong => "badly_signed",
    };
    metrics::counter!("alipay_answers_unbelieved_total", "why" => why).increment(1);
}

fn name(loss: Loss) -> &'static str {
    match loss {
        Loss::NotSent => "not_sent",
        Loss::TimedOut => "timed_out",
        Loss::BadSignature => "bad_signature",
        Loss::HttpStatus(_) => "http_status",
        Loss::Closed => "closed",
        Loss::Malformed => "malformed",
    }
}
