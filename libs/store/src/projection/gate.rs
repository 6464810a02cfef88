//! Whose events of a batch are applied, and who is stopped by one that can't be read.

use std::collections::{BTreeMap, BTreeSet};

/// Whose events a batch is applied for.
#[derive(Debug)]
pub(crate) struct Gate {
    whose: Whose,
    stopped: BTreeMap<String, i64>,
}

#[derive(Debug)]
enum Whose {
    /// All but these merchants'.
    AllBut(BTreeSet<String>),
    /// These merchants' alone, from behind the position.
    Of(BTreeMap<String, i64>),
}

impl Gate {
    /// Lets through what is new to everyone but these merchants.
    pub(crate) fn closed_to(held: impl IntoIterator<Item = String>) -> Self {
        Self {
            whose: Whose::AllBut(held.into_iter().collect()),
            stopped: BTreeMap::new(),
        }
    }

    /// Lets through what these merchants have missed behind their positions, and nothing else.
    pub(crate) fn open_to(moving: BTreeMap<String, i64>) -> Self {
        Self {
            whose: Whose::Of(moving),
            stopped: BTreeMap::new(),
        }
    }

    /// Whether the merchant's event is applied.
    pub(crate) fn admits(&self, merchant: &str, position: i64) -> bool {
        match &self.whose {
            Whose::AllBut(held) => !held.contains(merchant),
            Whose::Of(moving) => moving
                .get(merchant)
                .is_some_and(|through| *through < position),
        }
    }

    /// Nothing of the merchant goes through from this event on, if it would have.
    pub(crate) fn stop(&mut self, merchant: String, position: i64) {
        if !self.admits(&merchant, position) {
            return;
        }
        match &mut self.whose {
            Whose::AllBut(held) => {
                held.insert(merchant.clone());
            }
            Whose::Of(moving) => {
                moving.remove(&merchant);
            }
        }
        self.stopped.insert(merchant, position.saturating_sub(1));
    }

    /// Who was stopped, and up to which position everything of theirs was applied.
    pub(crate) fn stopped(&self) -> &BTreeMap<String, i64> {
        &self.stopped
    }

    /// Of those that were let go on, who has everything up to this position and no further.
    pub(crate) fn brought_to(&self, position: i64) -> Vec<&str> {
        match &self.whose {
            Whose::AllBut(_) => Vec::new(),
            Whose::Of(moving) => {
                let brought = moving.iter().filter(|(_, through)| **through <= position);
                brought.map(|(merchant, _)| merchant.as_str()).collect()
            }
        }
    }
}
