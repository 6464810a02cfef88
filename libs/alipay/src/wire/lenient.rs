//! Scalars that should be strings and are not always (protocol 3); objects that must be objects.
//! Serde would read a list as one, by the order of our own fields.

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::marker::PhantomData;

/// What is compared or kept for a later call: a string, or a whole number as its digits.
pub(super) fn exact<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    maybe_exact(from)?.ok_or_else(|| D::Error::invalid_type(Unexpected::Unit, &"a string"))
}

/// The same where it may be absent or null.
pub(super) fn maybe_exact<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let unlike = |what| Err(D::Error::invalid_type(what, &"a string or a whole number"));
    match Scalar::deserialize(from)? {
        Scalar::Text(text) | Scalar::Whole(text) => Ok(Some(text)),
        Scalar::Absent => Ok(None),
        Scalar::Truth(truth) => unlike(Unexpected::Bool(truth)),
        Scalar::Negative(number) => unlike(Unexpected::Signed(number)),
        Scalar::Fraction(number) => unlike(Unexpected::Float(number)),
        Scalar::Other => unlike(Unexpected::Other("a list or an object")),
    }
}

/// What is only read by its words: any scalar as text. What is absent, null, a list or an object
/// says nothing.
pub(super) fn word<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(match Scalar::deserialize(from)? {
        Scalar::Text(text) | Scalar::Whole(text) => Some(text),
        Scalar::Truth(truth) => Some(truth.to_string()),
        Scalar::Negative(number) => Some(number.to_string()),
        Scalar::Fraction(number) => Some(number.to_string()),
        Scalar::Absent | Scalar::Other => None,
    })
}

/// The same where silence is the empty word.
pub(super) fn word_or_nothing<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(word(from)?.unwrap_or_default())
}

/// Whatever stands in a scalar's place.
enum Scalar {
    Text(String),
    Whole(String),
    Negative(i64),
    Fraction(f64),
    Truth(bool),
    Absent,
    Other,
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AnyScalar)
    }
}

struct AnyScalar;

impl<'de> Visitor<'de> for AnyScalar {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a scalar")
    }

    fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(text.to_owned()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Scalar, E> {
        Ok(Scalar::Whole(number.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Scalar, E> {
        Ok(Scalar::Negative(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Scalar, E> {
        Ok(Scalar::Fraction(number))
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Scalar, E> {
        Ok(Scalar::Truth(truth))
    }

    fn visit_unit<E>(self) -> Result<Scalar, E> {
        Ok(Scalar::Absent)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Scalar, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Scalar, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }
}

/// An object, and never a list.
pub(super) fn object<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    from.deserialize_map(ObjectOnly(PhantomData))
}

/// The same where it may be absent or null.
pub(super) fn maybe_object<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    #[derive(Deserialize)]
    #[serde(bound(deserialize = "T: Deserialize<'de>"))]
    struct Held<T>(#[serde(deserialize_with = "object")] T);
    Ok(Option::<Held<T>>::deserialize(from)?.map(|held| held.0))
}

struct ObjectOnly<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectOnly<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(fields))
    }
}
