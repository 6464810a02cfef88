//! Readiness: named checks that parts of a process raise and lower. A process that answers at all
//! is alive; only one whose every check is up is ready.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The checks of one process. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Health {
    checks: Arc<Mutex<BTreeMap<&'static str, State>>>,
}

/// One part's own check.
#[derive(Clone, Debug)]
pub struct Check {
    health: Health,
    name: &'static str,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum State {
    Up,
    Down(String),
}

/// One reason not to be ready.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unready {
    /// The check.
    pub check: &'static str,
    /// What is wrong and what to do, for people.
    pub reason: String,
}

impl Health {
    /// A process without checks: ready.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a check, which is down until its part says otherwise.
    pub fn register(&self, name: &'static str) -> Check {
        self.set(name, State::Down("starting".to_owned()));
        Check {
            health: self.clone(),
            name,
        }
    }

    /// Whether the process may be given work.
    ///
    /// # Errors
    /// Every check that is down, with its reason.
    pub fn ready(&self) -> Result<(), Vec<Unready>> {
        let unready: Vec<Unready> = self
            .checks()
            .iter()
            .filter_map(|(check, state)| match state {
                State::Up => None,
                State::Down(reason) => Some(Unready {
                    check,
                    reason: reason.clone(),
                }),
            })
            .collect();
        if unready.is_empty() {
            Ok(())
        } else {
            Err(unready)
        }
    }

    fn set(&self, name: &'static str, state: State) {
        self.checks().insert(name, state);
    }

    // A panic elsewhere leaves the map whole: every change to it is one step.
    fn checks(&self) -> MutexGuard<'_, BTreeMap<&'static str, State>> {
        self.checks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Check {
    /// This part is well.
    pub fn up(&self) {
        self.health.set(self.name, State::Up);
    }

    /// This part is not; `reason` says what is wrong and what to do.
    pub fn down(&self, reason: &str) {
        self.health.set(self.name, State::Down(reason.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_ready_when_every_check_is_up_and_names_those_that_are_not() {
        let health = Health::new();
        let database = health.register("database");
        let clock = health.register("clock");
        clock.up();
        let unready = health.ready().unwrap_err();
        assert_eq!(unready.len(), 1);
        assert_eq!(
            (unready[0].check, unready[0].reason.as_str()),
            ("database", "starting")
        );
        database.up();
        assert_eq!(health.ready(), Ok(()));
        clock.down("set the clock right");
        assert_eq!(health.ready().unwrap_err()[0].reason, "set the clock right");
    }
}
