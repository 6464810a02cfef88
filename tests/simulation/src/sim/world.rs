//! What all processes of a run share: the instant, chance, the journal's rows, the log's records,
//! Alipay's books, the auditor's notes and the count of cases that were met.

use super::alipay::Books;
use super::auditor::Notes;
use super::cases::Met;
use super::dice::Dice;
use super::log::Records;
use super::plan::Plan;
use super::process::Process;
use super::rows::Rows;
use payment::Timestamp;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// One world.
pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) dice: Dice,
    /// For the projectors and for what only they can see, so that sales go as they would without.
    pub(crate) side_dice: Dice,
    pub(crate) met: Met,
    began: Instant,
    /// From this instant on everything works.
    healed: AtomicBool,
    journal_away_until_ms: AtomicI64,
    log_away_until_ms: AtomicI64,
    rows: Mutex<Rows>,
    records: Mutex<Records>,
    books: Mutex<Books>,
    notes: Mutex<Notes>,
    workers: Mutex<Vec<Arc<Process>>>,
    on_its_way: AtomicUsize,
}

/// Something that will still reach someone; the world is not at rest before it is dropped.
pub(crate) struct OnItsWay(Arc<World>);

impl Drop for OnItsWay {
    fn drop(&mut self) {
        self.0.on_its_way.fetch_sub(1, Ordering::Relaxed);
    }
}

impl World {
    pub(crate) fn new(seed: u64, plan: Plan) -> Self {
        Self {
            plan,
            dice: Dice::new(seed),
            side_dice: Dice::new(seed ^ 0x7072_6f6a_6563_7421),
            met: Met::default(),
            began: Instant::now(),
            healed: AtomicBool::new(false),
            journal_away_until_ms: AtomicI64::new(0),
            log_away_until_ms: AtomicI64::new(0),
            rows: Mutex::default(),
            records: Mutex::default(),
            books: Mutex::default(),
            notes: Mutex::default(),
            workers: Mutex::default(),
            on_its_way: AtomicUsize::new(0),
        }
    }

    /// The true time, which no process knows.
    pub(crate) fn now(&self) -> Timestamp {
        let passed_ms = i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_ms(self.plan.begins_at_ms).plus_ms(passed_ms)
    }

    /// The time by Alipay's clock.
    pub(crate) fn alipay_now(&self) -> Timestamp {
        self.now().plus_ms(self.plan.alipay_ahead_ms)
    }

    /// From here on nothing breaks any more.
    pub(crate) fn heal(&self) {
        self.healed.store(true, Ordering::Relaxed);
        self.journal_away_until_ms.store(0, Ordering::Relaxed);
        self.log_away_until_ms.store(0, Ordering::Relaxed);
    }

    /// Whether a fault that comes this often in a thousand happens now.
    pub(crate) fn fails(&self, often: u32) -> bool {
        !self.healed.load(Ordering::Relaxed) && self.dice.per_mille(often)
    }

    /// As `fails`, by the dice that decide no sale.
    pub(crate) fn fails_aside(&self, often: u32) -> bool {
        !self.is_healed() && self.side_dice.per_mille(often)
    }

    /// Whether everything works from here on.
    pub(crate) fn is_healed(&self) -> bool {
        self.healed.load(Ordering::Relaxed)
    }

    /// Takes a little time, as everything does.
    pub(crate) async fn tarry(&self, longest_ms: i64) {
        let longest_ms = if self.healed.load(Ordering::Relaxed) {
            2
        } else {
            longest_ms
        };
        pass(self.dice.wait_ms(longest_ms)).await;
    }

    pub(crate) fn take_journal_away(&self, ms: i64) {
        let until = self.now().plus_ms(ms);
        self.journal_away_until_ms
            .store(until.as_ms(), Ordering::Relaxed);
    }

    pub(crate) fn journal_is_away(&self) -> bool {
        self.now().as_ms() < self.journal_away_until_ms.load(Ordering::Relaxed)
    }

    pub(crate) fn take_log_away(&self, ms: i64) {
        let until = self.now().plus_ms(ms);
        self.log_away_until_ms
            .store(until.as_ms(), Ordering::Relaxed);
    }

    pub(crate) fn log_is_away(&self) -> bool {
        self.now().as_ms() < self.log_away_until_ms.load(Ordering::Relaxed)
    }

    /// How long ago the first event happened that no projector has applied yet; 0 without one.
    pub(crate) fn lists_are_behind_by_ms(&self) -> i64 {
        let since = self.rows().lists_behind_since();
        since.map_or(0, |since| self.now().ms_since(since))
    }

    /// Whether the projectors have applied everything.
    pub(crate) fn is_projected(&self) -> bool {
        self.rows().lists_behind_since().is_none()
    }

    /// Notes that something is on its way to someone.
    pub(crate) fn send(self: &Arc<Self>) -> OnItsWay {
        self.on_its_way.fetch_add(1, Ordering::Relaxed);
        OnItsWay(Arc::clone(self))
    }

    /// Whether nothing is on its way and nothing is waited for.
    pub(crate) fn at_rest(&self) -> bool {
        self.on_its_way.load(Ordering::Relaxed) == 0 && self.rows().rest() && self.records().done()
    }

    /// Whether any worker is there and not stopped.
    pub(crate) fn any_worker_runs(&self) -> bool {
        self.workers().iter().any(|worker| worker.runs())
    }

    /// Lets go of the processes, which hold the world themselves: else no world is ever freed, and
    /// a long run fills the memory.
    pub(crate) fn end(&self) {
        self.workers().clear();
        self.rows().timeline.abandon();
    }

    pub(crate) fn workers(&self) -> MutexGuard<'_, Vec<Arc<Process>>> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets simulated time pass.
pub(crate) async fn pass(ms: i64) {
    if ms > 0 {
        tokio::time::sleep(Duration::from_millis(u64::try_from(ms).unwrap_or(0))).await;
    }
}
