//! The merchants' door and Alipay's: REST with long-poll and server-sent events, and the endpoint
//! for Alipay's notifications.
//!
//! Nothing is decided here: the routes are adapters over `sale`, which holds the merchant's side of a
//! payment without HTTP.

mod admission;
mod app;
mod body;
mod config;
mod count;
mod fields;
mod idempotency;
mod merchants;
mod notices;
mod openapi;
mod page_policy;
mod pay_request;
mod payment_body;
mod prefer;
mod problem;
mod request_id;
mod routes;
mod server;
mod state;
mod token;
mod words;

pub use app::{App, Parts};
pub use config::{CodeSettings, Config, Limits, ProfileSetting, TokenSettings, notify_path_public};
pub use merchants::{DeliverySetting, MerchantSettings, PolicySettings};
pub use notices::Alipay;
pub use problem::{Code, Row};
