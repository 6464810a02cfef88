//! Alipay's language (AMS, user-presented mode): sign, ask, verify, and what each answer means.
//!
//! Nothing is decided here: what an answer leads to is `payment`'s. No HTTP server, no clock, no
//! retry: a call is made once. Section numbers are those of docs/protocol.md.

mod account;
mod client;
mod exchange;
mod metering;
pub mod notification;
mod read;
mod request;
pub mod signature;
pub mod time;
mod verdict;
pub mod wire;

pub use account::{Account, Error, Options, Shop};
pub use client::{Asked, Client, RefundFate};
