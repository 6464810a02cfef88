//! What every door needs. One per process, shared by all its threads.

use crate::admission::{Admission, Shares};
use crate::config::Limits;
use crate::merchants::Merchant;
use crate::notices::Alipay;
use crate::problem::{Code, Problem};
use crate::token::Tokens;
use bus::Producer;
use chassis::clock::Clock;
use payment::{CodeFormat, MerchantId, Timestamp};
use sale::Sales;
use std::collections::HashMap;
use std::sync::Arc;
use store::Store;

/// What every door needs.
pub(crate) struct State {
    pub(crate) store: Store,
    pub(crate) sales: Sales<Store>,
    pub(crate) producer: Producer,
    pub(crate) alipay: Alipay,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) tokens: Tokens,
    pub(crate) merchants: HashMap<MerchantId, Merchant>,
    /// The path that Alipay signs its notifications with.
    pub(crate) notify_path: String,
    pub(crate) codes: CodeFormat,
    pub(crate) limits: Limits,
    pub(crate) admission: Admission,
    pub(crate) shares: Shares,
}

impl State {
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.clock.now_ms())
    }

    pub(crate) fn merchant(&self, id: &MerchantId) -> Result<&Merchant, Problem> {
        self.merchants.get(id).ok_or_else(|| {
            Problem::new(
                Code::MerchantNotConfigured,
                format!("The acquirer has not set up the merchant `{id}` at this gateway."),
            )
        })
    }
}
