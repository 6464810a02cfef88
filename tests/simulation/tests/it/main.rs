//! One test binary; a module per way of looking.

#[cfg(test)]
mod model;
mod simulated;
