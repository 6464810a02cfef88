//! The real driver against an Alipay that does as it is told, in paused time: hours pass in
//! milliseconds, in the same order every time. HTTP, SQL and signatures are tested elsewhere.

mod alipay_side;
mod closing_out;
mod commands;
mod interleavings;
mod memory_journal;
mod paying;
mod world;
