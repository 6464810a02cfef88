//! The merchants' door and Alipay's: REST with long-poll and server-sent events, and the endpoint
//! for Alipay's notifications.
//!
//! Nothing is decided here: commands go to the bus, answers are what `payment::told` says. The one
//! event a door writes for itself is `Released`, before it says `paid` (decision 8), and the
//! refusal of a payment whose order is taken.

mod admission;
mod app;
mod body;
mod config;
mod door;
mod fields;
mod found;
mod idempotency;
mod merchants;
mod notices;
mod openapi;
mod pay_request;
mod payment_body;
mod prefer;
mod problem;
mod request_id;
mod routes;
mod state;
mod token;

pub use app::{App, Parts};
pub use config::{CodeSettings, Config, Limits, TokenSettings};
pub use merchants::{DeliverySetting, MerchantSettings, PolicySettings};
pub use notices::Alipay;
pub use problem::{Code, Row};
