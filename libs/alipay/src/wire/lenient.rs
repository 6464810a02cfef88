//! Scalars that should be strings and are not always (protocol 3).

use serde::{Deserialize, Deserializer};

/// A string, or a bare number or boolean as text.
pub(super) fn text<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Scalar {
        Text(String),
        Whole(i64),
        Truth(bool),
    }
    Ok(match Scalar::deserialize(from)? {
        Scalar::Text(text) => text,
        Scalar::Whole(number) => number.to_string(),
        Scalar::Truth(truth) => truth.to_string(),
    })
}
