//! The merchant's side over the real embedded store, one test binary.

#[cfg(test)]
mod declining;
#[cfg(test)]
mod late_release;
#[cfg(test)]
mod world;
