//! The store as its users see it. `contract` says what every store must do; `sqlite` runs it on
//! SQLite, and the second implementation will run the same.

#[cfg(test)]
mod commands;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod derived;
#[cfg(test)]
mod on_disk;
#[cfg(test)]
mod projection;
#[cfg(test)]
mod receipts;
#[cfg(test)]
mod sqlite;
#[cfg(test)]
mod world;
