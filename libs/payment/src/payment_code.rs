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

impl CodeFormat {
    /// Whether something in this text looks like a payment code: digits that begin as one and are
    /// enough. Of a text from outside that is to be logged and need not be.
    pub fn may_stand_in(&self, text: &str) -> bool {
        text.split(|c: char| !c.is_ascii_digit()).any(|digits| {
            let begins = |prefix: &String| digits.starts_with(prefix.as_str());
            digits.len() >= self.digits_min && self.prefixes.iter().any(begins)
        })
    }
}

/// Why a text is not a payment code. Says nothing of the text itself.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CodeFault {
    /// Nothing, or nothing but what is cut off at the ends.
    #[error("the payment code is empty; scan it")]
    Empty,
    /// Something other than digits.
    #[error(
        "a payment code holds digits only, and {found} stands at place {place}; scan the \
         customer's code again, or set the scanner to send digits alone"
    )]
    NotDigits {
        /// What kind of character it is; never the text around it.
        found: &'static str,
        /// Where it stands, counted from 1 in what was sent.
        place: usize,
    },
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
    /// Reads a code as a scanner sends it: what is white at its ends, and a symbology identifier
    /// before it (ISO/IEC 15424, such as `]C1`), belong to the scanner and not to the code.
    ///
    /// # Errors
    /// [`CodeFault`] when it is not of the format.
    pub fn parse(text: &str, format: &CodeFormat) -> Result<Self, CodeFault> {
        let sent = text;
        let text = scanned(sent);
        if text.is_empty() {
            return Err(CodeFault::Empty);
        }
        if let Some((place, odd)) = text.chars().enumerate().find(|(_, c)| !c.is_ascii_digit()) {
            let cut = sent.find(text).unwrap_or(0);
            let before = sent.get(..cut).map_or(0, |cut| cut.chars().count());
            return Err(CodeFault::NotDigits {
                found: kind_of(odd),
                place: before.saturating_add(place).saturating_add(1),
            });
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

    /// Whether this text holds the code: no name of a sale may, since names are stored and logged.
    pub fn stands_in(&self, text: &str) -> bool {
        text.contains(self.0.as_str())
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

/// The code without what the scanner put around it.
fn scanned(sent: &str) -> &str {
    let text = sent.trim_matches(is_white);
    let mut chars = text.chars();
    let identified = chars.next() == Some(']')
        && chars.next().is_some_and(|c| c.is_ascii_alphabetic())
        && chars.next().is_some_and(|c| c.is_ascii_alphanumeric());
    if identified {
        chars.as_str().trim_matches(is_white)
    } else {
        text
    }
}

/// What nobody sees: spaces, ends of lines, control characters, and characters of no width.
fn is_white(c: char) -> bool {
    c.is_whitespace() || c.is_control() || has_no_width(c)
}

fn has_no_width(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}' | '\u{feff}')
}

fn kind_of(odd: char) -> &'static str {
    match odd {
        '\t' => "a TAB",
        '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}' => "the end of a line",
        '\0' => "a NUL",
        '-' | '\u{2010}'..='\u{2015}' => "a dash",
        '.' | ',' => "a point or comma",
        c if c.is_whitespace() => "a space",
        c if c.is_control() => "a control character",
        c if has_no_width(c) => "a character of no width",
        c if c.is_ascii_alphabetic() => "a letter",
        // Full-width and other scripts' digits: a keyboard's input method was on.
        c if c.is_numeric() => "a digit that is not ASCII's",
        c if c.is_alphabetic() => "a letter that is not ASCII's",
        _ => "a sign",
    }
}

impl fmt::Debug for PaymentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
