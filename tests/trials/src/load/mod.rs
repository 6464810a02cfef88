//! Load as tills make it: sales begin at a steady rate whether or not earlier ones ended (an open
//! loop), and each is carried to its end as a till must. Everything that was said is kept.

mod answer;
mod customer;
mod habits;
mod hang_up;
mod mix;
mod sale;
mod till;

pub(crate) use answer::{retry_after, understood};
pub use habits::{Door, Habits, HangUp};
pub use mix::Mix;
pub use sale::{Asked, Heard, Said, Sale};
pub use till::{MERCHANT_TIMEOUT, Till, Tills};

use crate::clock::Clock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;

/// What every sale costs, in minor units.
pub const AMOUNT_MINOR: i64 = 1_280;

/// What load to make.
#[derive(Clone, Debug)]
pub struct LoadPlan {
    /// Sales begun per second.
    pub per_second: u32,
    /// What the customers' codes do at Alipay.
    pub mix: Mix,
    /// How many of a thousand sales the merchant cancels, at a random moment.
    pub cancelled_per_mille: u32,
    /// How many of a thousand tills take the first 503 for the last word, and never ask again.
    pub gives_up_per_mille: u32,
    /// What every key and order number begins with; no two loads of a fleet may share it.
    pub prefix: String,
    /// Where chance begins.
    pub seed: u64,
}

/// Load that is being made.
pub struct Load {
    board: Arc<Board>,
    stop: Arc<AtomicBool>,
    clock: Clock,
    prefix: String,
    habits: Arc<Habits>,
    begin: JoinHandle<tokio::task::JoinSet<()>>,
}

/// What was done so far.
#[derive(Default)]
struct Board {
    begun: AtomicU64,
    sales: Mutex<Vec<Sale>>,
}

impl Load {
    /// Starts to make sales through these tills until it is stopped.
    pub fn start(plan: LoadPlan, tills: Tills) -> Self {
        let board = Arc::new(Board::default());
        let stop = Arc::new(AtomicBool::new(false));
        let clock = tills.clock();
        let prefix = plan.prefix.clone();
        let habits = Arc::new(Habits::default());
        let going = Going {
            board: Arc::clone(&board),
            stop: Arc::clone(&stop),
            habits: Arc::clone(&habits),
        };
        let begin = begin_sales(plan, tills, going);
        Self {
            begin: tokio::spawn(begin),
            board,
            stop,
            clock,
            prefix,
            habits,
        }
    }

    /// What tills and customers do out of the ordinary, from the next sale on.
    pub fn habits(&self) -> &Habits {
        &self.habits
    }

    /// The clock that everything heard is timed by.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// What every key of its sales begins with.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Waits until the load is so old.
    pub async fn until(&self, age: Duration) {
        let age_us = u64::try_from(age.as_micros()).unwrap_or(u64::MAX);
        tokio::time::sleep_until(self.clock.at(age_us)).await;
    }

    /// How many sales were begun, and how many of them ended.
    pub fn counts(&self) -> (u64, u64) {
        let ended = self.board.lock().len();
        let ended = u64::try_from(ended).unwrap_or(u64::MAX);
        (self.board.begun.load(Ordering::Relaxed), ended)
    }

    /// When the first outcome was told of a sale that began at this time or later, both in
    /// microseconds of the clock.
    pub fn first_told_us(&self, began_us: u64) -> Option<u64> {
        let sales = self.board.lock();
        let later = sales.iter().filter(|sale| sale.began_us >= began_us);
        later.filter_map(Sale::told_us).min()
    }

    /// Begins no more, waits until every till is done, and gives all sales.
    ///
    /// # Errors
    /// If a till broke.
    pub async fn stop(self) -> anyhow::Result<Vec<Sale>> {
        self.stop.store(true, Ordering::Relaxed);
        let mut open = self.begin.await?;
        while let Some(ended) = open.join_next().await {
            ended?;
        }
        let mut sales = std::mem::take(&mut *self.board.lock());
        sales.sort_by_key(|sale| sale.number);
        Ok(sales)
    }
}

impl Board {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Sale>> {
        self.sales.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the load and the one who began it share.
struct Going {
    board: Arc<Board>,
    stop: Arc<AtomicBool>,
    habits: Arc<Habits>,
}

async fn begin_sales(plan: LoadPlan, tills: Tills, going: Going) -> tokio::task::JoinSet<()> {
    let Going {
        board,
        stop,
        habits,
    } = going;
    let mut dice = fastrand::Rng::with_seed(plan.seed);
    let mut open = tokio::task::JoinSet::new();
    let clock = tills.clock();
    let first_us = clock.now_us();
    let every_us = 1_000_000_u64.div_ceil(u64::from(plan.per_second.max(1)));
    let mut number = 0_u64;
    while !stop.load(Ordering::Relaxed) {
        let due_us = first_us.saturating_add(number.saturating_mul(every_us));
        tokio::time::sleep_until(clock.at(due_us)).await;
        let mut sale = Sale::new(&plan.prefix, number, plan.mix.draw(&mut dice));
        if dice.u32(..1_000) < plan.cancelled_per_mille {
            sale.cancel_after = Some(Duration::from_millis(dice.u64(..4_000)));
        }
        sale.gives_up = plan.gives_up_per_mille > 0 && dice.u32(..1_000) < plan.gives_up_per_mille;
        // Dice of its own: the same seed brings the same sales whatever habits come and go.
        habits.touch(&mut sale, plan.seed);
        let customer = habits.customer(&sale);
        let till = tills.till(usize::try_from(number).unwrap_or_default());
        let ended = Arc::clone(&board);
        board.begun.fetch_add(1, Ordering::Relaxed);
        open.spawn(async move {
            let typing = customer.map(tokio::spawn);
            till.carry(&mut sale).await;
            if let Some(typing) = typing {
                // One who has not typed by now would pay for a sale that nobody asks for.
                typing.abort();
            }
            ended.lock().push(sale);
        });
        // What has ended needs no place any more.
        while open.try_join_next().is_some() {}
        number = number.saturating_add(1);
    }
    open
}
