//! The merchant's side of a sale without HTTP: accept a request to pay, cancel it, acknowledge it,
//! and tell how a payment stands.
//!
//! The gateway's routes are adapters over this library, and the simulation runs the same code.
//! Deliberately not here: HTTP, tokens, the shape of an answer, SQL, and every decision about a
//! payment, which is `payment`'s.

mod accept;
mod acknowledge;
mod cancel;
mod command;
mod error;
mod follow;
mod identity;
mod ports;
mod reader;
mod release;
mod sales;
mod snapshot;
mod tell;
mod wait;

pub use accept::NewSale;
pub use error::Error;
pub use follow::Following;
pub use identity::Identities;
pub use ports::Records;
pub use sales::Sales;
pub use snapshot::Snapshot;
pub use wait::{LongPoll, Purpose};
