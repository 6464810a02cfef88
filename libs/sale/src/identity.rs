//! Where the ids of commands and the random part of a `paymentRequestId` come from: chance in
//! production, a seed in the simulation.

use std::fmt;
use std::sync::Arc;
use uuid::Uuid;

/// A source of ids of which none comes twice.
#[derive(Clone)]
pub struct Identities(Arc<dyn Fn() -> Uuid + Send + Sync>);

impl Identities {
    /// Ids by chance (UUIDv4).
    pub fn random() -> Self {
        Self::from(Uuid::new_v4)
    }

    /// Ids from this source, which must give none twice.
    pub fn from(next: impl Fn() -> Uuid + Send + Sync + 'static) -> Self {
        Self(Arc::new(next))
    }

    pub(crate) fn next(&self) -> Uuid {
        (self.0)()
    }
}

impl fmt::Debug for Identities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identities")
    }
}
