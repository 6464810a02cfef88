//! How things are stored, apart from how they are spoken of. A field may be added with a default;
//! none is renamed or removed (golden/v1 holds one of each for ever).

mod answer;
mod fact;
pub(crate) mod proof;
mod terms;
mod view;

#[cfg(test)]
mod tests;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) use fact::StoredFact;
pub(crate) use terms::StoredTerms;
pub(crate) use view::StoredView;

/// The version of all forms below. A new one keeps the old ones' readers.
pub(crate) const SCHEMA_VERSION: i64 = 1;

/// Why a stored body can't be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Fault(String);

impl Fault {
    pub(crate) fn new(reason: impl ToString) -> Self {
        Self(reason.to_string())
    }
}

/// A stored form's JSON.
pub(crate) fn write<T: Serialize>(form: &T) -> Result<String, Fault> {
    serde_json::to_string(form).map_err(Fault::new)
}

/// Reads a stored form, as its own version wrote it.
pub(crate) fn read<T: DeserializeOwned>(schema_version: i64, body: &str) -> Result<T, Fault> {
    if schema_version != SCHEMA_VERSION {
        return Err(Fault::new(format!(
            "schema version {schema_version} is not known to this release"
        )));
    }
    serde_json::from_str(body).map_err(Fault::new)
}
