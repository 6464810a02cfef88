//! What workers tell each other: leases, so that two don't do the same work, and news for waiting
//! merchants. In process; Redis comes behind the same types. Nothing here is needed for being
//! right: locks save work, versions keep truth (promise 5).

mod leases;
mod news;

pub use leases::{Lease, Leases, Owner};
pub use news::{News, Watch};
