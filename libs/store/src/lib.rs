//! The only room with SQL: history, wake-ups, views, receipts, the embedded command log and what
//! the projector derives.
//!
//! Nothing is decided here: `payment` decides, this remembers. Payment codes never come here.

mod append;
mod database;
mod error;
mod execute;
mod fleet;
mod history;
mod letter;
mod met;
mod migrations;
mod number;
mod onlooker;
mod payments;
mod postgres;
mod projection;
mod receipt;
mod schema;
mod sqlite;
mod wake_up;

pub use append::Append;
pub use database::Store;
pub use error::{Corruption, Error};
pub use execute::{Decided, ExecuteError, Executed, Histories, execute};
pub use fleet::Adoption;
pub use history::Recorded;
pub use letter::{DeadLetter, Letter, Parked, Replay, Replayed};
pub use met::{Met, Unread};
pub use onlooker::{Entry, Listed, ListedStanding, Onlooker, Reading, Resolved, Story};
pub use payments::{Find, Located};
pub use postgres::{Adopted, PostgresFault, PostgresOptions};
pub use projection::{
    Applied, DailyTotals, Derived, Known, Memory, Needs, Projection, RebuildProgress, Rebuilt,
    Remembered, StandingStill, Sum, derived, needs,
};
pub use receipt::{Behind, Forgotten, NewReceipt, Receipt, ReceiptState, Taken};
pub use schema::GENERATION;
pub use sqlite::EmbeddedCommands;
pub use wake_up::WakeUp;
