//! The real driver against an Alipay that does as it is told, in paused time: hours pass in
//! milliseconds, in the same order every time. HTTP, SQL and signatures are tested elsewhere.

#[cfg(test)]
mod alipay_side;
mod budget;
mod closing_out;
#[cfg(test)]
mod commands;
mod declined;
mod hard_cases;
mod interleavings;
#[cfg(test)]
mod memory_journal;
#[cfg(test)]
mod over_the_bus;
mod parked;
mod paying;
#[cfg(test)]
mod removed_merchant;
#[cfg(test)]
mod replayed;
mod restarting;
#[cfg(test)]
mod world;
