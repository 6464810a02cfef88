//! The real line to Alipay: the signing client, and which shop each merchant trades as.

use crate::Wire;
use alipay::{Asked, Client, Shop, Within};
use payment::{Answer, Ask, Loss, MerchantId, Timestamp};
use std::collections::HashMap;
use std::sync::Arc;

/// Alipay's client together with the merchants' shops, which pay must name (AMS 3.1).
#[derive(Clone, Debug)]
pub struct Line {
    client: Client,
    shops: Arc<HashMap<MerchantId, Shop>>,
}

impl Line {
    /// A line for these merchants.
    pub fn new(client: Client, shops: HashMap<MerchantId, Shop>) -> Self {
        Self {
            client,
            shops: Arc::new(shops),
        }
    }
}

impl Wire for Line {
    async fn ask(&self, merchant: &MerchantId, ask: &Ask, now: Timestamp, within: Within) -> Asked {
        let Some(shop) = self.shops.get(merchant) else {
            // Only an operator who took a merchant out of the configuration while a payment of
            // theirs was open gets here. The queue keeps trying until the merchant is back.
            tracing::error!(%merchant, "no shop is configured for this merchant; put it back");
            return Asked {
                answer: Answer::Lost(Loss::NotSent),
                clock_skew_ms: None,
            };
        };
        self.client.ask(ask, shop, now, within).await
    }
}
