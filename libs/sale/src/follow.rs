//! Followed payments: however many wait for one at this gateway, it is read once for all of them.
//! A waiter that is dropped, as when its client hangs up, follows no longer.

use fleet::{News, Watch};
use payment::{PaymentId, Standing, Timestamp, View};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::Recorded;
use tokio::sync::{Notify, watch};

/// The payments that someone waits for at this gateway.
#[derive(Clone, Default)]
pub(crate) struct Board {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    followed: Mutex<HashMap<PaymentId, Arc<Followed>>>,
    /// The payments that were heard of since the last read.
    heard: Mutex<HashSet<PaymentId>>,
    rung: Notify,
    /// The releases that this gateway appended and told in time, and when: it withdraws none of
    /// them, so it may tell them again without saying so first.
    told_here: Mutex<HashMap<PaymentId, Timestamp>>,
}

/// A release is young, and remembered here, for so long, in milliseconds.
const YOUNG_MS: i64 = 120_000;

/// With more than these remembered, those that are no longer young are forgotten.
const REMEMBERED: usize = 4_096;

/// One payment, for all who follow it.
pub(crate) struct Followed {
    /// The payment as it was last read, or as a waiter wrote it.
    latest: watch::Sender<Option<Arc<View>>>,
    /// Of several waiters one writes what must be written before it is told.
    pub(crate) handing_over: tokio::sync::Mutex<()>,
    /// Its events up to some version, read once for all streams.
    pub(crate) history: tokio::sync::Mutex<Option<(u64, Arc<[Recorded]>)>>,
}

/// One waiter's ear on one payment. What happens from its making on is heard, whether or not it is
/// awaited at that moment; so follow first, then read, then await.
pub struct Following {
    payment: PaymentId,
    watch: Watch,
    // Taken only while dropping.
    latest: Option<watch::Receiver<Option<Arc<View>>>>,
    pub(crate) followed: Arc<Followed>,
    shared: Arc<Shared>,
}

impl Board {
    pub(crate) fn follow(&self, payment: PaymentId, news: &News) -> Following {
        let watch = news.watch(payment);
        let mut all = self.shared.followed();
        let followed = Arc::clone(all.entry(payment).or_insert_with(|| {
            Arc::new(Followed {
                latest: watch::Sender::new(None),
                handing_over: tokio::sync::Mutex::new(()),
                history: tokio::sync::Mutex::new(None),
            })
        }));
        // Under the lock, so that the last one to leave sees this one.
        let latest = followed.latest.subscribe();
        drop(all);
        Following {
            payment,
            watch,
            latest: Some(latest),
            followed,
            shared: Arc::clone(&self.shared),
        }
    }

    /// Returns once a followed payment was heard of.
    pub(crate) async fn rung(&self) {
        self.shared.rung.notified().await;
    }

    /// The payments that were heard of since this was last called.
    pub(crate) fn heard(&self) -> Vec<PaymentId> {
        std::mem::take(&mut *self.shared.heard())
            .into_iter()
            .collect()
    }

    /// The followed payments; with `settled` those too that only their merchant changes.
    pub(crate) fn all(&self, settled: bool) -> Vec<PaymentId> {
        let all = self.shared.followed();
        let wanted = all
            .iter()
            .filter(|(_, followed)| settled || !followed.is_settled());
        wanted.map(|(payment, _)| *payment).collect()
    }

    /// Remembers a release that was appended here and told in time.
    pub(crate) fn remember_told(&self, payment: PaymentId, now: Timestamp) {
        let mut told = self.shared.told_here();
        if told.len() >= REMEMBERED {
            told.retain(|_, at| now.ms_since(*at) < YOUNG_MS);
        }
        told.insert(payment, now);
    }

    /// Whether this gateway appended the payment's release and told it in time.
    pub(crate) fn told_here(&self, payment: PaymentId) -> bool {
        self.shared.told_here().contains_key(&payment)
    }

    /// Tells everyone who follows it how the payment stands.
    pub(crate) fn publish(&self, view: View) {
        let followed = self.shared.followed().get(&view.terms.payment()).cloned();
        if let Some(followed) = followed {
            followed.publish(view);
        }
    }
}

impl Followed {
    /// The payment as it was last read here.
    pub(crate) fn latest(&self) -> Option<Arc<View>> {
        self.latest.borrow().clone()
    }

    /// Takes in a newer state; an older one changes nothing.
    pub(crate) fn publish(&self, view: View) {
        self.latest.send_if_modified(|latest| {
            let news = latest
                .as_ref()
                .is_none_or(|latest| latest.version < view.version);
            if news {
                *latest = Some(Arc::new(view));
            }
            news
        });
    }

    fn is_settled(&self) -> bool {
        let latest = self.latest.borrow();
        latest.as_ref().is_some_and(|view| match view.standing {
            Standing::Paid { .. } | Standing::Ended(_) => true,
            Standing::Processing
            | Standing::Approved
            | Standing::Closing(_)
            | Standing::NeedsAttention(_) => false,
        })
    }
}

impl Following {
    /// The payment as soon as it is newer than `known`; `None` once `longest` is over.
    pub async fn newer_than(&mut self, known: u64, longest: Duration) -> Option<Arc<View>> {
        let over = tokio::time::sleep(longest);
        tokio::pin!(over);
        loop {
            let latest = self.followed.latest();
            if let Some(view) = latest.filter(|view| view.version > known) {
                return Some(view);
            }
            tokio::select! {
                // In this order, so that a simulated run can be run again.
                biased;
                () = changed(&mut self.latest) => {}
                () = self.watch.changed() => self.shared.hear(self.payment),
                () = &mut over => return None,
            }
        }
    }
}

async fn changed(latest: &mut Option<watch::Receiver<Option<Arc<View>>>>) {
    let heard = match latest {
        Some(latest) => latest.changed().await.is_ok(),
        None => false,
    };
    // The sender stays as long as this waiter does.
    if !heard {
        std::future::pending::<()>().await;
    }
}

impl Shared {
    fn hear(&self, payment: PaymentId) {
        self.heard().insert(payment);
        self.rung.notify_one();
    }

    // A panic elsewhere leaves both whole: every change to them is one step.
    fn followed(&self) -> MutexGuard<'_, HashMap<PaymentId, Arc<Followed>>> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn told_here(&self) -> MutexGuard<'_, HashMap<PaymentId, Timestamp>> {
        self.told_here
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn heard(&self) -> MutexGuard<'_, HashSet<PaymentId>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let mut all = self.shared.followed();
        // Under the lock, so that of two who leave at once the second sees that it is the last.
        drop(self.latest.take());
        let deserted = all
            .get(&self.payment)
            .is_some_and(|followed| followed.latest.receiver_count() == 0);
        if deserted {
            all.remove(&self.payment);
        }
    }
}
