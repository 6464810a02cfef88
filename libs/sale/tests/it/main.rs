//! The merchant's side over the real embedded store, one test binary.

mod late_release;
mod world;
