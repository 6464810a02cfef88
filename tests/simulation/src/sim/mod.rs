//! A whole fleet in one thread and in simulated time: the real driver, intake, sweep, bus, projector and
//! door's append loop between twins of everything that can break. One seed tells one world.
//!
//! Not here: HTTP, SQL, Kafka and Redis themselves; they have tests of their own.

mod alipay;
mod auditor;
mod cases;
mod chronicle;
mod dice;
mod gateway;
mod journal;
mod lists;
mod log;
mod merchant;
mod mishaps;
mod plan;
mod process;
mod projectors;
mod rows;
mod run;
mod statement;
mod temper;
mod timeline;
mod wire;
mod worker;
mod world;

pub use cases::{CASES, NOT_HERE};
pub use run::{NoWorld, Verdict, run};
