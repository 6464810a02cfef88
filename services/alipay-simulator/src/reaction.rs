//! How Alipay's side meets one call: whether it acts, what it says, and how the answer travels.

use serde::{Deserialize, Serialize};

/// One of Alipay's APIs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Api {
    /// pay.
    Pay,
    /// inquiryPayment.
    Inquiry,
    /// cancel.
    Cancel,
    /// refund.
    Refund,
    /// inquiryRefund.
    InquiryRefund,
}

/// What the answer says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Says {
    /// What is true.
    Truth,
    /// U, UNKNOWN_EXCEPTION.
    InDoubt,
    /// F with this code.
    Refuses(std::borrow::Cow<'static, str>),
    /// The truth, but one minor unit more.
    OtherAmount,
}

/// How the answer travels.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Travels {
    /// Signed and whole.
    Well,
    /// The connection is closed instead.
    Closed,
    /// Not at all; the connection stays open.
    Never,
    /// As HTTP 500.
    Http500,
    /// Half of the body, then a long wait.
    Slowly,
    /// Without a signature.
    Unsigned,
    /// Signed by another key.
    OtherKey,
    /// Changed by one space after it was signed.
    Altered,
}

/// How one call is met.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reaction {
    /// Whether what was asked for is done.
    pub(crate) acts: bool,
    /// What is answered.
    pub(crate) says: Says,
    /// How.
    pub(crate) travels: Travels,
}

impl Reaction {
    /// Does it and answers.
    pub(crate) const USUAL: Self = Self::travelling(Travels::Well);
    /// Does it; the connection closes instead of the answer.
    pub(crate) const LOST: Self = Self::travelling(Travels::Closed);
    /// Does it; no answer comes.
    pub(crate) const SILENT: Self = Self::travelling(Travels::Never);
    /// Does it; the answer is unsigned.
    pub(crate) const UNSIGNED: Self = Self::travelling(Travels::Unsigned);
    /// Does it; another key signs.
    pub(crate) const OTHER_KEY: Self = Self::travelling(Travels::OtherKey);
    /// Does it; the answer is altered.
    pub(crate) const ALTERED: Self = Self::travelling(Travels::Altered);
    /// Does it; HTTP 500.
    pub(crate) const HTTP_500: Self = Self::travelling(Travels::Http500);
    /// Does it; the body comes slowly.
    pub(crate) const SLOW_BODY: Self = Self::travelling(Travels::Slowly);
    /// Hears nothing of it.
    pub(crate) const SWALLOWED: Self = Self {
        acts: false,
        says: Says::Truth,
        travels: Travels::Never,
    };

    const fn travelling(travels: Travels) -> Self {
        Self {
            acts: true,
            says: Says::Truth,
            travels,
        }
    }

    /// Does it, and says something else.
    pub(crate) const fn says(says: Says) -> Self {
        Self {
            acts: true,
            says,
            travels: Travels::Well,
        }
    }

    /// Does nothing, and says U.
    pub(crate) const fn in_doubt() -> Self {
        Self {
            acts: false,
            says: Says::InDoubt,
            travels: Travels::Well,
        }
    }

    /// Does nothing, and says F.
    pub(crate) const fn refuses(code: &'static str) -> Self {
        Self {
            acts: false,
            says: Says::Refuses(std::borrow::Cow::Borrowed(code)),
            travels: Travels::Well,
        }
    }
}
