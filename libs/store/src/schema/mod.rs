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

/// The newest history that this release can read, as processes tell each other. It grows with every
/// kind of event, proof or answer that is new.
pub const GENERATION: i64 = if cfg!(feature = "canary") { 2 } else { 1 };

/// Why a stored body can't be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// A later release wrote it, and can read it.
    #[error("{0}")]
    Newer(String),
    /// No release wrote it so.
    #[error("{0}")]
    Wrong(String),
}

impl Fault {
    pub(crate) fn new(reason: impl ToString) -> Self {
        Self::Wrong(reason.to_string())
    }
}

/// A stored form's JSON.
pub(crate) fn write<T: Serialize>(form: &T) -> Result<String, Fault> {
    serde_json::to_string(form).map_err(Fault::new)
}

/// Reads a stored form, as its own version wrote it.
pub(crate) fn read<T: DeserializeOwned>(schema_version: i64, body: &str) -> Result<T, Fault> {
    if schema_version != SCHEMA_VERSION {
        let reason = format!("schema version {schema_version} is not known to this release");
        let newer = schema_version > SCHEMA_VERSION;
        return Err(if newer {
            Fault::Newer(reason)
        } else {
            Fault::Wrong(reason)
        });
    }
    serde_json::from_str(body).map_err(|error| unreadable(&error))
}

/// Where the JSON is wrong. Serde's own text would quote what is stored, to whatever length.
fn unreadable(error: &serde_json::Error) -> Fault {
    // Words are only ever added, so one that is not known is a later release's. Serde tells it apart
    // from other faults by its text alone.
    if is_new_word(&error.to_string()) {
        let place = error.column();
        return Fault::Newer(format!(
            "a word is not known to this release (at byte {place})"
        ));
    }
    let what = match error.classify() {
        Category::Io => "it can't be read",
        Category::Syntax => "it is not JSON",
        Category::Data => "a field is missing, there twice, of the wrong kind",
        Category::Eof => "it is cut off",
    };
    Fault::new(format!("{what} (at byte {})", error.column()))
}

/// Whether serde's text tells of a word that a later release may have added: one as ours are.
fn is_new_word(told: &str) -> bool {
    let behind = told.strip_prefix("unknown variant `");
    let word = behind.and_then(|behind| behind.split('`').next());
    word.is_some_and(|word| {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        (1..=64).contains(&word.len()) && word.bytes().all(fits)
    })
}
