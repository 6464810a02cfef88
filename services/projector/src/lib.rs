//! Events to feed and totals, behind a cursor. A payment's own view is not here: it is written in
//! the transaction that appends (decision 10).

mod app;
mod config;
mod counted;
mod ports;
mod standing;

pub use app::App;
pub use config::Config;
pub use ports::Chronicle;
pub use store::{RebuildProgress, Rebuilt};
