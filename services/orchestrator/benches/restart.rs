//! How long a worker that comes back needs to have 100,000 waiting payments in hand again, and how
//! much memory they take: the real driver and sweep over a real PostgreSQL. Of each payment pay's
//! answer was lost, and it owes an inquiry; the budget of inquiries lets nearly all of them wait.
//!
//! `TIDEGATE_TEST_POSTGRES=postgres://… cargo bench --workspace --bench restart [-- COUNT]`, with the
//! address that `cargo xtask up` prints. Needs `psql`. The worker is a process of its own, so that
//! its memory is its own.

use alipay::{Asked, Within};
use anyhow::{Context, bail, ensure};
use chassis::clock::{Clock, Steady, System};
use fleet::{Budget, BudgetOptions, Leases, News};
use orchestrator::{Crew, Driver, Skew, Wire};
use payment::{
    Answer, Ask, Call, Currency, Input, Loss, MerchantId, Money, Order, OrderNumber,
    PaymentRequestId, Policy, PolicyNumbers, Reference, TerminalId, Terms, Timestamp, Todo,
};
use std::io::Write;
use std::num::NonZeroU32;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use store::{Append, PostgresOptions, Store};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const ADDRESS: &str = "TIDEGATE_TEST_POSTGRES";

/// Set for the worker: how many payments wait.
const WORKER: &str = "TIDEGATE_BENCH_WAITING";

/// How long ago the payments were begun: each is overdue.
const AGO_MS: i64 = 30_000;

const SIDE_BY_SIDE: usize = 64;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let address = std::env::var(ADDRESS).with_context(|| {
        format!("{ADDRESS} must name a PostgreSQL; `cargo xtask up` starts one and prints it")
    })?;
    if let Ok(waiting) = std::env::var(WORKER) {
        return take_up(&address, waiting.parse()?).await;
    }
    let count = std::env::args().find_map(|word| word.parse().ok());
    let count: usize = count.unwrap_or(100_000);
    let name = format!("restart_{}", std::process::id());
    sql(&address, &format!("CREATE DATABASE {name}"))?;
    let (server, _) = address.rsplit_once('/').context("the address has a path")?;
    let outcome = measure(&format!("{server}/{name}"), count).await;
    sql(&address, &format!("DROP DATABASE {name} WITH (FORCE)"))?;
    outcome
}

async fn measure(database: &str, count: usize) -> anyhow::Result<()> {
    let store = store(database).await?;
    let began = Instant::now();
    fill(&store, count).await?;
    say(&format!(
        "{count} payments wait; written in {:?}",
        began.elapsed()
    ))?;
    store.close().await;
    let status = Command::new(std::env::current_exe()?)
        .env(ADDRESS, database)
        .env(WORKER, count.to_string())
        .status()?;
    ensure!(status.success(), "the worker ended with {status}");
    Ok(())
}

async fn store(address: &str) -> anyhow::Result<Store> {
    let options = PostgresOptions::standard(address.to_owned().into());
    Store::connect(&options)
        .await
        .context("PostgreSQL can't be reached")
}

async fn fill(store: &Store, count: usize) -> anyhow::Result<()> {
    let at = Timestamp::from_ms(System.now_ms()).plus_ms(-AGO_MS);
    let mut writing = JoinSet::new();
    for number in 0..count {
        if writing.len() >= SIDE_BY_SIDE {
            writing.join_next().await.context("someone writes")???;
        }
        let store = store.clone();
        writing.spawn(async move { write(&store, number, at).await });
    }
    while let Some(written) = writing.join_next().await {
        written??;
    }
    Ok(())
}

/// One payment of which nobody knows anything.
async fn write(store: &Store, number: usize, at: Timestamp) -> anyhow::Result<()> {
    let terms = terms(number, at)?;
    let (id, payment) = (terms.order(), terms.payment());
    let pay = Input::Pay(Box::new(terms));
    let mut events = payment::decide(&Order::default(), pay, at)?;
    let begun = events.iter().fold(Order::default(), payment::evolve);
    let answered_at = at.plus_ms(5_000);
    let sent = begun.attempt(payment).and_then(|attempt| attempt.in_flight);
    let sent = sent.filter(|begun| begun.call == Call::Pay);
    let answer = Input::Answer {
        payment,
        begun: sent.context("pay begins at once")?.number,
        answer: Answer::Lost(Loss::TimedOut),
        clock_skew_ms: 0,
    };
    events.extend(payment::decide(&begun, answer, answered_at)?);
    let after = events.iter().fold(Order::default(), payment::evolve);
    ensure!(
        matches!(payment::due(&after, answered_at), Todo::Call { .. }),
        "an inquiry is owed at once"
    );
    let append = Append {
        order: id,
        expected_version: 0,
        events: &events,
        after: &after,
        wake_at: Some(answered_at),
        partition: bus::partition_of(id),
    };
    store.append(append).await.context("an append failed")
}

