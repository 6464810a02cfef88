//! One world from its seed to the auditor's verdict.

use super::cases::CASES;
use super::gateway::Gateways;
use super::merchant::{MERCHANT, Sale};
use super::mishaps::Fleet;
use super::plan::Plan;
use super::projectors::Projectors;
use super::statement::{self, Line};
use super::worker::Outfit;
use super::world::{World, pass};
use bus::{Sealer, SealingKey};
use fleet::Leases;
use payment::{OrderId, PaymentId};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long a world may take to come to rest once everything works again, in simulated time: the
/// queue's longest wait many times over.
const REST_WITHIN_MS: i64 = 24 * 3_600_000;

/// How long the projectors may take to catch up then.
const PROJECTED_WITHIN_MS: i64 = 3_600_000;

/// What came of one world.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// How many payments were asked for.
    pub payments: u64,
    /// How many were sold in the end.
    pub sold: u64,
    /// How many events were appended.
    pub events: u64,
    /// How often each hard case was met, X1 first.
    pub met: [u64; CASES],
    /// What is wrong; empty if nothing is.
    pub wrong: Vec<String>,
    /// A digest of all that happened: the same seed brings the same.
    pub digest: u64,
}

/// Why a world could not even begin.
#[derive(Debug, thiserror::Error)]
pub enum NoWorld {
    /// No runtime.
    #[error("no runtime: {0}")]
    Runtime(#[from] std::io::Error),
    /// No key to seal codes with.
    #[error("no sealing key: {0}")]
    Key(#[from] bus::Error),
    /// A sale's words were refused.
    #[error("sale {0} can't be made")]
    Sale(u32),
}

/// Runs the world of this seed with this many sales.
///
/// # Errors
/// [`NoWorld`]; what goes wrong in the world is in its verdict.
pub fn run(seed: u64, sales: u32) -> Result<Verdict, NoWorld> {
    // Jitter between tries comes from here.
    fastrand::seed(seed);
    let (runtime, world) = begin(seed, sales)?;
    let freed = Arc::downgrade(&world);
    let verdict = runtime.block_on(live(seed, world));
    // What a killed process left behind never ends by itself.
    runtime.shutdown_background();
    let mut verdict = verdict?;
    if freed.strong_count() > 0 {
        let leak = format!("seed {seed}: the world is never freed; a long run fills the memory");
        verdict.wrong.push(leak);
    }
    Ok(verdict)
}

/// The world and the runtime whose time is its time. Made within it: outside, the instant it begins at
/// would be the machine's, which a busy machine lets come later, and two runs of a seed would differ.
fn begin(seed: u64, sales: u32) -> Result<(Runtime, Arc<World>), NoWorld> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()?;
    let inside = runtime.enter();
    let world = Arc::new(World::new(seed, Plan::of(seed, sales)));
    drop(inside);
    Ok((runtime, world))
}

async fn live(seed: u64, world: Arc<World>) -> Result<Verdict, NoWorld> {
    let gateways = Gateways::new();
    let key: [u8; 32] = std::array::from_fn(|place| u8::try_from(place).unwrap_or(0));
    let outfit = Outfit {
        leases: Leases::in_process(),
        gateways: gateways.clone(),
        sealer: Sealer::new(SealingKey::from_bytes(&key)?, Vec::new()),
    };
    let fleet = Fleet::start(&world, outfit);
    let mut sales = Vec::new();
    for number in 0..world.plan.sales {
        let sale = Sale::new(&world, &gateways, number).ok_or(NoWorld::Sale(number))?;
        sales.push(Arc::new(sale));
    }
    let end = CancellationToken::new();
    let mishaps = tokio::spawn(Arc::clone(&fleet).suffer(end.clone()));
    let projectors = Projectors::start(&world);
    tokio::spawn(Arc::clone(&projectors).suffer(end.clone()));
    let mut going: JoinSet<()> = sales.iter().map(|sale| Arc::clone(sale).go()).collect();
    while going.join_next().await.is_some() {}
    end.cancel();
    let _suffered = mishaps.await;
    // A worker that was killed last is replaced by then.
    pass(61_000).await;
    fleet.mend();
    let rested = rest(&world).await;
    // Projectors that are away are still away: no door asks them.
    let mut wrong = audit(&world, &sales).await;
    if !rested {
        wrong.push(format!("seed {seed}: it never comes to rest"));
    }
    projectors.mend();
    wrong.extend(statement_of(&world).await);
    projectors.end();
    fleet.end();
    let verdict = verdict(&world, wrong);
    world.end();
    Ok(verdict)
}

async fn rest(world: &World) -> bool {
    let until = world.now().plus_ms(REST_WITHIN_MS);
    while world.now() < until {
        if world.at_rest() {
            return true;
        }
        pass(5_000).await;
    }
    false
}

/// Asks every door a last time, and compares what was told with Alipay's ledger.
async fn audit(world: &World, sales: &[Arc<Sale>]) -> Vec<String> {
    let mut wrong = Vec::new();
    for sale in sales {
        let mut sold = 0_u32;
        for payment in sale.payments() {
            let asked_for = world.notes().payments().any(|(id, _)| id == payment);
            if !asked_for {
                continue;
            }
            // Everything works now; a 503 is an answer only for a request that was given one.
            let _last = sale.look(payment).await;
            let faults = of_payment(world, payment);
            if !faults.is_empty() {
                wrong.extend(story(world, sale.order(), payment));
            }
            wrong.extend(
                faults
                    .into_iter()
                    .map(|fault| format!("{payment}: {fault}")),
            );
            let notes = world.notes();
            let is_sold = notes.payments().any(|(id, d)| id == payment && d.sold());
            sold = sold.saturating_add(u32::from(is_sold));
        }
        if sold > 1 {
            wrong.push("an order was sold twice".to_owned());
        }
    }
    wrong
}

/// Waits for the projectors, and compares what feed and totals show with what was told.
async fn statement_of(world: &World) -> Vec<String> {
    let until = world.now().plus_ms(PROJECTED_WITHIN_MS);
    while !world.is_projected() && world.now() < until {
        pass(1_000).await;
    }
    if !world.is_projected() {
        return vec!["the projector never catches up".to_owned()];
    }
    let rows = world.rows();
    let positions = rows.lists.feed(MERCHANT);
    let lines: Vec<Line> = positions
        .into_iter()
        .filter_map(|position| rows.recorded(position))
        .map(|recorded| Line::of(&recorded))
        .collect();
    let totals = rows.lists.totals(MERCHANT);
    drop(rows);
    statement::faults(&world.notes(), &world.books(), &lines, &totals)
}

fn of_payment(world: &World, payment: PaymentId) -> Vec<String> {
    let mut notes = world.notes();
    let dossier = notes.of(payment).clone();
    drop(notes);
    let books = world.books();
    let ledger = dossier
        .terms
        .as_ref()
        .and_then(|terms| books.known(&terms.payment_request_id));
    let mut wrong = dossier.verdict(ledger);
    if world.plan.releases_are_told() {
        wrong.extend(dossier.untold());
    }
    wrong
}

/// The payment's history, for whoever runs a failing seed again.
fn story(world: &World, order: OrderId, payment: PaymentId) -> Vec<String> {
    const FIRST: usize = 45;
    const LAST: usize = 10;
    let rows = world.rows();
    let events: Vec<String> = rows
        .events(order)
        .iter()
        .filter(|event| event.payment == payment)
        .map(|event| format!("    {} {:?}", event.at, event.fact))
        .map(|line| line.chars().take(160).collect())
        .collect();
    let from_last = events.len().saturating_sub(LAST).max(FIRST);
    let first = events.iter().take(FIRST);
    let last = events.iter().skip(from_last);
    std::iter::once(&format!("  {payment}:"))
        .chain(first)
        .chain(last)
        .cloned()
        .collect()
}

fn verdict(world: &World, wrong: Vec<String>) -> Verdict {
    let notes = world.notes();
    let dossiers: BTreeMap<PaymentId, bool> = notes
        .payments()
        .map(|(id, dossier)| (id, dossier.sold()))
        .collect();
    let (digest, events) = world.rows().digest();
    Verdict {
        payments: u64::try_from(dossiers.len()).unwrap_or(u64::MAX),
        sold: u64::try_from(dossiers.values().filter(|sold| **sold).count()).unwrap_or(u64::MAX),
        events,
        met: world.met.counts(),
        wrong,
        digest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worlds_time_is_its_runtimes_to_the_millisecond_however_slow_the_machine() {
        let (runtime, world) = begin(1, 1).unwrap();
        runtime.block_on(async {
            assert_eq!(world.now().as_ms(), world.plan.begins_at_ms);
            pass(7).await;
            assert_eq!(world.now().as_ms(), world.plan.begins_at_ms + 7);
        });
    }
}
