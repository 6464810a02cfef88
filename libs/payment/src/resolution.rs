//! An operator's mark on a payment that a person has looked at: who, and why (A15).

/// So many characters of a reason are kept.
const REASON_CHARS_MAX: usize = 500;

/// So many characters of an operator's name are kept.
const OPERATOR_CHARS_MAX: usize = 64;

/// From so many digits on, a number that begins like a payment code is taken for one.
const CODE_DIGITS_MIN: usize = 16;

/// Why a mark can't be taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ResolutionFault {
    /// No name, or one too long, or one with a control character.
    #[error("the operator's name must have 1 to 64 characters, none of them a control character")]
    Operator,
    /// No reason, or one too long, or one with a control character.
    #[error("the reason must have 1 to 500 characters, none of them a control character")]
    Reason,
    /// What may be a payment code stands nowhere in history.
    #[error("the reason or the name holds what may be a payment code; leave it out")]
    PaymentCode,
}

/// Who resolved it, and why.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Resolution {
    operator: String,
    reason: String,
}

impl Resolution {
    /// Takes the mark.
    ///
    /// # Errors
    /// [`ResolutionFault`].
    pub fn new(operator: &str, reason: &str) -> Result<Self, ResolutionFault> {
        let (operator, reason) = (operator.trim(), reason.trim());
        if !fits(operator, OPERATOR_CHARS_MAX) {
            return Err(ResolutionFault::Operator);
        }
        if !fits(reason, REASON_CHARS_MAX) {
            return Err(ResolutionFault::Reason);
        }
        if may_hold_code(operator) || may_hold_code(reason) {
            return Err(ResolutionFault::PaymentCode);
        }
        Ok(Self {
            operator: operator.to_owned(),
            reason: reason.to_owned(),
        })
    }

    /// The mark as it stands in history, which is never refused.
    pub fn kept(operator: String, reason: String) -> Self {
        Self { operator, reason }
    }

    /// Who.
    pub fn operator(&self) -> &str {
        &self.operator
    }

    /// Why.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

fn fits(text: &str, chars_max: usize) -> bool {
    !text.is_empty() && text.chars().count() <= chars_max && !text.chars().any(char::is_control)
}

/// Digits that begin as a payment code does (E1), with or without spaces between them.
fn may_hold_code(text: &str) -> bool {
    let packed: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    packed
        .split(|c: char| !c.is_ascii_digit())
        .filter(|digits| digits.len() >= CODE_DIGITS_MIN)
        .any(|digits| {
            ["25", "26", "27", "28", "29", "30"]
                .iter()
                .any(|begins| digits.starts_with(begins))
        })
}
