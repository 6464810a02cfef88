//! How things are stored, apart from how they are spoken of. A field may be added with a default;
//! none is renamed or removed (golden/v1 holds one of each for ever).

mod answer;
mod fact;
pub(crate) mod proof;
mod terms;
mod view;

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod tests;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

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
    serde_json::from_str(body).map_err(|error| unreadable(&error))
}

/// Where the JSON is wrong. Serde's own text would quote what is stored, to whatever length.
fn unreadable(error: &serde_json::Error) -> Fault {
    let what = match error.classify() {
        Category::Io => "it can't be read",
        Category::Syntax => "it is not JSON",
        Category::Data => "a field is missing, there twice, of the wrong kind or not known",
        Category::Eof => "it is cut off",
    };
    Fault(format!("{what} (at byte {})", error.column()))
}
