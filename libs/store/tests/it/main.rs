//! The store as its users see it. `contract`, `receipts` and `projection` say what every store must
//! do; `engines` runs them on SQLite, and on PostgreSQL where `TIDEGATE_TEST_POSTGRES` names one.

#[cfg(test)]
mod adopted;
#[cfg(test)]
mod cluster;
#[cfg(test)]
mod commands;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod crowded;
#[cfg(test)]
mod database;
#[cfg(test)]
mod derived;
#[cfg(test)]
mod engines;
#[cfg(test)]
mod fleet;
#[cfg(test)]
mod gate;
#[cfg(test)]
mod gathered;
#[cfg(test)]
mod held;
#[cfg(test)]
mod late_commit;
#[cfg(test)]
mod letters;
#[cfg(test)]
mod migrations;
#[cfg(test)]
mod on_disk;
#[cfg(test)]
mod onlooking;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod projection;
#[cfg(test)]
mod rebuilding;
#[cfg(test)]
mod receipts;
#[cfg(test)]
mod silent_line;
#[cfg(test)]
mod standstill;
#[cfg(test)]
mod world;
