//! A JSON object's fields, and the first that stands twice: readers along the way may disagree on
//! which of the two counts, which must not happen to an amount.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// An object as it was sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields {
    pub(crate) all: Map<String, Value>,
    pub(crate) twice: Option<String>,
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Fields::default();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if fields.all.contains_key(&name) && fields.twice.is_none() {
                fields.twice = Some(name.clone());
            }
            fields.all.insert(name, value);
        }
        Ok(fields)
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Reader)
    }
}
