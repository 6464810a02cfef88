//! A second reader of notifications, written to share nothing with the first: it keeps every key
//! as often as it stands, and believes what stands exactly once.

use payment::{Approval, Currency, Money};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// What is looked at; of everything else only that it is JSON.
const READ: [&str; 9] = [
    "notifyType",
    "result",
    "resultStatus",
    "paymentRequestId",
    "paymentId",
    "paymentAmount",
    "paymentStatus",
    "currency",
    "value",
];

/// JSON with nothing lost that is looked at.
pub(crate) enum Tree {
    Text(String),
    Number(String),
    Object(Vec<(String, Tree)>),
    Other,
}

impl Tree {
    /// The one value of this key, if it stands there once.
    fn only(&self, key: &str) -> Option<&Self> {
        let Self::Object(fields) = self else {
            return None;
        };
        let mut named = fields.iter().filter(|(name, _)| name == key);
        let first = named.next().map(|(_, value)| value);
        first.filter(|_| named.next().is_none())
    }

    /// Whether this key says anything else, or says it more than once.
    fn contradicts(&self, key: &str, text: &str) -> bool {
        let Self::Object(fields) = self else {
            return false;
        };
        let mut named = fields.iter().filter(|(name, _)| name == key);
        let other = |tree: &Self| {
            let same = tree.text().is_some_and(|it| it.eq_ignore_ascii_case(text));
            !same && !matches!(tree, Self::Other)
        };
        let first = named.next();
        first.is_some_and(|(_, tree)| other(tree)) || named.next().is_some()
    }

    fn digits_or_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Number(text) => Some(text),
            Self::Object(_) | Self::Other => None,
        }
    }

    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(_) | Self::Object(_) | Self::Other => None,
        }
    }

    /// Whether this body says with certainty that its payment went well.
    pub(crate) fn says_success(&self) -> bool {
        let status = self.only("result").and_then(|it| it.only("resultStatus"));
        self.is_a_result()
            && status.and_then(Self::text) == Some("S")
            && !self.contradicts("paymentStatus", "SUCCESS")
    }

    /// Whether it says to tell how a payment went.
    pub(crate) fn is_a_result(&self) -> bool {
        self.only("notifyType").and_then(Self::text) == Some("PAYMENT_RESULT")
    }

    /// Whether it speaks of this payment and this charge, each named once.
    pub(crate) fn speaks_of(&self, request_id: &str, approval: &Approval) -> bool {
        let named = |key| self.only(key).and_then(Self::digits_or_text);
        named("paymentRequestId") == Some(request_id)
            && named("paymentId") == Some(approval.alipay_payment_id.as_str())
            && self.only("paymentAmount").and_then(money) == Some(approval.amount)
    }
}

fn money(tree: &Tree) -> Option<Money> {
    let minor = match tree.only("value")? {
        Tree::Text(digits) | Tree::Number(digits) => digits.as_str(),
        Tree::Object(_) | Tree::Other => return None,
    };
    let whole = minor.chars().all(|digit| digit.is_ascii_digit());
    let currency = Currency::parse(tree.only("currency")?.text()?).ok()?;
    Money::new(whole.then(|| minor.parse().ok())??, currency).ok()
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Planter)
    }
}

struct Planter;

impl<'de> Visitor<'de> for Planter {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
        Ok(Tree::Text(text.to_owned()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Tree, E> {
        Ok(Tree::Number(number.to_string()))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Tree, E> {
        Ok(Tree::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Tree, E> {
        Ok(Tree::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Tree, E> {
        Ok(Tree::Other)
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        while items.next_element::<Tree>()?.is_some() {}
        Ok(Tree::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut fields = Vec::new();
        while let Some(name) = entries.next_key::<String>()? {
            if READ.contains(&name.as_str()) {
                fields.push((name, entries.next_value()?));
            } else {
                entries.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Tree::Object(fields))
    }
}
