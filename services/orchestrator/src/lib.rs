//! Drives each payment against Alipay, from the merchant's command to the proven end.
//!
//! What is owed is `payment::due`'s to say and what an answer means is `payment::decide`'s; here is
//! only the doing: append, call, append. No HTTP server, no SQL, no decision of its own.

mod app;
mod ask;
mod call;
mod config;
mod count;
mod crew;
mod drive;
mod intake;
mod line;
mod parked;
mod patience;
mod ports;
mod record;
mod said;
mod shelf;
mod skew;
mod sweep;
mod timekeeping;
mod unread;

pub use app::{App, Parts};
pub use config::Config;
pub use crew::Crew;
pub use drive::Driver;
pub use intake::run as take_commands;
pub use line::Line;
pub use parked::run as try_parked;
pub use ports::{Journal, Wire};
pub use record::RecordError;
pub use shelf::{MemoryShelf, Shelf};
pub use skew::Skew;
pub use sweep::run as sweep;
pub use timekeeping::run as keep_time;
