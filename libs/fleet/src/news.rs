//! "Something about this payment changed": wakes merchants that wait for an answer. Carries no
//! content; who is woken reads the store. News may be lost in a fleet, so waiters also re-read.

use crate::bulletin::{self, Bulletin, Heard};
use crate::link::Link;
use payment::PaymentId;
use std::collections::HashMap;
use std::fmt;
use std::future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// The fleet's news of payments. Clones share them.
#[derive(Clone)]
pub struct News {
    shared: Arc<Shared>,
}

/// One waiter's ear on one payment. Whatever is told after it was made is heard, whether or not
/// anyone awaits at that moment; so watch first, then read the store, then await.
#[must_use = "what is told before a watch exists is not heard by it"]
pub struct Watch {
    payment: PaymentId,
    // Taken only while dropping.
    ear: Option<watch::Receiver<()>>,
    shared: Arc<Shared>,
}

struct Shared {
    watched: Mutex<HashMap<PaymentId, watch::Sender<()>>>,
    abroad: Option<Abroad>,
}

/// The way to other processes.
struct Abroad {
    link: Link,
    bulletin: Arc<Bulletin>,
}

impl News {
    /// News among the tasks of this process.
    pub fn in_process() -> Self {
        Self {
            shared: Arc::new(Shared {
                watched: Mutex::new(HashMap::new()),
                abroad: None,
            }),
        }
    }

    /// News among all processes on this Redis. One channel carries all: an id is 16 bytes, many
    /// share a message, and a process listens only once it has had a watcher. When the line comes
    /// back after it was lost, every watcher is woken, since news may have been missed.
    ///
    /// A link carries one `News`; a second would hear nothing from others.
    pub fn redis(link: &Link) -> Self {
        let bulletin = Arc::new(Bulletin::new(link.line.channel()));
        let shared = Arc::new(Shared {
            watched: Mutex::new(HashMap::new()),
            abroad: Some(Abroad {
                link: link.clone(),
                bulletin: Arc::clone(&bulletin),
            }),
        });
        let (hearing, reading) = (Arc::downgrade(&shared), Arc::clone(&bulletin));
        link.line.listen(Box::new(move |push| {
            if let Some(shared) = hearing.upgrade() {
                shared.hear(&reading.hear(push));
            }
        }));
        link.run(bulletin::publish(Arc::clone(&link.line), bulletin));
        Self { shared }
    }

    /// Wakes everyone who watches this payment, here at once, elsewhere soon. Never waits.
    pub fn tell(&self, payment: PaymentId) {
        self.shared.wake(payment);
        if let Some(abroad) = &self.shared.abroad {
            abroad.bulletin.post(payment);
        }
    }

    /// Listens to one payment from now on.
    pub fn watch(&self, payment: PaymentId) -> Watch {
        let ear = self
            .shared
            .watched()
            .entry(payment)
            .or_insert_with(|| watch::Sender::new(()))
            .subscribe();
        // After that, so that the first watcher is woken when the process has begun to listen.
        if let Some(abroad) = &self.shared.abroad {
            abroad.link.line.want_news();
        }
        Watch {
            payment,
            ear: Some(ear),
            shared: Arc::clone(&self.shared),
        }
    }

    /// How many payments are watched now.
    pub fn payments_watched(&self) -> usize {
        self.shared.watched().len()
    }
}

impl Watch {
    /// Returns once something was told since the watch was made, or since this last returned.
    /// Several tellings in between are heard as one. Dropping the future loses nothing.
    pub async fn changed(&mut self) {
        let heard = match &mut self.ear {
            Some(ear) => ear.changed().await.is_ok(),
            None => false,
        };
        // The sender stays as long as any watch does. Were it gone, nothing could ever be told.
        if !heard {
            future::pending::<()>().await;
        }
    }

    /// The payment it listens to.
    pub fn payment(&self) -> PaymentId {
        self.payment
    }
}

impl Shared {
    fn wake(&self, payment: PaymentId) {
        if let Some(sender) = self.watched().get(&payment) {
            sender.send_replace(());
        }
    }

    fn hear(&self, heard: &Heard) {
        match heard {
            Heard::Payments(payments) => payments.iter().for_each(|payment| self.wake(*payment)),
            Heard::Everything => {
                for sender in self.watched().values() {
                    sender.send_replace(());
                }
            }
            Heard::Nothing => {}
        }
    }

    // A panic elsewhere leaves the map whole: every change to it is one step.
    fn watched(&self) -> MutexGuard<'_, HashMap<PaymentId, watch::Sender<()>>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut watched = self.shared.watched();
        // Under the lock, so that of two who leave at once the second sees that it is the last.
        drop(self.ear.take());
        let deserted = watched
            .get(&self.payment)
            .is_some_and(|sender| sender.receiver_count() == 0);
        if deserted {
            watched.remove(&self.payment);
        }
    }
}

impl fmt::Debug for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("News")
            .field("payments_watched", &self.payments_watched())
            .finish()
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("payment", &self.payment)
            .finish()
    }
}