fn terms(number: usize, accepted_at: Timestamp) -> anyhow::Result<Terms> {
    // The longest that Alipay's protocol allows, so that no close-out begins before all is measured.
    let policy = Policy::new(PolicyNumbers {
        close_ms: 590_000,
        last_release_ms: 600_000,
        merchant_timeout_ms: 700_000,
        ..PolicyNumbers::standard()
    });
    let Ok(policy) = policy else {
        bail!("this policy holds");
    };
    Ok(Terms {
        merchant: MerchantId::parse("corner-shop")?,
        order_number: OrderNumber::parse(&format!("order-{number}"))?,
        reference: Reference::parse(&format!("reference-{number}"))?,
        terminal: TerminalId::parse(&format!("till-{}", number % 1_000))?,
        payment_request_id: PaymentRequestId::parse(&format!("20261124till1a1280s{number}"))?,
        amount: Money::new(1_280, Currency::parse("EUR")?)?,
        description: "Lunch".to_owned(),
        accepted_at,
        policy,
    })
}

/// An Alipay that never answers.
#[derive(Clone)]
struct Silence;

impl Wire for Silence {
    async fn ask(&self, _: &MerchantId, _: &Ask, _: Timestamp, within: Within) -> Asked {
        tokio::time::sleep(within.whole).await;
        Asked {
            answer: Answer::Lost(Loss::TimedOut),
            clock_skew_ms: None,
        }
    }
}

/// The worker: from its start to the instant at which it has all in hand, and then until it has
/// read each.
async fn take_up(address: &str, waiting: usize) -> anyhow::Result<()> {
    let began = Instant::now();
    let store = store(address).await?;
    let crew = Crew::new(CancellationToken::new());
    let budget = Budget::in_process(&BudgetOptions {
        inquiries_per_second: NonZeroU32::MIN,
        ..BudgetOptions::default()
    });
    let clock = Arc::new(Steady::of(Arc::new(System)));
    let driver = Driver::new(
        store,
        Silence,
        (Leases::in_process(), News::in_process(), budget.clone()),
        clock,
        Skew::default(),
        crew.clone(),
    );
    tokio::spawn(orchestrator::sweep(driver, |_| true));
    until(waiting, || crew.orders_driven()).await?;
    tell("in hand", waiting, began)?;
    // Some have been asked about meanwhile.
    let most = waiting.saturating_mul(95) / 100;
    until(most, || budget.waiting()).await?;
    tell("read once, and waiting for budget", most, began)
}

async fn until(count: usize, reached: impl Fn() -> usize) -> anyhow::Result<()> {
    let deadline = Instant::now() + Duration::from_secs(300);
    while reached() < count {
        ensure!(Instant::now() < deadline, "{} of {count} only", reached());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

fn tell(what: &str, count: usize, began: Instant) -> anyhow::Result<()> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let of = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name));
        let words = line.and_then(|line| line.split_whitespace().nth(1));
        let kib = words.and_then(|words| words.parse::<u64>().ok());
        kib.unwrap_or_default() / 1_024
    };
    say(&format!(
        "{count} {what} after {:?}; {} MB, at most {} MB",
        began.elapsed(),
        of("VmRSS"),
        of("VmHWM"),
    ))
}

fn sql(address: &str, statement: &str) -> anyhow::Result<()> {
    let said = Command::new("psql")
        .args([address, "--quiet", "-c", statement])
        .output()
        .context("psql can't be run")?;
    ensure!(
        said.status.success(),
        "psql: {}",
        String::from_utf8_lossy(&said.stderr)
    );
    Ok(())
}

fn say(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{text}").context("standard output is gone")
}
