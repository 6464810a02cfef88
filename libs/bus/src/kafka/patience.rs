//! How long an acknowledgement is waited for. Where Kafka is away, whoever comes next need not wait
//! as long to be told so.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout};

/// How long those wait who come after one that was not acknowledged.
const SHORT: Duration = Duration::from_millis(400);

/// How often one of them waits as long as ever: Kafka may be back, and only slow.
const FULL_AGAIN_AFTER: Duration = Duration::from_secs(2);

/// The patience that all records of a producer share.
#[derive(Debug)]
pub(super) struct Patience {
    full: Duration,
    /// When the last one was tried with full patience, since nothing is acknowledged.
    in_vain: Mutex<Option<Instant>>,
}

impl Patience {
    /// So much of it for each record, as long as records are acknowledged.
    pub(super) fn of(full: Duration) -> Self {
        Self {
            full,
            in_vain: Mutex::new(None),
        }
    }

    /// What became of the delivery, if that is known in time. What it says beyond whether it was
    /// acknowledged makes no difference here.
    pub(super) async fn wait<T, E, C>(
        &self,
        delivery: impl Future<Output = Result<Result<T, E>, C>>,
    ) -> Result<Result<Result<T, E>, C>, Elapsed> {
        let came = timeout(self.bound(), delivery).await;
        let mut in_vain = self.in_vain();
        *in_vain = match &came {
            Ok(Ok(Ok(_acknowledged))) => None,
            Ok(Ok(Err(_)) | Err(_)) | Err(_) => in_vain.or(Some(Instant::now())),
        };
        drop(in_vain);
        came
    }

    fn bound(&self) -> Duration {
        let now = Instant::now();
        let mut in_vain = self.in_vain();
        match *in_vain {
            None => self.full,
            Some(tried) if now.saturating_duration_since(tried) < FULL_AGAIN_AFTER => {
                self.full.min(SHORT)
            }
            Some(_) => {
                *in_vain = Some(now);
                self.full
            }
        }
    }

    fn in_vain(&self) -> MutexGuard<'_, Option<Instant>> {
        // A panic elsewhere leaves it whole: every change to it is one step.
        self.in_vain.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{FULL_AGAIN_AFTER, Patience};
    use std::convert::Infallible;
    use std::time::Duration;
    use tokio::time::{Instant, advance, sleep};

    type Came = Result<Result<(), ()>, Infallible>;

    /// How long this one waited, and whether it was acknowledged; Kafka takes so long for it.
    async fn waited(patience: &Patience, kafka_takes_ms: u64) -> (u128, bool) {
        let begun = Instant::now();
        let delivery = async {
            sleep(Duration::from_millis(kafka_takes_ms)).await;
            Came::Ok(Ok(()))
        };
        let came = patience.wait(delivery).await;
        (begun.elapsed().as_millis(), came == Ok(Ok(Ok(()))))
    }

    fn patience() -> Patience {
        Patience::of(Duration::from_millis(1_500))
    }

    const AWAY: u64 = 3_600_000;

    #[tokio::test(start_paused = true)]
    async fn after_one_in_vain_the_next_are_told_sooner() {
        let patience = patience();
        assert_eq!(waited(&patience, AWAY).await, (1_500, false));
        assert_eq!(waited(&patience, AWAY).await, (400, false));
        assert_eq!(waited(&patience, AWAY).await, (400, false));
    }

    #[tokio::test(start_paused = true)]
    async fn an_acknowledgement_brings_full_patience_back() {
        let patience = patience();
        waited(&patience, AWAY).await;
        assert_eq!(waited(&patience, 300).await, (300, true));
        assert_eq!(waited(&patience, 1_400).await, (1_400, true));
    }

    #[tokio::test(start_paused = true)]
    async fn kafka_that_came_back_slow_is_not_refused_for_ever() {
        let patience = patience();
        waited(&patience, AWAY).await;
        assert_eq!(waited(&patience, 900).await, (400, false));
        advance(FULL_AGAIN_AFTER).await;
        assert_eq!(waited(&patience, 900).await, (900, true));
        assert_eq!(waited(&patience, 900).await, (900, true));
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_costs_one_in_two_seconds_the_full_wait() {
        let patience = patience();
        waited(&patience, AWAY).await;
        advance(FULL_AGAIN_AFTER).await;
        assert_eq!(waited(&patience, AWAY).await, (1_500, false));
        assert_eq!(waited(&patience, AWAY).await, (400, false));
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_by_kafka_counts_like_silence() {
        let patience = patience();
        let refused = async { Ok::<Result<(), ()>, Infallible>(Err(())) };
        assert_eq!(patience.wait(refused).await, Ok(Ok(Err(()))));
        assert_eq!(waited(&patience, AWAY).await, (400, false));
    }
}
