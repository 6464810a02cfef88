//! The digest over all that a generation holds, row by row in key order, to tell whether a rebuild
//! came to the same. It finds faults, not forgers.

use uuid::Uuid;

/// Chains a row onto the digest (UUIDv5 is a SHA-1 over both).
pub(crate) fn chained(digest: Uuid, row: &impl std::fmt::Debug) -> Uuid {
    Uuid::new_v5(&digest, format!("{row:?}").as_bytes())
}
