//! Commands that were parked, tried again every second: a worker that can read them carries them out
//! in their order's order and forgets them; one that can't says that it is too old (decision 42).

use crate::intake::{Verdict, carry_safely};
use crate::patience::Patience;
use crate::shelf::Shelf;
use crate::{Driver, Journal, Wire, count};
use bus::Consumer;
use chassis::health::Check;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use store::{DeadLetter, Error, Letter, Parked};
use uuid::Uuid;

/// How often the shelf is looked through.
const EVERY: Duration = Duration::from_secs(1);

/// How many are read at a time.
const PAGE: u32 = 256;

/// A process that was silent for longer than this may be dead.
const ALIVE_MS: i64 = 10_000;

/// Tries what is parked until the crew is asked to stop, and tells `check` of what this process is
/// too old for.
pub async fn run<J: Journal, W: Wire>(
    driver: Driver<J, W>,
    consumer: Arc<Consumer>,
    check: Check,
    process: Uuid,
) {
    check.up();
    let mut patience = Patience::new();
    while !driver.crew().is_stopping() {
        match once(&driver, &consumer, &check, process).await {
            Ok(()) => {
                patience = Patience::new();
                tokio::select! {
                    // In this order, so that a simulated run can be run again.
                    biased;
                    () = tokio::time::sleep(EVERY) => {}
                    () = driver.crew().stopping() => {}
                }
            }
            Err(error) => {
                count::journal_unavailable();
                tracing::warn!(%error, "parked commands could not be looked through; waiting");
                patience.wait().await;
            }
        }
    }
}

/// Looks through the shelf once.
///
/// # Errors
/// What the shelf could not.
pub(crate) async fn once<J: Journal, W: Wire>(
    driver: &Driver<J, W>,
    consumer: &Consumer,
    check: &Check,
    process: Uuid,
) -> Result<(), Error> {
    let shelf = driver.shelf();
    let now = driver.recorder().now();
    shelf.beat(process, now).await?;
    let mut place = 0;
    let mut seen = HashSet::new();
    let mut blocked = HashSet::new();
    loop {
        let page = shelf.parked(place, PAGE).await?;
        let Some((last, _)) = page.last() else { break };
        place = *last;
        for (_, parked) in page {
            let Letter { id, order, .. } = parked.letter;
            if order.is_some_and(|order| blocked.contains(&order)) {
                seen.insert(id);
                continue;
            }
            if !again(driver, consumer, &shelf, parked).await? {
                seen.insert(id);
                blocked.extend(order);
            }
        }
    }
    driver.unread().keep_letters(&seen);
    driver.unread().set_parked(!seen.is_empty());
    count::parked(seen.len());
    let alive_since = now.plus_ms(ALIVE_MS.saturating_neg());
    say(driver, check, shelf.newer_alive(alive_since)).await
}

/// Tries one; whether it is done with.
async fn again<J: Journal, W: Wire>(
    driver: &Driver<J, W>,
    consumer: &Consumer,
    shelf: &J::Shelf,
    parked: Parked,
) -> Result<bool, Error> {
    let Parked { letter, kind, .. } = parked;
    if driver.unread().has_letter(letter.id) {
        return Ok(false);
    }
    match carry_safely(driver, &consumer.read(&letter.record)).await {
        Verdict::Done => {
            tracing::info!(letter = %letter.id, kind, "a parked command was carried out");
            shelf.unpark(letter.id).await?;
        }
        Verdict::Dead(reason) => {
            tracing::error!(letter = %letter.id, kind, %reason, "a parked command is dead");
            count::command("poison", "dead");
            let at = driver.recorder().now();
            shelf.bury(&DeadLetter { letter, reason, at }).await?;
        }
        Verdict::Park(_) => {
            driver.unread().letter(letter.id);
            return Ok(false);
        }
    }
    Ok(true)
}

/// Leaves readiness only where another process can do what this one can't.
async fn say<J: Journal, W: Wire>(
    driver: &Driver<J, W>,
    check: &Check,
    newer_alive: impl Future<Output = Result<bool, Error>>,
) -> Result<(), Error> {
    let (orders, letters) = driver.unread().count();
    if orders == 0 && letters == 0 {
        check.up();
        return Ok(());
    }
    let what = format!(
        "this process can't read {orders} orders and {letters} commands, which a later release or \
         another key wrote; they wait for a process that can"
    );
    if newer_alive.await? {
        check.down(&format!("{what}, and one is alive: replace this one"));
    } else {
        check.degraded(&format!(
            "{what}; start one of the later release, or with all keys"
        ));
    }
    Ok(())
}
