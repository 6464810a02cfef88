//! Money in minor units. No arithmetic beyond what a reversal needs, and never a float.

use std::fmt;

/// An ISO 4217 currency that a payment can be made in.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// Reads the three-letter ISO 4217 code, capitals only.
    ///
    /// # Errors
    /// [`MoneyFault::UnknownCurrency`] for any other text, and for codes that have no minor unit
    /// (gold, test codes).
    pub fn parse(code: &str) -> Result<Self, MoneyFault> {
        let unknown = || MoneyFault::UnknownCurrency(code.chars().take(16).collect());
        let currency = iso_currency::Currency::from_code(code).ok_or_else(unknown)?;
        if currency.exponent().is_none() {
            return Err(unknown());
        }
        Ok(Self(currency))
    }

    /// The three-letter code.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// How many decimals the minor unit stands for: 2 for CNY, 0 for JPY.
    pub fn decimals(self) -> u16 {
        self.0.exponent().unwrap_or(0)
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An amount to be paid: at least one minor unit, at most 16 digits (AMS section 3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Money {
    amount_minor: i64,
    currency: Currency,
}

/// Why an amount can't be paid.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MoneyFault {
    /// Not an ISO 4217 code in capitals.
    #[error("`{0}` is not an ISO 4217 currency code; send three capitals, such as CNY")]
    UnknownCurrency(String),
    /// Less than one minor unit, or more than 16 digits.
    #[error("the amount is {0} minor units; it must be 1 to 9999999999999999")]
    OutOfRange(i64),
    /// Alipay takes rupiah in whole hundreds of minor units only (AMS section 3).
    #[error("an amount in IDR must be a multiple of 100 minor units; {0} is not")]
    NotWholeRupiah(i64),
}

impl Money {
    /// An amount in minor units (fen, cents; yen themselves).
    ///
    /// # Errors
    /// [`MoneyFault`] when Alipay could not take such an amount.
    pub fn new(amount_minor: i64, currency: Currency) -> Result<Self, MoneyFault> {
        if !(1..=9_999_999_999_999_999).contains(&amount_minor) {
            return Err(MoneyFault::OutOfRange(amount_minor));
        }
        if currency.code() == "IDR" && amount_minor % 100 != 0 {
            return Err(MoneyFault::NotWholeRupiah(amount_minor));
        }
        Ok(Self {
            amount_minor,
            currency,
        })
    }

    /// An amount that was taken and kept before: history is not judged again by what may be taken
    /// today.
    pub fn stored(amount_minor: i64, currency: Currency) -> Self {
        Self {
            amount_minor,
            currency,
        }
    }

    /// The number of minor units.
    pub fn amount_minor(self) -> i64 {
        self.amount_minor
    }

    /// The currency.
    pub fn currency(self) -> Currency {
        self.currency
    }
}

impl fmt::Display for Money {
    /// For people: `CNY 19.88`, `JPY 500`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = usize::from(self.currency.decimals());
        let digits = format!(
            "{:0>width$}",
            self.amount_minor,
            width = decimals.saturating_add(1)
        );
        let (whole, part) = digits.split_at(digits.len().saturating_sub(decimals));
        write!(f, "{} {whole}", self.currency.code())?;
        if part.is_empty() {
            Ok(())
        } else {
            write!(f, ".{part}")
        }
    }
}
