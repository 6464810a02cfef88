//! The real line to Alipay: the signing client, and which shop each merchant trades as.

use crate::Wire;
use alipay::{Asked, Client, Shop, Within};
use payment::{Ask, MerchantId, Timestamp};
use std::collections::HashMap;
use std::sync::Arc;

/// Alipay's client together with the merchants' shops, which pay, and only pay, must name (AMS 3.1).
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
        // What was accepted of a merchant that was taken out of the configuration is finished all
        // the same: it is inquired, cancelled and refunded by its own ids.
        let shop = self.shops.get(merchant);
        if shop.is_none() && matches!(ask, Ask::Pay { .. }) {
            tracing::error!(%merchant, "no shop is configured for this merchant; its pay is not sent");
        }
        self.client.ask(ask, shop, now, within).await
    }
}
