//! The fleet on the real engines: many processes, Kafka, PostgreSQL and Redis, judged by the ledger.
//! Runs where TIDEGATE_TEST_POSTGRES, TIDEGATE_TEST_KAFKA and TIDEGATE_TEST_REDIS say where they
//! are, as `cargo xtask test` does, and says so loudly where they don't.

mod apart;
mod by_hand;
mod contended;
mod delivered;
mod forgetful;
mod killed;
mod late;
mod news;
mod poisoned;
mod rebalanced;
mod road;
mod rotated;

use crate::merchant::{Merchant, answer};
use std::path::Path;
use tokio::sync::{Semaphore, SemaphorePermit};
use trials::engines::Engines;
use trials::fleet::{Fleet, FleetPlan, Wiring};
use trials::load::{Load, LoadPlan, Mix, Sale, Tills};
use trials::show;

/// How many fleets may be at work at once: each is six processes.
static TURNS: Semaphore = Semaphore::const_new(2);

/// The shared engines and a turn, or nothing where there are none.
async fn engines(test: &str) -> Option<(Engines, SemaphorePermit<'static>)> {
    let Some(engines) = Engines::of_environment().unwrap() else {
        eprintln!("SKIPPED: {test}: TIDEGATE_TEST_POSTGRES, _KAFKA and _REDIS are not set");
        return None;
    };
    Some((engines, TURNS.acquire().await.unwrap()))
}

/// Two gateways, two orchestrators, a projector and the simulated Alipay.
async fn fleet(folder: &Path, engines: &Engines) -> Fleet {
    wired(folder, engines, Wiring::Direct).await
}

/// The same, its connections as given.
async fn wired(folder: &Path, engines: &Engines, wiring: Wiring) -> Fleet {
    let plan = FleetPlan {
        tidegate: env!("CARGO_BIN_EXE_tidegate").into(),
        canary: None,
        folder: folder.to_owned(),
        engines: engines.clone(),
        gateways: 2,
        orchestrators: 2,
        projectors: 1,
        wiring,
        settings: Vec::new(),
    };
    Fleet::start(plan).await.unwrap()
}

/// The same merchant at each gateway.
fn merchants(fleet: &Fleet) -> Vec<Merchant> {
    let gateways = fleet.gateways();
    gateways
        .iter()
        .map(|gateway| Merchant::new(gateway, &fleet.token))
        .collect()
}

/// Steady sales of this mix.
fn load(fleet: &Fleet, per_second: u32, mix: Mix) -> (Load, Tills) {
    let tills = Tills::new(fleet.gateways(), &fleet.token).unwrap();
    let plan = LoadPlan {
        per_second,
        mix,
        cancelled_per_mille: 50,
        gives_up_per_mille: 0,
        prefix: "stack".to_owned(),
        seed: 1,
    };
    (Load::start(plan, tills.clone()), tills)
}

/// Scans without waiting for the outcome; gives Tidegate's id.
async fn scanned(merchant: &Merchant, reference: &str, code: &str) -> String {
    let (status, scanned) = answer(merchant.scan(reference, code)).await;
    let id = scanned["id"].as_str();
    id.unwrap_or_else(|| panic!("{status} {scanned}"))
        .to_owned()
}

/// A counter of this process, all its labels together; 0 if it counted nothing yet.
async fn counted(address: &str, counter: &str) -> u64 {
    let answer = reqwest::get(format!("{address}/metrics")).await.unwrap();
    let text = answer.text().await.unwrap();
    let lines = text.lines().filter(|line| line.starts_with(counter));
    let counts = lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok());
    counts.sum()
}

/// Waits until all is final, and nobody may disagree. Gives how many were sold.
async fn audited(fleet: &Fleet, tills: &Tills, sales: &[Sale]) -> usize {
    let report = show::judging_fleet(fleet, tills, sales).await.unwrap();
    assert!(report.wrong.is_empty(), "{}", show::report(&report, sales));
    report.paid
}
