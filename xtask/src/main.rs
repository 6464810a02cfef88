//! The project's own tasks. Being built.

fn main() {}
