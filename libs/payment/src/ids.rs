//! Names of things, each its own type, so that one can't be given where another is meant.
//! No id is made at random here: identity is an argument.

use std::fmt;
use uuid::Uuid;

/// Why a text can't be an id.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum IdFault {
    /// Nothing was given.
    #[error("{what} is empty")]
    Empty {
        /// Which id.
        what: &'static str,
    },
    /// More characters than the field holds.
    #[error("{what} has {chars} characters; at most {chars_max} fit")]
    TooLong {
        /// Which id.
        what: &'static str,
        /// How many were given.
        chars: usize,
        /// How many fit.
        chars_max: usize,
    },
    /// A character that may not stand in an id.
    #[error("{what} may hold {allowed} only")]
    BadCharacter {
        /// Which id.
        what: &'static str,
        /// What it may hold.
        allowed: &'static str,
    },
}

const VISIBLE: &str = "visible ASCII characters (no spaces)";
const NAME: &str = "letters, digits, `.`, `_` and `-`";

fn parse(
    what: &'static str,
    text: &str,
    chars_max: usize,
    allowed: &'static str,
    fits: fn(char) -> bool,
) -> Result<String, IdFault> {
    let chars = text.chars().count();
    if chars == 0 {
        return Err(IdFault::Empty { what });
    }
    if chars > chars_max {
        return Err(IdFault::TooLong {
            what,
            chars,
            chars_max,
        });
    }
    if !text.chars().all(fits) {
        return Err(IdFault::BadCharacter { what, allowed });
    }
    Ok(text.to_owned())
}

/// Reads a name of an id whose type is not made below.
pub(crate) fn parse_name(
    what: &'static str,
    text: &str,
    chars_max: usize,
) -> Result<String, IdFault> {
    parse(what, text, chars_max, NAME, is_name)
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

fn is_visible(c: char) -> bool {
    c.is_ascii_graphic()
}

// Seven ids with the same five lines each; a macro keeps them from drifting apart.
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $max:literal, $allowed:ident, $fits:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// One that was read and kept before: history is not judged again by what may be
            /// taken today.
            pub fn stored(text: String) -> Self {
                Self(text)
            }

            /// Reads the id from text.
            ///
            /// # Errors
            /// [`IdFault`] when it is empty, too long, or holds a character it may not.
            pub fn parse(text: &str) -> Result<Self, IdFault> {
                parse($what, text, $max, $allowed, $fits).map(Self)
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// A merchant of the acquirer, as its token names it. At most 64 characters.
    MerchantId, "merchant_id", 64, NAME, is_name
);
text_id!(
    /// The merchant's own number of an order (D1: never used as `paymentRequestId`).
    OrderNumber, "order_id", 64, VISIBLE, is_visible
);
text_id!(
    /// The merchant's own name of one attempt: its `Idempotency-Key`.
    Reference, "reference", 128, VISIBLE, is_visible
);
text_id!(
    /// The terminal (till) at which the code was scanned.
    TerminalId, "terminal_id", 64, NAME, is_name
);
text_id!(
    /// Alipay's key of one attempt: ours to mint, never used twice (D1, D2; AMS 3.1: at most 64).
    PaymentRequestId, "paymentRequestId", 64, NAME, is_name
);
text_id!(
    /// Alipay's `paymentId`: opaque, at most 64 characters (AMS 3.2).
    AlipayPaymentId, "paymentId", 64, VISIBLE, is_visible
);
text_id!(
    /// Alipay's `refundId` (AMS 3.5).
    AlipayRefundId, "refundId", 64, VISIBLE, is_visible
);

impl PaymentRequestId {
    /// Only [`crate::mint_payment_request_id`] builds one that was not read from somewhere.
    pub(crate) fn minted(text: String) -> Self {
        Self(text)
    }
}

/// The namespace under which our own ids are derived; fixed for ever.
const NAMESPACE: Uuid = Uuid::from_u128(0x7469_6465_6761_7465_8000_0000_0000_0001);

fn derive(kind: &str, merchant: &MerchantId, name: &str) -> Uuid {
    // The merchant's id can't hold a slash, so no two pairs give the same text.
    Uuid::new_v5(&NAMESPACE, format!("{kind}/{merchant}/{name}").as_bytes())
}

/// One merchant's order: the name of its stream of events and the key of its partition.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderId(Uuid);

impl OrderId {
    /// The order that a merchant calls by this number (UUIDv5: the same for ever).
    pub fn of(merchant: &MerchantId, number: &OrderNumber) -> Self {
        Self(derive("order", merchant, number.as_str()))
    }

    /// The id as stored.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// The id to store.
    pub const fn as_uuid(self) -> Uuid {
        self.0
    }
}

/// One attempt to pay an order; what the API calls a payment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PaymentId(Uuid);

impl PaymentId {
    /// The attempt that a merchant made under this reference (UUIDv5: the same for ever).
    pub fn of(merchant: &MerchantId, reference: &Reference) -> Self {
        Self(derive("payment", merchant, reference.as_str()))
    }

    /// The id as stored.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// The id to store.
    pub const fn as_uuid(self) -> Uuid {
        self.0
    }
}

macro_rules! shown {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    };
}

shown!(OrderId);
shown!(PaymentId);
