//! Events as a reader of all history meets them: one that can't be read ends no page.

use crate::history::{EventRow, recorded};
use crate::{Corruption, Error, Recorded};

/// An event as a reader of all history meets it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Met {
    /// It can be read.
    Event(Recorded),
    /// It can't.
    Unread(Unread),
}

/// An event that this release can't read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unread {
    /// Its place among all events.
    pub position: i64,
    /// The id of its payment, as it is stored.
    pub(crate) payment: String,
    /// Whether a later release wrote it; else it is damaged.
    pub is_newer: bool,
    /// What is wrong with it.
    pub corruption: Corruption,
}

impl Met {
    /// Its place among all events.
    pub fn position(&self) -> i64 {
        match self {
            Self::Event(recorded) => recorded.position,
            Self::Unread(unread) => unread.position,
        }
    }
}

impl From<Recorded> for Met {
    fn from(recorded: Recorded) -> Self {
        Self::Event(recorded)
    }
}

impl From<Unread> for Error {
    fn from(unread: Unread) -> Self {
        if unread.is_newer {
            Self::Newer(unread.corruption)
        } else {
            Self::Corrupt(unread.corruption)
        }
    }
}

/// The event, or why it can't be read.
pub(crate) fn met(row: EventRow) -> Result<Met, Error> {
    let (position, payment) = (row.0, row.3.clone());
    let unread = |is_newer, corruption| {
        Met::Unread(Unread {
            position,
            payment,
            is_newer,
            corruption,
        })
    };
    match recorded(row) {
        Ok(recorded) => Ok(Met::Event(recorded)),
        Err(Error::Newer(corruption)) => Ok(unread(true, corruption)),
        Err(Error::Corrupt(corruption)) => Ok(unread(false, corruption)),
        Err(error) => Err(error),
    }
}
