//! What can go wrong with the store, named for what the caller does next.

use crate::schema::Fault;

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Someone else appended first. Load again and decide again; never repeat the append.
    #[error("the order was changed meanwhile; load it and decide again")]
    Conflict,
    /// The receipt was refused or declined before this command came, and the merchant was told so
    /// (decisions 11, 12). Drop the command; nothing was written.
    #[error("the request was refused before its command arrived; nothing was written")]
    ReceiptRefused,
    /// Another payment has this `paymentRequestId` (D1). Mint another; nothing was written.
    #[error("the paymentRequestId is already used by another payment; mint another")]
    RequestIdTaken,
    /// The database was too busy, or away, before it was asked to keep anything: no connection was
    /// free in time, or what led up to it failed. Nothing was written. Try again later.
    #[error("the database is too busy or away, and nothing was written: {0}")]
    Busy(#[source] sqlx::Error),
    /// The database can't be reached, is full or is locked. Try again later.
    #[error("the database is not available: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// A later release wrote it. That release can read it: leave it to a process of that one, and
    /// go on with everything else.
    #[error("a later release wrote what is stored: {0}")]
    Newer(Corruption),
    /// What is stored can't be read. A person must look; trying again does not help.
    #[error("stored data can't be read: {0}")]
    Corrupt(Corruption),
}

/// Where stored data could not be read, and why.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct Corruption {
    /// Which row: an event's position, a payment, a receipt.
    pub place: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Error {
    /// What a stored body can't be read for, at its place.
    pub(crate) fn unread(place: impl Into<String>, fault: Fault) -> Self {
        let place = place.into();
        match fault {
            Fault::Newer(reason) => Self::Newer(Corruption { place, reason }),
            Fault::Wrong(reason) => Self::Corrupt(Corruption { place, reason }),
        }
    }

    pub(crate) fn corrupt(place: impl Into<String>, reason: impl ToString) -> Self {
        Self::Corrupt(Corruption {
            place: place.into(),
            reason: reason.to_string(),
        })
    }

    /// Whether the database is well and the caller must decide anew, or a person must look.
    pub(crate) fn is_of_the_caller(&self) -> bool {
        match self {
            Self::Conflict
            | Self::ReceiptRefused
            | Self::RequestIdTaken
            | Self::Newer(_)
            | Self::Corrupt(_) => true,
            Self::Busy(_) | Self::Unavailable(_) => false,
        }
    }

    /// The same, where nothing can have been written.
    pub(crate) fn unwritten(self) -> Self {
        match self {
            Self::Unavailable(fault) => Self::Busy(fault),
            Self::Conflict
            | Self::ReceiptRefused
            | Self::RequestIdTaken
            | Self::Busy(_)
            | Self::Newer(_)
            | Self::Corrupt(_) => self,
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        if matches!(error, sqlx::Error::PoolTimedOut) {
            return Self::Busy(error);
        }
        Self::Unavailable(error)
    }
}

impl From<sqlx::migrate::MigrateError> for Error {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        Self::Unavailable(error.into())
    }
}
