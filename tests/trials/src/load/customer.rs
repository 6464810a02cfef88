//! A customer who types the PIN when told to, by the simulated Alipay's own calls.

use serde_json::Value;
use std::time::Duration;

/// Between two tries: the pay may not have arrived yet.
const AGAIN: Duration = Duration::from_millis(200);

const TRIES: usize = 10;

/// Types the PIN of this order after this time. Where the simulated Alipay is away just then, or
/// never heard of the order, the customer gives up: nobody is charged.
pub(super) async fn types(simulator: String, order: String, after: Duration) {
    tokio::time::sleep(after).await;
    for _ in 0..TRIES {
        if typed(&simulator, &order).await.is_some() {
            return;
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn typed(simulator: &str, order: &str) -> Option<()> {
    let http = reqwest::Client::builder().no_proxy().build().ok()?;
    let ledger = http.get(format!("{simulator}/simulator/ledger?order={order}"));
    let ledger: Value = ledger.send().await.ok()?.json().await.ok()?;
    let payment = ledger.get("payments")?.get(0)?;
    let key = payment.get("payment_request_id")?.as_str()?;
    let confirm = http.post(format!("{simulator}/simulator/payments/{key}/confirm"));
    confirm.send().await.ok().map(|_| ())
}
