//! Leases and news as their users see them.

mod leases;
mod news;
