//! Alipay's side, to try things against: the same protocol, signatures both ways, customers with
//! balances, a ledger that can be asked, and faults chosen by payment code or by script.
//!
//! Knows nothing of Tidegate's gateway. No randomness: what happens is what was asked for.

mod admin;
mod app;
mod behavior;
mod books;
mod config;
mod desk;
mod door;
mod keys;
mod ledger_file;
mod notices;
mod reaction;
mod rulebook;
mod script;
mod travel;

pub use app::App;
pub use config::Config;
