//! A whole fleet as real processes on the real engines: started, loaded like tills do, harmed, and
//! audited. Used by the acceptance tests, `cargo xtask chaos` and the benchmark. It knows what a
//! merchant and an operator know, and Alipay's ledger; nothing of the inside.

pub mod accepting;
pub mod alone;
pub mod audit;
pub mod bench;
pub mod chaos;
pub mod clock;
pub mod engines;
pub mod fleet;
pub mod load;
pub mod postman;
pub mod programs;
pub mod show;
pub mod signal;
pub mod stray;
pub mod wire;
