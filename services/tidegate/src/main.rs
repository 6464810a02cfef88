//! The one binary. Being built.

fn main() {}
