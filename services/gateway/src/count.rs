//! What an operator sees of the gateway: every name with what it counts, and at 0 from the start, so
//! that an alarm on its rise fires on the first.

use crate::problem::Code;
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge};

/// What a notification may be judged to be.
const VERDICTS: [&str; 9] = [
    "ignored",
    "unsigned",
    "taken",
    "bad_signature",
    "header_missing",
    "other_client",
    "unreadable",
    "unknown_payment",
    "not_durable",
];

/// What tills ask most, and what they are answered where all is well and where it is not. The others
/// begin when they are first asked.
const DOORS: [(&str, &str, [&str; 3]); 2] = [
    ("POST", "/v1/payments", ["200", "202", "503"]),
    ("GET", "/v1/payments/{id}", ["200", "404", "503"]),
];

/// Describes them all, and begins each at 0.
pub(crate) fn begin() {
    describe_counter!("gateway_http_requests_total", "Requests answered.");
    for (method, route, statuses) in DOORS {
        for status in statuses {
            counter!(
                "gateway_http_requests_total",
                "method" => method, "route" => route, "status" => status
            )
            .increment(0);
        }
    }
    describe_histogram!("gateway_http_request_seconds", "How long answers took.");
    describe_counter!(
        "gateway_problems_total",
        "Problems answered, by their code."
    );
    for code in Code::ALL {
        counter!("gateway_problems_total", "code" => code.row().code).increment(0);
    }
    describe_counter!(
        "gateway_turned_away_total",
        "Requests to pay that were turned away untouched, by why."
    );
    for why in ["full", "behind"] {
        counter!("gateway_turned_away_total", "why" => why).increment(0);
    }
    describe_counter!(
        "gateway_share_refusals_total",
        "Requests refused because their merchant has its share in use, by of what."
    );
    for of in ["turns", "waits", "streams"] {
        counter!("gateway_share_refusals_total", "of" => of).increment(0);
    }
    sales();
    describe_counter!(
        "gateway_produce_failures_total",
        "Commands that the command log did not take."
    );
    counter!("gateway_produce_failures_total").increment(0);
    describe_counter!(
        "gateway_notices_total",
        "Notifications of Alipay, by verdict."
    );
    for verdict in VERDICTS {
        counter!("gateway_notices_total", "verdict" => verdict).increment(0);
    }
    connections();
    describe_gauge!("gateway_token_keys", "Keys by which tokens are verified.");
    describe_gauge!(
        "gateway_token_keys_skipped",
        "Keys of the JWKS file by which no token can be verified."
    );
    describe_gauge!(
        "gateway_token_keys_broken",
        "1 while the JWKS file can't be used and the keys of before stay in force."
    );
}

fn sales() {
    describe_counter!(
        "gateway_late_releases_total",
        "Releases that were written too late to be told."
    );
    counter!("gateway_late_releases_total").increment(0);
    describe_counter!(
        "gateway_withdrawn_releases_total",
        "Releases that nobody was told and that were taken back."
    );
    counter!("gateway_withdrawn_releases_total").increment(0);
    describe_counter!(
        "gateway_shared_read_failures_total",
        "Reads of followed payments that the database did not answer."
    );
    counter!("gateway_shared_read_failures_total").increment(0);
}

fn connections() {
    describe_gauge!("gateway_connections", "Connections of callers.");
    describe_gauge!(
        "gateway_connections_max",
        "The most connections that are taken."
    );
    gauge!("gateway_connections").set(0.0);
    describe_counter!(
        "gateway_idle_connections_ended_total",
        "Connections ended because they only took up a place."
    );
    counter!("gateway_idle_connections_ended_total").increment(0);
}

#[cfg(test)]
mod tests {
    use chassis::metrics::{Metrics, counters_lacking};

    #[test]
    fn every_counter_of_the_gateway_that_the_page_names_begins_at_0_and_is_described() {
        let page = include_str!("../../../docs/operations.md");
        let told = Metrics::of_work(super::begin);
        let lacking = counters_lacking(&told, page, "gateway_");
        assert_eq!(lacking, [""; 0], "{told}");
    }
}
