//! Readiness: named checks that parts of a process raise and lower. A process that answers at all
//! is alive; only one of which no check is down is ready. A degraded part is slower, not wrong. The
//! gauge `readiness_check` is 1 at the state that each check is in, so that an alarm can name it.

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
    Degraded(String),
    Down(String),
}

/// Every state's word, as the gauge's label has it.
const STATES: [&str; 3] = ["up", "degraded", "down"];

impl State {
    fn word(&self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Degraded(_) => "degraded",
            Self::Down(_) => "down",
        }
    }
}

/// One part that is not well, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unwell {
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
    pub fn ready(&self) -> Result<(), Vec<Unwell>> {
        let down = self.select(|state| match state {
            State::Down(reason) => Some(reason.clone()),
            State::Up | State::Degraded(_) => None,
        });
        if down.is_empty() { Ok(()) } else { Err(down) }
    }

    /// What works, only slower than it should.
    pub fn degraded(&self) -> Vec<Unwell> {
        self.select(|state| match state {
            State::Degraded(reason) => Some(reason.clone()),
            State::Up | State::Down(_) => None,
        })
    }

    fn select(&self, reason_of: impl Fn(&State) -> Option<String>) -> Vec<Unwell> {
        let checks = self.checks();
        let unwell = checks.iter().filter_map(|(check, state)| {
            let reason = reason_of(state)?;
            Some(Unwell { check, reason })
        });
        unwell.collect()
    }

    fn set(&self, name: &'static str, state: State) {
        let mut checks = self.checks();
        for word in STATES {
            let here = u8::from(word == state.word());
            metrics::gauge!("readiness_check", "check" => name, "state" => word)
                .set(f64::from(here));
        }
        checks.insert(name, state);
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

    /// This part is missing and the rest does without it: slower, never wrong. The process stays
    /// ready; `reason` says what is wrong and what to do.
    pub fn degraded(&self, reason: &str) {
        self.health
            .set(self.name, State::Degraded(reason.to_owned()));
    }

    /// This part is not well; `reason` says what is wrong and what to do.
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

    #[test]
    fn a_degraded_part_leaves_the_process_ready_and_is_told_all_the_same() {
        let health = Health::new();
        let leases = health.register("leases");
        leases.degraded("Redis is away; start it");
        assert_eq!(health.ready(), Ok(()));
        assert_eq!(health.degraded()[0].check, "leases");
        leases.up();
        assert_eq!(health.degraded(), Vec::new());
    }

    #[test]
    fn a_gauge_names_each_check_and_the_one_state_it_is_in() {
        let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
        let told = || recorder.handle().render();
        metrics::with_local_recorder(&recorder, || {
            let clock = Health::new().register("clock");
            assert!(told().contains(r#"readiness_check{check="clock",state="down"} 1"#));
            clock.degraded("Alipay's clock is far");
        });
        for line in [
            r#"readiness_check{check="clock",state="up"} 0"#,
            r#"readiness_check{check="clock",state="degraded"} 1"#,
            r#"readiness_check{check="clock",state="down"} 0"#,
        ] {
            assert!(told().contains(line), "{line} in {}", told());
        }
    }
}
