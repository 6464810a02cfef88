//! Writing `Released` before `paid` is told (decision 8), and taking it back where it came to be
//! written and nobody was told: past the last release, or for a client that hung up (K6b).

use crate::tell::{Telling, in_doubt, telling};
use crate::{Error, Records, Sales, Snapshot};
use payment::{Event, Fact, Input, OrderId, PaymentId, Refusal, Terms, Timestamp};
use std::time::Duration;
use store::{Decided, ExecuteError, Executed};
use tokio::sync::oneshot;

/// The longest that an append of `Released` is given, in milliseconds.
const LIMIT_MS: i64 = 2_000;

/// Each conflict means that another door or a worker got on with the order.
const TRIES_MAX: u32 = 16;

/// A client that hung up while `Released` was being written may come back and be told.
const HUNG_UP: Duration = Duration::from_secs(3);

/// For so long a withdrawal is tried, in milliseconds: then another door may tell `paid` without
/// saying so first (ADR 44).
const WITHDRAWAL_MS: i64 = 55_000;

/// Between two tries to withdraw.
const WITHDRAW_AGAIN: Duration = Duration::from_millis(500);

/// One release under way, apart from the client that waits for it.
struct Releasing {
    order: OrderId,
    payment: PaymentId,
    last_release_at: Timestamp,
    /// The longest that the append is given, in milliseconds.
    limit_ms: i64,
}

impl Releasing {
    fn of(terms: &Terms) -> Self {
        let last_release_at = terms.last_release_at();
        // Half of what lies behind the close, so that an approval just before it can be released.
        let half_ms = last_release_at.ms_since(terms.close_at()) / 2;
        Self {
            order: terms.order(),
            payment: terms.payment(),
            last_release_at,
            limit_ms: half_ms.clamp(1, LIMIT_MS),
        }
    }

    /// Whether an append that begins now surely ends before the last release, if it ends within
    /// its limit.
    fn may_begin(&self, now: Timestamp) -> bool {
        now.plus_ms(self.limit_ms) <= self.last_release_at
    }
}

impl<R: Records> Sales<R> {
    /// Releases the approval that this door is about to tell. The append goes on although the
    /// client hangs up; what it wrote for nobody is then withdrawn.
    pub(crate) async fn release(&self, snapshot: &Snapshot) -> Result<Telling, Error> {
        let releasing = Releasing::of(&snapshot.view.terms);
        if !releasing.may_begin(self.now()) {
            return Ok(Telling::NotBegun);
        }
        let left_ms = releasing.last_release_at.ms_since(self.now());
        let left = Duration::from_millis(u64::try_from(left_ms).unwrap_or(0));
        let (tell, told) = oneshot::channel();
        let sales = self.clone();
        let _goes_on = self.tasks.spawn(async move {
            sales.go_on_releasing(releasing, tell).await;
        });
        match tokio::time::timeout(left, told).await {
            Ok(Ok(telling)) => telling,
            // Too late to tell `paid`, and not known to be otherwise: nothing is guessed.
            Ok(Err(_)) | Err(_) => Err(Error::OutcomeUnknown),
        }
    }

    async fn go_on_releasing(
        self,
        releasing: Releasing,
        tell: oneshot::Sender<Result<Telling, Error>>,
    ) {
        let appended = self.append_release(&releasing).await;
        let now = self.now();
        let Releasing {
            payment,
            last_release_at,
            ..
        } = releasing;
        let ours = matches!(&appended, Ok(Some(executed)) if is_release(&executed.events));
        let told = match appended {
            Ok(Some(executed)) => Ok(telling(&executed, payment, now)),
            Ok(None) => Ok(Telling::NotBegun),
            Err(ExecuteError::Refused(_)) => Ok(Telling::Overtaken),
            Err(ExecuteError::Store(error)) => Err(in_doubt(error)),
        };
        if ours && now > last_release_at {
            metrics::counter!("gateway_late_releases_total").increment(1);
            tracing::error!(payment.id = %payment, "a release came too late to be told");
            drop(tell);
            self.withdraw(&releasing).await;
        } else if tell.send(told).is_ok() {
            if ours {
                self.board.remember_told(payment, now);
            }
        } else if ours {
            tracing::info!(payment.id = %payment, "the client hung up while its payment was released");
            tokio::time::sleep(HUNG_UP).await;
            self.withdraw(&releasing).await;
        }
    }

    /// Appends `Released`, or what this door must write where another released first. `None` where
    /// it is too late to begin.
    async fn append_release(
        &self,
        releasing: &Releasing,
    ) -> Result<Option<Executed>, ExecuteError> {
        let (order, payment) = (releasing.order, releasing.payment);
        for _ in 0..TRIES_MAX {
            let before = self.records.load(order).await?;
            let now = self.now();
            let decided = Decided::on(before, Input::Release { payment }, now)?;
            if is_release(decided.events()) && !releasing.may_begin(now) {
                return Ok(None);
            }
            let partition = bus::partition_of(order);
            match decided.append(&self.records, order, partition).await {
                Ok(executed) => {
                    if !executed.events.is_empty() {
                        self.news.tell(payment);
                    }
                    return Ok(Some(executed));
                }
                Err(store::Error::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(store::Error::Conflict.into())
    }

    /// Takes the release back, unless another door has told it or the merchant confirmed it.
    async fn withdraw(&self, releasing: &Releasing) {
        let (order, payment) = (releasing.order, releasing.payment);
        let until = self.now().plus_ms(WITHDRAWAL_MS);
        let partition = bus::partition_of(order);
        while self.now() <= until {
            let (input, now) = (Input::Withdraw { payment }, self.now());
            match store::execute(&self.records, order, input, now, partition).await {
                Ok(_) => {
                    metrics::counter!("gateway_withdrawn_releases_total").increment(1);
                    tracing::warn!(payment.id = %payment, "a release that nobody was told is withdrawn");
                    return self.news.tell(payment);
                }
                Err(ExecuteError::Refused(Refusal::NotWithdrawable)) => return,
                Err(ExecuteError::Refused(refusal)) => {
                    return tracing::error!(payment.id = %payment, %refusal, "a release was not withdrawn");
                }
                Err(ExecuteError::Store(error)) => {
                    tracing::warn!(payment.id = %payment, %error, "a release is not withdrawn yet");
                    tokio::time::sleep(WITHDRAW_AGAIN).await;
                }
            }
        }
        tracing::error!(payment.id = %payment, "a release that nobody was told could not be withdrawn");
    }
}

fn is_release(events: &[Event]) -> bool {
    events.iter().any(|event| event.fact == Fact::Released)
}
