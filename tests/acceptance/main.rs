//! The one binary from outside: started, called over HTTP, killed, and judged by Alipay's ledger.
//! Production timings throughout; the paused-time tests of the same rules are the orchestrator's.

#[cfg(test)]
mod by_hand;
#[cfg(test)]
mod merchant;
#[cfg(test)]
mod process;

#[cfg(test)]
mod asked;
#[cfg(test)]
mod crowd;
#[cfg(test)]
mod first_afternoon;
#[cfg(test)]
mod full_disk;
#[cfg(test)]
mod kill_nine;
#[cfg(test)]
mod lunch_hour;
#[cfg(test)]
mod operator;
#[cfg(test)]
mod road;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod stack;
