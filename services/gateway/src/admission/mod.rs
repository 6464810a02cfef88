//! Which requests to pay the gateway lets in. What it can't take soon, or the workers behind it can't
//! begin in time, it turns away at once and untouched, instead of accepting and giving it up (ADR 32).
//!
//! Not here: questions, cancels and confirmations. They settle what was sold and are never turned
//! away.

mod lag;
mod pace;
mod shares;

pub(crate) use lag::watch_begin;
pub(crate) use shares::{Kind, Share, Shares};

use crate::config::Limits;
use crate::problem::Problem;
use crate::state::State;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, web};
use pace::Pace;
use payment::{MerchantId, Timestamp};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// The gateway's turnstile.
pub(crate) struct Admission {
    turns: Arc<Semaphore>,
    /// How many there are; as many may wait for one.
    takings_max: usize,
    waiting: AtomicUsize,
    /// Each merchant's share of the turns. Only configured merchants get this far.
    merchants: Mutex<HashMap<MerchantId, Arc<Queue>>>,
    merchant_takings_max: usize,
    /// How long a request waits for its turn.
    wait: Duration,
    pace: Mutex<Pace>,
}

/// One merchant's share of the turns, and how many of its requests wait for it.
struct Queue {
    turns: Arc<Semaphore>,
    waiting: AtomicUsize,
}

