//! The key of one refund at Alipay. It is small and copied about, since it stands in every call that
//! concerns the refund (decision 45).

use crate::PaymentId;
use crate::ids::{IdFault, parse_name};
use std::fmt;

/// So many characters fit (AMS 3.5).
const CHARS_MAX: usize = 64;

/// The key of one refund at Alipay; the same for every try until it is proven that the refund took
/// no effect (A16).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RefundRequestId {
    chars: [u8; CHARS_MAX],
    length: usize,
}

impl RefundRequestId {
    /// Reads the id from text.
    ///
    /// # Errors
    /// [`IdFault`] when it is empty, too long, or holds a character it may not.
    pub fn parse(text: &str) -> Result<Self, IdFault> {
        parse_name("refundRequestId", text, CHARS_MAX).map(|text| Self::of(&text))
    }

    /// The key of this payment's refund number `number`: letters and digits alone, as Alipay's page
    /// asks. Only for a refund that is begun for the first time: history keeps what was used.
    pub(crate) fn minted(payment: PaymentId, number: u32) -> Self {
        Self::of(&format!("{}R{number}", payment.as_uuid().simple()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        let chars = self.chars.get(..self.length).unwrap_or_default();
        std::str::from_utf8(chars).unwrap_or_default()
    }

    fn of(text: &str) -> Self {
        let mut chars = [0; CHARS_MAX];
        for (place, byte) in chars.iter_mut().zip(text.bytes()) {
            *place = byte;
        }
        Self {
            chars,
            length: text.len().min(CHARS_MAX),
        }
    }
}

impl fmt::Display for RefundRequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RefundRequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
