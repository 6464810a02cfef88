//! What a rebuild tells: how far it got, and what it found.

use uuid::Uuid;

/// How far a rebuild got.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RebuildProgress {
    /// The last event it has taken in.
    pub position: i64,
    /// The last event there is.
    pub last: i64,
}

/// What a rebuild found. The new tables are live, whether or not the old ones agreed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rebuilt {
    /// The event at which both were compared.
    pub position: i64,
    /// The digest of what was live.
    pub old_checksum: Uuid,
    /// The digest of what was rebuilt.
    pub new_checksum: Uuid,
}

impl Rebuilt {
    /// Whether what was live agreed with history.
    pub fn agrees(&self) -> bool {
        self.old_checksum == self.new_checksum
    }
}
