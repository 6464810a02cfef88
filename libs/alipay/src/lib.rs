//! Alipay's language (AMS, user-presented mode): sign, ask, verify, and what each answer means.
//!
//! Nothing is decided here: what an answer leads to is `payment`'s. No HTTP server, no clock. A call
//! is made once; only what was not sent at all goes out again, over a fresh connection (decision
//! 37). Section numbers are those of docs/protocol.md.

mod account;
mod client;
mod connection;
mod exchange;
mod gate;
mod metering;
pub mod notification;
mod pool;
mod read;
mod request;
pub mod signature;
pub mod time;
mod verdict;
pub mod wire;

pub use account::{Account, Error, NO_REGION, NumberedKey, Options, Shop, is_region};
pub use client::{Asked, Client, RefundFate};
pub use exchange::Within;
