//! Settings as a tree, and how each target reads its own out of it. What the environment gives is
//! text without a type: the target's type decides what it is, so that an id of digits stays an id.

use serde_core::de::value::{Error, MapAccessDeserializer, MapDeserializer, SeqDeserializer};
use serde_core::de::{Deserializer, Error as _, Expected, IntoDeserializer, Unexpected, Visitor};
use std::collections::BTreeMap;

/// A setting, a list of them, or a section.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Node {
    Bool(bool),
    Whole(i64),
    Float(f64),
    Text(String),
    /// A text from the environment.
    Given(String),
    List(Vec<Node>),
    Table(BTreeMap<String, Node>),
}

const IN_QUOTES: &str = "it stands in quotes, which the environment does not take off; write it \
                         without them";

impl From<toml::Value> for Node {
    fn from(value: toml::Value) -> Self {
        match value {
            toml::Value::Boolean(bool) => Self::Bool(bool),
            toml::Value::Integer(number) => Self::Whole(number),
            toml::Value::Float(number) => Self::Float(number),
            toml::Value::String(text) => Self::Text(text),
            toml::Value::Datetime(instant) => Self::Text(instant.to_string()),
            toml::Value::Array(items) => Self::List(items.into_iter().map(Self::from).collect()),
            toml::Value::Table(fields) => {
                let fields = fields.into_iter();
                Self::Table(fields.map(|(name, value)| (name, value.into())).collect())
            }
        }
    }
}

impl Node {
    fn boolean(self, expected: &dyn Expected) -> Result<Self, Error> {
        let Self::Given(text) = self else {
            return Ok(self);
        };
        let word = bare(&text)?.trim();
        if word.eq_ignore_ascii_case("true") {
            return Ok(Self::Bool(true));
        }
        if word.eq_ignore_ascii_case("false") {
            return Ok(Self::Bool(false));
        }
        let what = Unexpected::Other("a text that is neither true nor false");
        Err(Error::invalid_type(what, expected))
    }

    fn whole(self, expected: &dyn Expected) -> Result<Self, Error> {
        let Self::Given(text) = self else {
            return Ok(self);
        };
        bare(&text)?.trim().parse().map(Self::Whole).map_err(|_| {
            let what = Unexpected::Other("a text that is no whole number");
            Error::invalid_type(what, expected)
        })
    }

    fn float(self, expected: &dyn Expected) -> Result<Self, Error> {
        let Self::Given(text) = self else {
            return Ok(self);
        };
        bare(&text)?.trim().parse().map(Self::Float).map_err(|_| {
            let what = Unexpected::Other("a text that is no number");
            Error::invalid_type(what, expected)
        })
    }

    /// `a,b`, or as TOML writes a list where an item holds a comma itself.
    fn list(self, expected: &dyn Expected) -> Result<Self, Error> {
        let Self::Given(text) = self else {
            return Ok(self);
        };
        let text = bare(&text)?.trim();
        if text.is_empty() {
            return Ok(Self::List(Vec::new()));
        }
        if !text.starts_with('[') {
            let items = text
                .split(',')
                .map(|item| Self::Given(item.trim().to_owned()));
            return Ok(Self::List(items.collect()));
        }
        let read = toml::from_str::<toml::Table>(&format!("list = {text}"));
        let list = read.ok().filter(|table| table.len() == 1);
        match list.and_then(|mut table| table.remove("list")) {
            Some(list @ toml::Value::Array(_)) => Ok(list.into()),
            Some(_) | None => {
                let what = Unexpected::Other("a text that begins like a list and is none");
                Err(Error::invalid_type(what, expected))
            }
        }
    }

    fn section(self, expected: &dyn Expected) -> Result<Self, Error> {
        let Self::Given(_) = self else {
            return Ok(self);
        };
        let what = Unexpected::Other("a text where a section's settings belong, each by itself");
        Err(Error::invalid_type(what, expected))
    }
}

/// An operator who writes quotes into a variable means them for a shell that is not there.
fn bare(text: &str) -> Result<&str, Error> {
    let quoted = |quote: char| {
        let inner = text.strip_prefix(quote);
        inner.is_some_and(|inner| inner.ends_with(quote))
    };
    if quoted('"') || quoted('\'') {
        return Err(Error::custom(IN_QUOTES));
    }
    Ok(text)
}

/// What each kind of target makes of a text from the environment before it is read.
macro_rules! read_as {
    ($($reader:ident)* => $kind:ident) => {
        $(fn $reader<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.$kind(&visitor)?.deserialize_any(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Node {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Bool(bool) => visitor.visit_bool(bool),
            Self::Whole(number) => visitor.visit_i64(number),
            Self::Float(number) => visitor.visit_f64(number),
            Self::Text(text) => visitor.visit_string(text),
            Self::Given(text) => {
                bare(&text)?;
                visitor.visit_string(text)
            }
            Self::List(items) => {
                let mut items = SeqDeserializer::new(items.into_iter());
                let value = visitor.visit_seq(&mut items)?;
                items.end()?;
                Ok(value)
            }
            Self::Table(fields) => {
                let mut fields = MapDeserializer::new(fields.into_iter());
                let value = visitor.visit_map(&mut fields)?;
                fields.end()?;
                Ok(value)
            }
        }
    }

    read_as! { deserialize_bool => boolean }
    read_as! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 => whole
    }
    read_as! { deserialize_f32 deserialize_f64 => float }
    read_as! { deserialize_seq => list }
    read_as! { deserialize_map => section }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    /// What is set is there; what is not set is not in the tree.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self {
            Self::Text(text) => visitor.visit_enum(text.into_deserializer()),
            Self::Given(text) => visitor.visit_enum(bare(&text)?.trim().into_deserializer()),
            Self::Table(fields) => visitor.visit_enum(MapAccessDeserializer::new(
                MapDeserializer::new(fields.into_iter()),
            )),
            Self::Bool(_) | Self::Whole(_) | Self::Float(_) | Self::List(_) => {
                let what = Unexpected::Other("something else");
                Err(Error::invalid_type(what, &"a word"))
            }
        }
    }

    serde_core::forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Error> for Node {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}