/// A request's turn, until it was taken or not. Dropping it lets the next one in.
#[must_use = "dropped at once, it lets everyone in"]
pub(crate) struct Turn(#[expect(dead_code, reason = "held")] [OwnedSemaphorePermit; 2]);

impl Admission {
    pub(crate) fn of(limits: &Limits) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(limits.takings_max)),
            takings_max: limits.takings_max,
            waiting: AtomicUsize::new(0),
            merchants: Mutex::default(),
            merchant_takings_max: limits.merchant_takings_max,
            wait: Duration::from_millis(limits.taking_wait_ms),
            pace: Mutex::new(Pace::of(limits.begin_lag_ms_max)),
        }
    }

    /// The request's turn, first of its merchant's share and then of all. Nothing of it may have
    /// been written before.
    ///
    /// # Errors
    /// `gateway_busy`: too many are being taken, or payments are begun too late. `merchant_busy`:
    /// too many of this merchant's are being taken.
    pub(crate) async fn enter(
        &self,
        merchant: &MerchantId,
        now: Timestamp,
    ) -> Result<Turn, Problem> {
        if let Some(why) = self.why_shut(now) {
            return Err(turned_away(why));
        }
        let share = self.share(merchant).await?;
        if let Some(why) = self.why_shut(now) {
            return Err(turned_away(why));
        }
        let _waiting = Waiting::among(&self.waiting);
        match timeout(self.wait, Arc::clone(&self.turns).acquire_owned()).await {
            Ok(Ok(turn)) => Ok(Turn([share, turn])),
            // Nobody closes it.
            Ok(Err(_)) | Err(_) => Err(turned_away("full")),
        }
    }

    async fn share(&self, merchant: &MerchantId) -> Result<OwnedSemaphorePermit, Problem> {
        let queue = self.queue(merchant);
        if queue.waiting.load(Ordering::Relaxed) >= self.takings_max {
            return Err(shares::refused(Kind::Turn, self.merchant_takings_max));
        }
        let _waiting = Waiting::among(&queue.waiting);
        match timeout(self.wait, Arc::clone(&queue.turns).acquire_owned()).await {
            Ok(Ok(share)) => Ok(share),
            Ok(Err(_)) | Err(_) => Err(shares::refused(Kind::Turn, self.merchant_takings_max)),
        }
    }

    fn queue(&self, merchant: &MerchantId) -> Arc<Queue> {
        // A panic elsewhere leaves the map whole.
        let mut merchants = self
            .merchants
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(queue) = merchants.get(merchant) {
            return Arc::clone(queue);
        }
        let queue = Arc::new(Queue {
            turns: Arc::new(Semaphore::new(self.merchant_takings_max)),
            waiting: AtomicUsize::new(0),
        });
        merchants.insert(merchant.clone(), Arc::clone(&queue));
        queue
    }

    /// Why a request that comes now need not even wait, if so.
    fn why_shut(&self, now: Timestamp) -> Option<&'static str> {
        if self.pace().is_behind(now) {
            return Some("behind");
        }
        let crowded = self.waiting.load(Ordering::Relaxed) >= self.takings_max;
        crowded.then_some("full")
    }

    /// A payment that this gateway accepted was begun, this long after it was accepted.
    pub(crate) fn begun(&self, after_ms: i64, now: Timestamp) {
        self.pace().begun(after_ms, now);
    }

    /// A payment that this gateway accepted is not begun yet, this long after it was accepted.
    pub(crate) fn unbegun(&self, for_ms: i64, now: Timestamp) {
        self.pace().unbegun(for_ms, now);
    }

    // A panic elsewhere leaves the counts whole.
    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One more who waits for a turn, until it is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn among(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::Relaxed);
        Self(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Wraps the requests to pay: while the door is shut, no token is verified and nothing is parsed.
/// Saying no must cost little, or it is what the door is busy with; so the connection stays open,
/// for which the body must have been read.
pub(crate) async fn at_the_gate(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let shut = request.app_data::<web::Data<State>>().and_then(|state| {
        let why = state.admission.why_shut(state.now())?;
        Some((why, state.admission.wait))
    });
    let Some((why, wait)) = shut else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    let _unlooked_at = timeout(wait, request.extract::<web::Bytes>()).await;
    Ok(request.error_response(turned_away(why)))
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

    fn shop() -> MerchantId {
        MerchantId::parse("corner-shop").unwrap()
    }

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
        let turn = admission.enter(&shop(), NOW).await.unwrap();
        let before = Instant::now();
        let problem = admission.enter(&shop(), NOW).await.err().unwrap();
        assert_eq!(problem.code, Code::GatewayBusy);
        assert_eq!(before.elapsed().as_millis(), 250);
        drop(turn);
        let _turn = admission.enter(&shop(), NOW).await.unwrap();
        assert_eq!(before.elapsed().as_millis(), 250);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_gets_the_turn_of_the_one_who_leaves() {
        let admission = admission(1);
        let turn = admission.enter(&shop(), NOW).await.unwrap();
        let waiting = Arc::clone(&admission);
        let waiting = tokio::spawn(async move { waiting.enter(&shop(), NOW).await.map(drop) });
        tokio::time::sleep(Duration::from_millis(200)).await;
        drop(turn);
        assert!(waiting.await.unwrap().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_wait_for_a_turn_than_there_are_turns() {
        let admission = admission(1);
        let _turn = admission.enter(&shop(), NOW).await.unwrap();
        let before = Instant::now();
        let shop = shop();
        let (waited, crowded) = tokio::join!(admission.enter(&shop, NOW), async {
            let crowded = admission.enter(&shop, NOW).await.err();
            (crowded, before.elapsed().as_millis())
        });
        assert!(waited.is_err());
        assert_eq!(crowded.0.unwrap().code, Code::GatewayBusy);
        assert_eq!(crowded.1, 0);
        assert_eq!(before.elapsed().as_millis(), 250);
        assert_eq!(admission.why_shut(NOW), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_merchant_with_its_share_in_use_waits_for_its_own_and_holds_up_no_other() {
        let admission = Arc::new(Admission::of(&Limits {
            takings_max: 64,
            merchant_takings_max: 2,
            taking_wait_ms: 250,
            ..Limits::default()
        }));
        let other = MerchantId::parse("book-shop").unwrap();
        let _crowd = [
            admission.enter(&shop(), NOW).await.unwrap(),
            admission.enter(&shop(), NOW).await.unwrap(),
        ];
        let before = Instant::now();
        let shop = shop();
        let (third, quiet) = tokio::join!(admission.enter(&shop, NOW), async {
            let turn = admission.enter(&other, NOW).await;
            (turn.is_ok(), before.elapsed().as_millis())
        });
        assert_eq!(quiet, (true, 0));
        assert_eq!(third.err().unwrap().code, Code::MerchantBusy);
        assert_eq!(before.elapsed().as_millis(), 250);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_a_turn_while_the_workers_are_behind() {
        let admission = admission(64);
        for _ in 0..100 {
            admission.unbegun(2_001, NOW);
        }
        let before = Instant::now();
        let problem = admission.enter(&shop(), NOW).await.err().unwrap();
        assert_eq!(problem.code, Code::GatewayBusy);
        assert_eq!(before.elapsed().as_millis(), 0);
        admission.begun(2_000, NOW);
        assert!(admission.enter(&shop(), NOW).await.is_ok());
    }
}
