//! What workers tell each other: leases, so that two don't do the same work, news for waiting
//! merchants, and the inquiries that all may make together. In process, or over Redis behind the
//! same types. Nothing here is needed for being right: locks save work, versions keep truth
//! (promise 5).

mod bucket;
mod budget;
mod bulletin;
mod claim;
mod count;
mod leases;
mod link;
mod news;
mod options;
mod redis_line;
mod turns;

pub use budget::{Budget, Permit};
pub use leases::{Lease, Leases, Owner};
pub use link::Link;
pub use news::{News, Watch};
pub use options::{BudgetOptions, Fault, FleetOptions, RedisOptions};
pub use redis_line::Standing;
