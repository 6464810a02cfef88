//! Who is let in to be sold to. What this door can't take soon, or the workers behind it can't
//! begin in time, is turned away at once and untouched, instead of accepted and given up (ADR 32).
//!
//! Not here: questions, cancels and confirmations. They settle what was sold and are never turned
//! away.

mod pace;

use crate::config::Limits;
use crate::problem::Problem;
use pace::Pace;
use payment::Timestamp;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// The door's turnstile.
pub(crate) struct Admission {
    turns: Semaphore,
    /// How long a request waits for its turn.
    wait: Duration,
    pace: Mutex<Pace>,
}

/// A request's turn, until it was taken or not. Dropping it lets the next one in.
#[must_use = "dropped at once, it lets everyone in"]
pub(crate) struct Turn<'a>(#[expect(dead_code, reason = "held")] SemaphorePermit<'a>);

impl Admission {
    pub(crate) fn of(limits: &Limits) -> Self {
        Self {
            turns: Semaphore::new(limits.takings_max),
            wait: Duration::from_millis(limits.taking_wait_ms),
            pace: Mutex::new(Pace::of(limits.begin_lag_ms_max)),
        }
    }

    /// The request's turn. Nothing of it may have been looked at or written before.
    ///
    /// # Errors
    /// `gateway_busy`: too many are being taken, or payments are begun too late.
    pub(crate) async fn enter(&self, now: Timestamp) -> Result<Turn<'_>, Problem> {
        if self.pace().is_behind(now) {
            return Err(turned_away("behind"));
        }
        match timeout(self.wait, self.turns.acquire()).await {
            Ok(Ok(turn)) => Ok(Turn(turn)),
            // Nobody closes it.
            Ok(Err(_)) | Err(_) => Err(turned_away("full")),
        }
    }

    /// A payment that someone waits for at this door was begun, this long after it was taken.
    pub(crate) fn begun(&self, after_ms: i64, now: Timestamp) {
        self.pace().begun(after_ms, now);
    }

    /// A payment that someone waits for at this door is not begun yet, this long after it was taken.
    pub(crate) fn unbegun(&self, for_ms: i64, now: Timestamp) {
        self.pace().unbegun(for_ms, now);
    }

    // A panic elsewhere leaves the counts whole.
    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn turned_away(why: &'static str) -> Problem {
    metrics::counter!("gateway_turned_away_total", "why" => why).increment(1);
    Problem::busy()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Code;
    use std::sync::Arc;
    use tokio::time::Instant;

    const NOW: Timestamp = Timestamp::from_ms(1_795_000_000_000);

    fn admission(takings_max: usize) -> Arc<Admission> {
        Arc::new(Admission::of(&Limits {
            takings_max,
            taking_wait_ms: 250,
            ..Limits::default()
        }))
    }

    #[tokio::test(start_paused = true)]
    async fn who_gets_no_turn_in_time_is_turned_away_and_the_next_one_enters_a_free_place() {
        let admission = admission(1);
        let turn = admission.enter(NOW).await.unwrap();
        let before = Instant::now();
        let problem = admission.enter(NOW).await.err().unwrap();
        assert_eq!(problem.code, Code::GatewayBusy);
        assert_eq!(before.elapsed().as_millis(), 250);
        drop(turn);
        let _turn = admission.enter(NOW).await.unwrap();
        assert_eq!(before.elapsed().as_millis(), 250);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_gets_the_turn_of_the_one_who_leaves() {
        let admission = admission(1);
        let turn = admission.enter(NOW).await.unwrap();
        let waiting = Arc::clone(&admission);
        let waiting = tokio::spawn(async move { waiting.enter(NOW).await.map(drop) });
        tokio::time::sleep(Duration::from_millis(200)).await;
        drop(turn);
        assert!(waiting.await.unwrap().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_a_turn_while_the_workers_are_behind() {
        let admission = admission(64);
        for _ in 0..100 {
            admission.unbegun(2_001, NOW);
        }
        let before = Instant::now();
        let problem = admission.enter(NOW).await.err().unwrap();
        assert_eq!(problem.code, Code::GatewayBusy);
        assert_eq!(before.elapsed().as_millis(), 0);
        admission.begun(2_000, NOW);
        assert!(admission.enter(NOW).await.is_ok());
    }
}
