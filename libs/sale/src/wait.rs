//! Waiting at a door until something is so, or the wait is over. A waiter that is dropped stops
//! waiting and hands nothing over.

use crate::reader::READ_AGAIN;
use crate::{Error, Following, Records, Sales, Snapshot};
use payment::{MerchantId, PaymentId, Timestamp, told_changes_at};
use std::sync::Arc;
use std::time::Duration;
use store::Recorded;
use tokio::time::Instant;

/// What a door does with a payment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// It hands the answer over: `Released` is written before `paid` is told.
    HandOver,
    /// It is there for something else (a cancel): an approval stays unreleased.
    Look,
}

/// Which payment is waited for, and how long.
#[derive(Clone, Copy, Debug)]
pub struct LongPoll<'a> {
    /// The merchant that asks.
    pub merchant: &'a MerchantId,
    /// The payment.
    pub payment: PaymentId,
    /// What the door does with it.
    pub purpose: Purpose,
    /// The longest wait.
    pub wait: Duration,
}

impl<R: Records> Sales<R> {
    /// Hears of the payment from now on.
    pub fn follow(&self, payment: PaymentId) -> Following {
        self.board.follow(payment, &self.news)
    }

    /// The payment as soon as `enough` holds of it, or as it stands when the wait is over or the
    /// gateway stops. `known` is how it stood when, or after, it was followed; it need not be read
    /// again before something is heard of it.
    ///
    /// # Errors
    /// As [`Sales::look`].
    pub async fn wait<F>(
        &self,
        poll: LongPoll<'_>,
        mut following: Following,
        known: Option<Snapshot>,
        enough: F,
    ) -> Result<Snapshot, Error>
    where
        F: Fn(&Snapshot) -> bool,
    {
        let until = Instant::now().checked_add(poll.wait);
        let mut snapshot = match known {
            Some(known) => known,
            None => self.tell(poll).await?,
        };
        loop {
            let left = until.map_or(Duration::ZERO, |until| {
                until.saturating_duration_since(Instant::now())
            });
            if left.is_zero() || self.stopping.is_cancelled() || enough(&snapshot) {
                return Ok(snapshot);
            }
            let longest = self.next_look(&snapshot).min(left);
            snapshot = self.next(poll, snapshot, &mut following, longest).await?;
        }
    }

    /// The payment once it is heard of, or by the time that `longest` is over.
    async fn next(
        &self,
        poll: LongPoll<'_>,
        snapshot: Snapshot,
        following: &mut Following,
        longest: Duration,
    ) -> Result<Snapshot, Error> {
        let newer = tokio::select! {
            newer = following.newer_than(snapshot.view.version, longest) => newer,
            () = self.stopping.cancelled() => None,
        };
        match newer {
            Some(view) => {
                let snapshot = Snapshot::begun(view.as_ref().clone(), self.now());
                self.tell_followed(poll.purpose, snapshot, following).await
            }
            // Only its receipt is known, which nothing but a read of its own tells of.
            None if snapshot.waiting => self.tell(poll).await,
            None => {
                let snapshot = Snapshot {
                    at: self.now(),
                    ..snapshot
                };
                self.tell_followed(poll.purpose, snapshot, following).await
            }
        }
    }

    async fn tell(&self, poll: LongPoll<'_>) -> Result<Snapshot, Error> {
        match poll.purpose {
            Purpose::HandOver => self.hand_over(poll.merchant, poll.payment).await,
            Purpose::Look => self.look(poll.merchant, poll.payment).await,
        }
    }

    /// What may be told of a followed payment. Of several waiters one writes what must be written
    /// first, and the others tell what it wrote.
    pub(crate) async fn tell_followed(
        &self,
        purpose: Purpose,
        snapshot: Snapshot,
        following: &Following,
    ) -> Result<Snapshot, Error> {
        if self.must_write(purpose, &snapshot).is_none() {
            return Ok(snapshot);
        }
        let followed = &following.followed;
        let _alone = followed.handing_over.lock().await;
        let newer = followed.latest();
        let newer = newer.filter(|view| view.version > snapshot.view.version);
        let snapshot = newer.map_or(snapshot, |view| {
            Snapshot::begun(view.as_ref().clone(), self.now())
        });
        let told = self.told_as(purpose, snapshot).await?;
        if !told.waiting {
            followed.publish(told.view.clone());
        }
        Ok(told)
    }

    /// Hands a followed payment over as it stands once it is newer than `known`, or by the time
    /// that `longest` is over: what a stream sends.
    ///
    /// # Errors
    /// As [`Sales::look`].
    pub async fn stream(
        &self,
        poll: LongPoll<'_>,
        known: Option<Snapshot>,
        following: &mut Following,
    ) -> Result<Snapshot, Error> {
        match known {
            None => self.tell(poll).await,
            Some(known) => {
                let longest = self.next_look(&known).min(poll.wait);
                self.next(poll, known, following, longest).await
            }
        }
    }

    /// The followed payment's events up to this snapshot, read once for all who stream it.
    ///
    /// # Errors
    /// What the store says.
    pub async fn history(
        &self,
        snapshot: &Snapshot,
        following: &Following,
    ) -> Result<Arc<[Recorded]>, Error> {
        let version = snapshot.view.version;
        let mut history = following.followed.history.lock().await;
        if let Some((known, events)) = history.as_ref()
            && *known >= version
        {
            return Ok(Arc::clone(events));
        }
        let terms = &snapshot.view.terms;
        let events = self.records.history(terms.order(), terms.payment()).await?;
        let events: Arc<[Recorded]> = events.into();
        *history = Some((version, Arc::clone(&events)));
        Ok(events)
    }

    /// How long until the payment is looked at without being heard of: what is told may change by
    /// the mere passing of time, and a request without an event is read by each waiter itself.
    fn next_look(&self, snapshot: &Snapshot) -> Duration {
        let now: Timestamp = self.now();
        let changes_in = told_changes_at(&snapshot.view)
            .map(|at| at.ms_since(now))
            .and_then(|ms| u64::try_from(ms).ok())
            .map(|ms| Duration::from_millis(ms.max(1)));
        let longest = if snapshot.waiting {
            READ_AGAIN
        } else {
            Duration::MAX
        };
        changes_in.map_or(longest, |changes_in| changes_in.min(longest))
    }
}
