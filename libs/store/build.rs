//! Makes cargo notice a new migration file: the macro that embeds them is told only of old ones.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations/sqlite");
    println!("cargo:rerun-if-changed=../../migrations/postgres");
}
