//! Waiting at a door: until something is so, or the wait is over. Told by news, and reading again
//! every half second besides, since news may be lost (decision 17).

use crate::problem::Problem;
use crate::state::State;
use fleet::Watch;
use payment::{MerchantId, PaymentId, Timestamp, told_changes_at};
use sale::Snapshot;
use std::time::Duration;
use tokio::time::Instant;

/// How often a waiting door reads again without being told.
pub(crate) const READ_AGAIN: Duration = Duration::from_millis(500);

/// Whether a door that reads may say `paid`, or only looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Says {
    /// It hands the answer over: `Released` is written before `paid` is said.
    Anything,
    /// It is there for something else (a cancel): an approval stays unreleased.
    NothingNew,
}

/// The payment a caller waits at.
pub(crate) struct Door<'a> {
    pub(crate) state: &'a State,
    pub(crate) merchant: &'a MerchantId,
    pub(crate) payment: PaymentId,
    pub(crate) says: Says,
}

impl Door<'_> {
    pub(crate) async fn read(&self) -> Result<Snapshot, Problem> {
        let sales = &self.state.sales;
        let read = match self.says {
            Says::Anything => sales.hand_over(self.merchant, self.payment).await,
            Says::NothingNew => sales.look(self.merchant, self.payment).await,
        };
        Ok(read?)
    }

    /// The payment as soon as `enough` holds of it, or as it stands when `wait` is over or the
    /// gateway stops.
    pub(crate) async fn wait<F>(&self, wait: Duration, enough: F) -> Result<Snapshot, Problem>
    where
        F: Fn(&Snapshot) -> bool,
    {
        self.wait_from(self.watch(), None, wait, enough).await
    }

    /// Hears what is told of the payment from now on.
    pub(crate) fn watch(&self) -> Watch {
        self.state.news.watch(self.payment)
    }

    /// The same for one that is `known` as it was when, or after, the watch began: it need not be
    /// read before something is told of it.
    pub(crate) async fn wait_from<F>(
        &self,
        mut watch: Watch,
        mut known: Option<Snapshot>,
        wait: Duration,
        enough: F,
    ) -> Result<Snapshot, Problem>
    where
        F: Fn(&Snapshot) -> bool,
    {
        let until = Instant::now().checked_add(wait);
        let mut unbegun = false;
        loop {
            let found = match known.take() {
                Some(known) => known,
                None => self.read().await?,
            };
            let now = self.state.now();
            let left = until.map_or(Duration::ZERO, |until| {
                until.saturating_duration_since(Instant::now())
            });
            if !wait.is_zero() {
                unbegun = self.note_pace(&found, unbegun, now);
            }
            let stopping = self.state.stopping.is_cancelled();
            if left.is_zero() || stopping || enough(&found) {
                return Ok(found);
            }
            pause(self.state, &mut watch, next_look(&found, now).min(left)).await;
        }
    }

    /// Notes for the next ones how soon payments are begun. Returns whether this one is not; it
    /// counts as begun only if it was seen before that.
    fn note_pace(&self, found: &Snapshot, was_unbegun: bool, now: Timestamp) -> bool {
        let since_taken_ms = now.ms_since(found.view.terms.accepted_at);
        if found.waiting {
            self.state.admission.unbegun(since_taken_ms, now);
        } else if was_unbegun {
            self.state.admission.begun(since_taken_ms, now);
        }
        found.waiting
    }
}

/// Until something was told, the gateway stops, or `longest` is over.
pub(crate) async fn pause(state: &State, watch: &mut Watch, longest: Duration) {
    tokio::select! {
        () = watch.changed() => {}
        () = tokio::time::sleep(longest) => {}
        () = state.stopping.cancelled() => {}
    }
}

/// When to look again without being told: what is told may change by the mere passing of time.
pub(crate) fn next_look(found: &Snapshot, now: Timestamp) -> Duration {
    let changes_in = told_changes_at(&found.view)
        .map(|at| at.ms_since(now))
        .and_then(|ms| u64::try_from(ms).ok())
        .map(Duration::from_millis);
    changes_in.map_or(READ_AGAIN, |changes_in| {
        changes_in.clamp(Duration::from_millis(1), READ_AGAIN)
    })
}
