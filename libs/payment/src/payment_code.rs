//! The scanned code (E1). It is spendable for a minute, so it never prints and is wiped on drop.

use std::fmt;
use zeroize::Zeroizing;

/// Which texts are payment codes. Longer codes will come, so both ends are settings (E1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CodeFormat {
    /// What a code begins with.
    pub prefixes: Vec<String>,
    /// The fewest digits.
    pub digits_min: usize,
    /// The most digits.
    pub digits_max: usize,
}

impl CodeFormat {
    /// E1's own numbers: 17 to 32 digits beginning 25 to 30.
    pub fn standard() -> Self {
        let prefixes = ["25", "26", "27", "28", "29", "30"]
            .map(str::to_owned)
            .to_vec();
        Self {
            prefixes,
            digits_min: 17,
            digits_max: 32,
        }
    }
}

/// Why a text is not a payment code. Says nothing of the text itself.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CodeFault {
    /// Something other than digits.
    #[error("a payment code holds digits only; scan the code again")]
    NotDigits,
    /// Too few or too many digits.
    #[error("the payment code has {digits} digits; it must have {min} to {max}; scan it again")]
    Length {
        /// How many were given.
        digits: usize,
        /// The fewest allowed.
        min: usize,
        /// The most allowed.
        max: usize,
    },
    /// Another wallet's code, as a rule.
    #[error("this is not an Alipay payment code (wrong first digits); ask for Alipay's own code")]
    Prefix,
}

/// A scanned payment code.
#[derive(Clone, PartialEq, Eq)]
pub struct PaymentCode(Zeroizing<String>);

impl PaymentCode {
    /// Reads a code.
    ///
    /// # Errors
    /// [`CodeFault`] when it is not of the format.
    pub fn parse(text: &str, format: &CodeFormat) -> Result<Self, CodeFault> {
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(CodeFault::NotDigits);
        }
        let (min, max) = (format.digits_min, format.digits_max);
        if !(min..=max).contains(&text.len()) {
            return Err(CodeFault::Length {
                digits: text.len(),
                min,
                max,
            });
        }
        if !format
            .prefixes
            .iter()
            .any(|prefix| text.starts_with(prefix.as_str()))
        {
            return Err(CodeFault::Prefix);
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// A code that was parsed before and comes out of a sealed command.
    pub fn unsealed(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The digits themselves: for the sealed command and for Alipay's wire, nowhere else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PaymentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
