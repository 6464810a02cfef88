//! The one binary: composes the rooms, and is the only place where they meet.
//!
//! Nothing of payments is decided here.

mod audit;
mod beside;
mod cli;
pub mod config;
mod database;
mod dead_letters;
mod demo;
mod embedded_log;
mod exit;
mod heeded;
mod init;
mod page;
mod payments;
mod processes;
mod rebuild;
mod rooms;
mod run;
mod sealer;
mod simulated;
mod standalone;
mod token;

pub use run::main;
