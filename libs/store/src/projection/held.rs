//! Merchants whose lists stand still before an event that can't be read, while all others' go on: who
//! can go on by now. A position is a place among all events.

use super::gate::Gate;
use crate::history::EventRow;
use crate::met::met;
use crate::{Corruption, Error, Met, Unread};
use std::collections::BTreeMap;

/// How many merchants' lists stand still, and why.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct StandingStill {
    /// How many.
    pub merchants: u32,
    /// Whether some of them can go on, by another call.
    pub more: bool,
    /// The first event that can't be read.
    pub why: Option<Corruption>,
}

/// A merchant, and the row of its own event that stands right behind what was applied.
pub(crate) type NextRow = (String, i64, String, i64, String, i64, i64, String);

/// The merchants that are held, and up to which position everything of theirs was applied.
#[derive(Default, Debug)]
pub(crate) struct Holds {
    /// Those that can go on.
    moving: BTreeMap<String, i64>,
    /// Those whose next event can't be read.
    stuck: BTreeMap<String, i64>,
    /// The first such event.
    why: Option<Unread>,
}

impl Holds {
    /// Out of all that are held, and the events right behind.
    pub(crate) fn of(held: Vec<(String, i64)>, next: Vec<NextRow>) -> Result<Self, Error> {
        let mut holds = Self {
            moving: held.into_iter().collect(),
            ..Self::default()
        };
        for row in next {
            let (merchant, event) = parted(row);
            let Met::Unread(unread) = met(event)? else {
                continue;
            };
            if let Some(through) = holds.moving.remove(&merchant) {
                holds.stuck.insert(merchant, through);
                let first = holds.why.as_ref().map(|first| first.position);
                if first.is_none_or(|first| unread.position < first) {
                    holds.why = Some(unread);
                }
            }
        }
        Ok(holds)
    }

    /// Whether someone can go on.
    pub(crate) fn moves(&self) -> bool {
        !self.moving.is_empty()
    }

    /// From behind which position the first of them goes on.
    pub(crate) fn first(&self) -> Option<i64> {
        self.moving.values().min().copied()
    }

    /// Lets through what those that can go on have missed.
    pub(crate) fn gate(&self) -> Gate {
        Gate::open_to(self.moving.clone())
    }

    /// What to tell of them.
    pub(crate) fn standing(self) -> StandingStill {
        let merchants = self.moving.len().saturating_add(self.stuck.len());
        StandingStill {
            merchants: u32::try_from(merchants).unwrap_or(u32::MAX),
            more: self.moves(),
            why: self.why.map(|unread| unread.corruption),
        }
    }

    /// Refuses these in place of `live` ones where a merchant would be set back: its readers are
    /// past the place.
    pub(crate) fn refuse_to_set_back(self, live: &Self) -> Result<(), Error> {
        let sets_back = self.all().any(|(merchant, through)| {
            let live = live
                .moving
                .get(merchant)
                .or_else(|| live.stuck.get(merchant));
            live.is_none_or(|live| through < live)
        });
        match self.why {
            _ if !sets_back => Ok(()),
            Some(unread) => Err(unread.into()),
            // It can be read by now.
            None => Err(Error::Conflict),
        }
    }

    fn all(&self) -> impl Iterator<Item = (&String, &i64)> {
        self.moving.iter().chain(&self.stuck)
    }
}

fn parted(row: NextRow) -> (String, EventRow) {
    let (merchant, position, order, version, payment, schema_version, at_ms, body) = row;
    let event = (
        position,
        order,
        version,
        payment,
        schema_version,
        at_ms,
        body,
    );
    (merchant, event)
}
