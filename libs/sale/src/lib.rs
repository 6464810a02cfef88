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
mod identity;
mod ports;
mod sales;
mod snapshot;
mod tell;

pub use accept::NewSale;
pub use error::Error;
pub use identity::Identities;
pub use ports::Records;
pub use sales::Sales;
pub use snapshot::Snapshot;
